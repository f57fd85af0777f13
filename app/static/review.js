// The review queue by keyboard.

// A product is approved, an edit accepted: each page has one of the two.
const actions = { a: ["approve", "accept"], c: ["ask_for_changes"], r: ["reject"] };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !document.querySelector("[data-review]")) return;
  const typing = event.composedPath().some((node) => node.matches?.("input, textarea, select, [contenteditable]"));
  if (typing) return;
  const names = (actions[event.key] ?? []).map((name) => `[data-decision="${name}"]`).join();
  const form = names && document.querySelector(names);
  const way = { j: "[data-next]", k: "[data-previous]" }[event.key];
  if (form) {
    event.preventDefault();
    const reason = form.querySelector("s-text-area");
    // A decision that needs a reason waits for it; approving does not.
    if (reason) reason.focus();
    else form.requestSubmit();
  } else if (way) {
    document.querySelector(way)?.click();
  }
});
