// The customer's page: orders by who sends them, the wishlist, followed vendors. Shopify runs it in a worker of its own
// and draws the s-* elements that stand in document.body; `shopify` is its API.

const t = (key, values) => shopify.i18n.translate(key, values);
const STATES = {
  unpaid: 'warning', to_ship: 'info', partly_shipped: 'info', shipped: 'success', delivered: 'success', cancelled: 'neutral',
};

// make('s-text', { type: 'strong' }, 'Hello'): properties are attributes, a function is a listener.
const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
};
const text = (words, properties) => make('s-text', properties, words);
const quiet = (words) => text(words, { color: 'subdued' });
const link = (words, href, properties) => make('s-link', { href, ...properties }, words);
const row = (...children) => make('s-stack', { direction: 'inline', gap: 'small', alignItems: 'center' }, ...children);
const column = (...children) => make('s-stack', { gap: 'small' }, ...children);
const paragraph = (...children) => make('s-paragraph', {}, ...children);

const items = (lines) => make('s-unordered-list', {}, ...lines.map(({ quantity, title }) => make('s-list-item', {}, `${quantity} × ${title}`)));

const part = (shop, { vendor, page, state, items: lines, parcels, review, reviewed }) => column(
  row(page ? link(vendor, shop + page) : text(vendor, { type: 'strong' }), make('s-badge', { tone: STATES[state] ?? 'neutral' }, t(`state.${state}`))),
  items(lines),
  ...parcels.map(({ carrier, number, url }) => row(quiet(t('parcel', { carrier, number })), url ? link(t('follow_parcel'), url, { target: '_blank' }) : null)),
  review ? row(link(t(reviewed ? 'change_review' : 'write_review', { vendor }), review, { target: '_blank' })) : null,
);

const order = (shop, { id, name, on, total, currency, parts, others }) => make(
  's-section', { heading: t('order', { name }) },
  column(
    quiet(`${shopify.i18n.formatDate(new Date(on), { dateStyle: 'long' })} · ${shopify.i18n.formatCurrency(Number(total), { currency })}`),
    ...parts.map((one) => part(shop, one)),
    others.length ? items(others) : null,
    row(link(t('see_order'), `shopify:customer-account/orders/${id}`)),
  ),
);

const list = (heading, empty, entries) => make(
  's-section', { heading },
  entries.length ? make('s-unordered-list', {}, ...entries.map(([words, href]) => make('s-list-item', {}, href ? link(words, href) : words))) : paragraph(empty),
);

const draw = ({ shop, orders, wishlist, follows }) => [
  ...(orders.length ? orders.map((one) => order(shop, one)) : [make('s-section', { heading: t('orders') }, paragraph(t('no_orders')))]),
  list(t('wishlist'), t('no_wishlist'), wishlist.map(({ key, title, handle }) => [title || handle || key, handle && `${shop}/products/${encodeURIComponent(handle)}`])),
  list(t('follows'), t('no_follows'), follows.map(({ key, name, url }) => [name || key, url?.startsWith('/') ? shop + url : `${shop}/pages/vendors/${encodeURIComponent(key)}`])),
];

const load = async () => {
  const token = await shopify.sessionToken.get();
  const answer = await fetch(`${shopify.settings.value.app_url}/account-page/overview`, {
    headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
    signal: AbortSignal.timeout(15_000),
  });
  if (!answer.ok) throw new Error(`overview ${answer.status}`);
  return answer.json();
};

export default async function extension() {
  const page = make('s-page', { heading: t('heading') });
  document.body.append(page);
  const show = async () => {
    page.replaceChildren(make('s-section', {}, row(make('s-spinner', { accessibilityLabel: t('loading') }), quiet(t('loading')))));
    try {
      page.replaceChildren(...draw(await load()));
    } catch {
      const again = make('s-button', { onclick: show }, t('again'));
      page.replaceChildren(make('s-banner', { tone: 'warning', heading: t('failed') }, column(paragraph(t('failed_text')), row(again))));
    }
  };
  await show();
}
