// Keeps a page fresh: <body data-live="…"> says where to listen; what should follow carries
// hx-trigger="live:VendorApproved from:body" (or live:any). Without a connection the page is merely not fresh.
// A stream ends with its ticket, after ten minutes; then the page asks for a new one. Each time it says what it heard
// last, or, as long as it has heard nothing, since when it does not know what happened.
(() => {
  if (!document.body.dataset.live || !window.EventSource) return;
  let last = "", since = "";
  const listen = ({ live, liveSince }) => {
    const source = new EventSource(`${live}&${last ? `last=${encodeURIComponent(last)}` : `since=${since || liveSince}`}`);
    source.onopen = () => { since = liveSince; };
    source.onmessage = ({ data, lastEventId }) => {
      last = lastEventId || last;
      for (const name of [`live:${data}`, "live:any"]) document.body.dispatchEvent(new CustomEvent(name));
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(renew, 5000 + Math.random() * 10000);
    };
  };
  const renew = async () => {
    // As htmx asks: without the portal's style element, of which the content policy would complain in a page only read.
    const answer = await fetch(location.href, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer || answer.status >= 500) return void setTimeout(renew, 30000);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.body.dataset.live) listen(page.body.dataset);
  };
  // htmx reads the page a turn after it was loaded: what is heard before would move nothing.
  document.addEventListener("DOMContentLoaded", () => setTimeout(() => listen(document.body.dataset)));
})();
