// The vendors of an order, on its page in the Shopify admin: who sends what, where that stands, and what it earns.
// Only Polaris' web components and the DOM: `shopify app deploy` has nothing to bundle.

const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value) element.setAttribute(key, value);
  element.append(...children.filter(Boolean));
  return element;
};

const vendorRow = (vendor) =>
  make(
    "s-stack",
    { gap: "small-300" },
    make(
      "s-stack",
      { direction: "inline", gap: "small", alignItems: "center" },
      make("s-text", { type: "strong" }, vendor.name),
      make("s-badge", { tone: vendor.tone }, vendor.state),
      vendor.asks && make("s-badge", { tone: "warning" }, "Asks to cancel items"),
    ),
    ...vendor.items.map((item) => make("s-text", {}, item)),
    ...vendor.pickups.map((pickup) => make("s-text", { color: "subdued" }, pickup)),
    vendor.earned && make("s-text", { color: "subdued" }, vendor.earned),
    vendor.money && make("s-text", { color: "subdued" }, vendor.money),
  );

const content = (order) => {
  if (!order.vendors.length) return [make("s-text", { color: "subdued" }, order.empty)];
  return [
    order.warning && make("s-banner", { tone: "critical" }, order.warning),
    ...order.vendors.map(vendorRow),
    make("s-link", { href: order.url }, "Open in Stallkeeper"),
  ];
};

export default async function extension() {
  const body = make("s-stack", { gap: "base" }, make("s-spinner", { accessibilityLabel: "Loading the vendors of this order" }));
  document.body.append(make("s-admin-block", { heading: "Vendors" }, body));
  const load = async () => {
    const { id } = shopify.data.selected[0];
    try {
      const answer = await fetch(`/app/blocks/order?id=${encodeURIComponent(id)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      body.replaceChildren(...content(await answer.json()).filter(Boolean));
    } catch {
      const again = make("s-button", {}, "Try again");
      again.addEventListener("click", load);
      body.replaceChildren(make("s-text", {}, "Stallkeeper does not answer at the moment."), again);
    }
  };
  await load();
}
