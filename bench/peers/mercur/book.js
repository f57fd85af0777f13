// What Mercur does with the money of paid orders: its commission lines, by its own workflow, as often as asked.
const { createInterface } = require("node:readline");
const { ContainerRegistrationKeys, Modules } = require("@medusajs/framework/utils");
const { refreshOrderCommissionLinesWorkflow } = require("@mercurjs/core/workflows");

const ORDERS = 500;

exports.default = async ({ container }) => {
  await container.resolve("commission").createCommissionRates([
    { name: "Everything", code: "everything", type: "percentage", target: "item", value: 10 },
  ]);
  const orders = { 1: await sell(container, 1), 3: await sell(container, 3) };
  console.log("booked 0");
  for await (const wish of createInterface({ input: process.stdin })) {
    console.log(`booked ${await book(container, orders, JSON.parse(wish))}`);
  }
};

// `beside` each other as many loops, for so many seconds. An order's turn comes again: its lines are then made anew.
async function book(container, orders, { rows: lines, batch, beside, seconds }) {
  const until = performance.now() + seconds * 1000;
  let booked = 0;
  const loop = async () => {
    while (performance.now() < until) {
      const at = booked % ORDERS;
      booked += batch;
      await refreshOrderCommissionLinesWorkflow(container).run({
        input: { order_ids: orders[lines].slice(at, at + batch) },
      });
    }
  };
  await Promise.all(Array.from({ length: beside }, loop));
  return booked;
}

// Orders of so many lines, each of another seller's product, with shipping; nothing but the items' default rate applies.
async function sell(container, lines) {
  const link = container.resolve(ContainerRegistrationKeys.LINK);
  const sellers = await container.resolve("seller").createSellers(
    Array.from({ length: lines }, (_, at) => ({
      name: `Seller ${lines}.${at}`,
      handle: `seller-${lines}-${at}`,
      email: `seller-${lines}-${at}@example.com`,
      currency_code: "usd",
    })),
  );
  const products = await container
    .resolve(Modules.PRODUCT)
    .createProducts(sellers.map(({ name }) => ({ title: `Mug of ${name}`, options: [{ title: "Size", values: ["M"] }] })));
  await link.create(
    products.map((product, at) => ({
      [Modules.PRODUCT]: { product_id: product.id },
      seller: { seller_id: sellers[at].id },
    })),
  );
  const order = {
    currency_code: "usd",
    email: "buyer@example.com",
    shipping_address: { first_name: "Cleo", address_1: "1 Mill Lane", city: "Springfield", country_code: "us" },
    items: products.map((product) => ({ title: product.title, product_id: product.id, quantity: 1, unit_price: 5 })),
    shipping_methods: [{ name: "Parcel", amount: 6.9 }],
  };
  const made = await container.resolve(Modules.ORDER).createOrders(Array.from({ length: ORDERS }, () => order));
  return made.map(({ id }) => id);
}
