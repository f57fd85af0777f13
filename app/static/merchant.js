// What every merchant page needs beside App Bridge, Polaris and htmx: messages after a change, and filters that act at once.

// A view answers a change with the header `HX-Trigger: {"toast": {"message": "Vendor approved"}}`.
document.addEventListener("toast", (event) => {
  const { message, isError } = event.detail;
  window.shopify.toast.show(message, { isError: Boolean(isError) });
});

// A view that redirects says its message in `?toast=`; it is shown once and leaves the address.
const here = new URL(window.location.href);
const message = here.searchParams.get("toast");
if (message) {
  here.searchParams.delete("toast");
  window.history.replaceState(window.history.state, "", here);
  window.shopify.toast.show(message.slice(0, 200));
}

// List pages: choosing a filter or an order asks for the list at once; the search waits for Enter.
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-filters]");
  if (form && event.target.localName !== "s-search-field") form.requestSubmit();
});

// What belongs to one choice of a list stands beside that one only: <div data-with="name:value">.
document.addEventListener("change", ({ target }) => {
  for (const part of target.closest?.("form")?.querySelectorAll(`[data-with^="${target.name}:"]`) ?? []) {
    part.hidden = part.dataset.with !== `${target.name}:${target.value}`;
  }
});

// What became of what was ticked stands on top of the page: it comes into sight where somebody pressed further below.
document.addEventListener("htmx:after:swap", (event) => {
  if (!event.detail.ctx?.text?.includes("data-outcome")) return;
  document.querySelector("[data-outcome]")?.closest("s-banner").scrollIntoView({ block: "nearest" });
});

// An impatient second press sends nothing while the first is on its way: it would only be refused, and look like trouble.
// What is sent as somebody types or chooses is not pressed: there the last word counts.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const one = ctx.sourceElement;
  if (ctx.request.method === "POST" && !one.matches("[hx-sync], [hx-trigger]")) one.setAttribute("hx-sync", "drop");
});

// "Tick all" ticks every box of its form.
document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-tick-all]")) return;
  for (const box of event.target.closest("form").querySelectorAll("s-checkbox[name]")) box.checked = event.target.checked;
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
});

// Which fields were changed here and are not saved yet: they still are when their form comes back refused. Boxes of one
// name are a field each.
const changed = new Set();
const keyOf = (field) => {
  const value = field.localName === "s-checkbox" ? field.getAttribute("value") : "";
  return `${field.closest("form").getAttribute("hx-post")} ${field.getAttribute("name")} ${value}`;
};
for (const type of ["input", "change"]) {
  document.addEventListener(type, ({ target }) => {
    const field = target.closest?.("form [name]");
    if (field) changed.add(keyOf(field));
  });
}
document.addEventListener("htmx:after:swap", ({ detail }) => {
  if (detail.ctx?.response?.status === 200 && detail.ctx.sourceElement.matches('form[hx-target="#page"]')) changed.clear();
});

// Where somebody else had saved meanwhile (app/auth/meanwhile.py) the fields that nobody changed here become theirs, with
// the mark of their save, and the form may be sent again. Discarding brings back what stood there before, and its mark.
async function takeOver(form) {
  const page = await fetch(window.location.href, { headers: { Accept: "text/html" } });
  if (!page.ok) return; // the mark stays as it was: the next press is refused again, and asks again
  const html = new DOMParser().parseFromString(await page.text(), "text/html");
  const theirs = html.querySelector(`form[hx-post="${form.getAttribute("hx-post")}"]`);
  const [ours, saved] = [form, theirs].map((each) => [...(each?.querySelectorAll("[name]") ?? [])]);
  if (ours.map(keyOf).join("\n") !== saved.map(keyOf).join("\n")) { // a location was opened, say; the mark stays, too
    window.shopify.toast.show("This form looks different by now. Reload the page, then make your changes again.", { isError: true });
    return;
  }
  const mark = form.elements.seen;
  mark.dataset.first ??= mark.value;
  mark.value = theirs.elements.seen.value;
  ours.forEach((field, place) => {
    if (field !== mark && !changed.has(keyOf(field))) field.replaceWith(saved[place]);
  });
  window.htmx.process(form);
  form.dispatchEvent(new Event("refilled", { bubbles: true }));
}

// A form that came back refused: the first field in error gets the focus, and what was typed still counts as unsaved. So
// it does in a form that was not taken.
const typed = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));
document.addEventListener("htmx:after:swap", (event) => {
  const field = event.detail.ctx?.response?.status === 422 && document.querySelector('form [error]:not([error=""])');
  if (!field) return;
  field.focus();
  typed(field);
});
for (const type of ["htmx:error", "htmx:response:error"]) {
  document.addEventListener(type, (event) => {
    const isSecond = event.detail.ctx?.response?.headers.has("Seen");
    const form = event.target.closest?.("form") ?? (isSecond && document.querySelector(event.target.getAttribute("hx-include")));
    if (!form) return;
    if (form.matches("[data-save-bar]")) typed(form);
    if (isSecond) takeOver(form);
  });
}
document.addEventListener("reset", ({ target }) => {
  const mark = target.elements.seen;
  if (mark?.dataset.first) mark.value = mark.dataset.first;
  for (const field of target.querySelectorAll("[name]")) changed.delete(keyOf(field));
});

// A download is a navigation, and App Bridge signs fetches only: the file is fetched and then handed over.
// With `data-of-ticked="invoice"` it is of the rows whose boxes of that name are ticked.
document.addEventListener("click", async (event) => {
  const link = event.composedPath().find((node) => node.hasAttribute?.("download") && node.hasAttribute("href"));
  if (!link) return;
  event.preventDefault();
  const button = event.composedPath().find((node) => node.dataset?.ofTicked); // the link may be a part within it
  const boxes = button?.closest("form").querySelectorAll(`s-checkbox[name="${button.dataset.ofTicked}"]`) ?? [];
  const chosen = [...boxes].filter((box) => box.checked).map((box) => [box.name, box.value]);
  if (button && !chosen.length) {
    window.shopify.toast.show("Tick the rows first.", { isError: true });
    return;
  }
  // Read before the button says that a large file is being made: it has no address meanwhile.
  const address = link.getAttribute("href") + (chosen.length ? `?${new URLSearchParams(chosen)}` : "");
  const name = link.getAttribute("download");
  const pressed = event.composedPath().find((node) => node.localName === "s-button");
  pressed?.setAttribute("loading", "");
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } }); // so that a refusal says why in words
    if (!answer.ok) {
      window.shopify.toast.show((await answer.json()).message, { isError: true });
      return;
    }
    const file = URL.createObjectURL(await answer.blob());
    Object.assign(document.createElement("a"), { href: file, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(file), 60_000);
  } catch {
    window.shopify.toast.show("The file could not be downloaded. Reload the page and try again.", { isError: true });
  } finally {
    pressed?.removeAttribute("loading");
  }
});
