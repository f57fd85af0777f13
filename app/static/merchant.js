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
