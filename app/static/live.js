// Keeps a page fresh: <body data-live="https://…/live?ticket=…"> and, on what should follow,
// hx-trigger="live:VendorApplied from:body". Without a connection the page is merely not fresh.
(() => {
  const url = document.body.dataset.live;
  if (!url || !window.EventSource) return;
  const source = new EventSource(url);
  const pass = (event) => document.body.dispatchEvent(new CustomEvent(`live:${event.type}`, { bubbles: false }));
  for (const kind of (document.body.dataset.liveKinds || "").split(" ").filter(Boolean)) source.addEventListener(kind, pass);
})();
