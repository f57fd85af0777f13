// Loaded before the page is shown. htmx comes after it, and most forms have no address but htmx's: what is sent, pressed,
// chosen or typed before htmx is there waits for it. Without this the browser would open the page again, empty.
(() => {
  const TYPES = ["submit", "click", "change", "input"];
  const held = new Map();
  const usual = (one) => (one.localName === "form" ? "submit" : one.matches("input, select, textarea, s-select, s-search-field") ? "change" : "click");
  const isTrigger = (one, type) => (one.getAttribute("hx-trigger") ?? usual(one)).split(",").some((trigger) => trigger.trim().split(/[\s[]/)[0] === type);
  const hold = (event) => {
    const one = event.composedPath().find((node) => node.matches?.("[hx-get], [hx-post]"));
    if (!one || !isTrigger(one, event.type)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    held.set(one, event);
  };
  const letGo = () => {
    for (const type of TYPES) document.removeEventListener(type, hold, true);
    for (const [one, { type, target, submitter }] of held) {
      if (type === "submit") target.requestSubmit(submitter);
      else if (type === "click") one.click(); // a picture on a button cannot be clicked by a script
      else target.dispatchEvent(new Event(type, { bubbles: true }));
    }
  };
  for (const type of TYPES) document.addEventListener(type, hold, true);
  // htmx reads the page a turn after it was loaded, and has been by then.
  document.addEventListener("DOMContentLoaded", () => setTimeout(letGo));
})();
