// The review queue by keyboard.

// A product is approved, an edit accepted: each page has one of the two.
const actions = { a: ["approve", "accept"], c: ["ask_for_changes"], r: ["reject"] };

// A saved reply becomes the reason, which can still be changed.
const answer = (replies) => {
  const reason = replies.closest("form").querySelector("s-text-area");
  reason.value = replies.value;
  reason.focus();
};
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-replies]")) answer(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !document.querySelector("[data-review]")) return;
  const typing = event.composedPath().some((node) => node.matches?.("input, textarea, select, [contenteditable]"));
  if (typing) return;
  const names = (actions[event.key] ?? []).map((name) => `[data-decision="${name}"]`).join();
  const form = names && document.querySelector(names);
  const way = { j: "[data-next]", k: "[data-previous]" }[event.key];
  const replies = document.querySelector('[data-decision="ask_for_changes"] [data-replies]');
  const reply = /^[1-9]$/.test(event.key) && replies?.querySelectorAll("s-option")[event.key - 1];
  if (reply) {
    event.preventDefault();
    replies.value = reply.value;
    answer(replies);
  } else if (form) {
    event.preventDefault();
    const reason = form.querySelector("s-text-area");
    // A decision that needs a reason waits for it; approving does not.
    if (reason) reason.focus();
    else form.requestSubmit();
  } else if (way) {
    document.querySelector(way)?.click();
  }
});
