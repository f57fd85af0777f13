// Keeps a page fresh: <body data-live="…"> says where to listen; what should follow carries
// hx-trigger="live:VendorApproved from:body" (or live:any). Without a connection the page is merely not fresh.
// A stream ends with its ticket, after ten minutes; then the page asks for a new one and says what it heard last.
(() => {
  const url = document.body.dataset.live;
  if (!url || !window.EventSource) return;
  let last = "";
  const listen = (address) => {
    const source = new EventSource(last ? `${address}&last=${encodeURIComponent(last)}` : address);
    source.onmessage = ({ data, lastEventId }) => {
      last = lastEventId || last;
      for (const name of [`live:${data}`, "live:any"]) document.body.dispatchEvent(new CustomEvent(name));
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(renew, 5000 + Math.random() * 10000);
    };
  };
  const renew = async () => {
    const answer = await fetch(location.href).catch(() => null);
    if (!answer) return void setTimeout(renew, 30000);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.body.dataset.live) listen(page.body.dataset.live);
  };
  listen(url);
})();
