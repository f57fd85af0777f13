// Keeps a page fresh: <body data-live="…"> says where to listen; what should follow carries
// hx-trigger="live:VendorApproved from:body" (or live:any). Without a connection the page is merely not fresh.
(() => {
  const url = document.body.dataset.live;
  if (!url || !window.EventSource) return;
  new EventSource(url).onmessage = ({ data }) => {
    for (const name of [`live:${data}`, "live:any"]) document.body.dispatchEvent(new CustomEvent(name));
  };
})();
