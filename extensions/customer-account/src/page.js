// The customer's page: orders by who sends them, what comes back, the wishlist, followed vendors, e-mails about those.
import { ask, badge, column, items, link, make, paragraph, quiet, row, t, text } from './elements.js';
import { mails } from './mails.js';
import { returns } from './returns.js';

const STATES = { unpaid: 'critical', to_ship: 'auto', partly_shipped: 'auto', shipped: 'auto', delivered: 'auto', cancelled: 'over' };

const part = (shop, { vendor, page, state, items: lines, parcels, review, reviewed }) => column(
  row(page ? link(vendor, shop + page) : text(vendor, { type: 'strong' }), badge(t(`state.${state}`), STATES[state] ?? 'auto')),
  items(lines),
  ...parcels.map(({ carrier, number, url }) => row(quiet(t('parcel', { carrier, number })), url ? link(t('follow_parcel'), url, { target: '_blank' }) : null)),
  review ? row(link(t(reviewed ? 'change_review' : 'write_review', { vendor }), review, { target: '_blank' })) : null,
);

const order = (shop, one, sent) => make(
  's-section', { heading: t('order', { name: one.name }) },
  column(
    quiet(`${shopify.i18n.formatDate(new Date(one.on), { dateStyle: 'long' })} · ${shopify.i18n.formatCurrency(Number(one.total), { currency: one.currency })}`),
    ...one.parts.map((each) => part(shop, each)),
    one.others.length ? items(one.others) : null,
    row(link(t('see_order'), `shopify:customer-account/orders/${one.id}`)),
    returns(one, sent),
  ),
);

const list = (heading, empty, entries) => make(
  's-section', { heading },
  entries.length ? make('s-unordered-list', {}, ...entries.map(([words, href]) => make('s-list-item', {}, href ? link(words, href) : words))) : paragraph(empty),
);

const draw = ({ shop, orders, wishlist, follows, mails: choice }, sent) => [
  ...(orders.length ? orders.map((one) => order(shop, one, sent)) : [make('s-section', { heading: t('orders') }, paragraph(t('no_orders')))]),
  list(t('wishlist'), t('no_wishlist'), wishlist.map(({ key, title, handle }) => [title || handle || key, handle && `${shop}/products/${encodeURIComponent(handle)}`])),
  list(t('follows'), t('no_follows'), follows.map(({ key, name, url }) => [name || key, url?.startsWith('/') ? shop + url : `${shop}/pages/vendors/${encodeURIComponent(key)}`])),
  mails(choice),
].filter(Boolean);

export default async function extension() {
  const page = make('s-page', { heading: t('heading') });
  document.body.append(page);
  const show = async (...above) => {
    page.replaceChildren(make('s-section', {}, row(make('s-spinner', { accessibilityLabel: t('loading') }), quiet(t('loading')))));
    try {
      page.replaceChildren(...above, ...draw(await ask('overview'), sent));
    } catch {
      const again = make('s-button', { onclick: () => show() }, t('again'));
      page.replaceChildren(...above, make('s-banner', { tone: 'warning', heading: t('failed') }, column(paragraph(t('failed_text')), row(again))));
    }
  };
  const sent = () => show(make('s-banner', { tone: 'success', heading: t('return_sent') }, paragraph(t('return_sent_text'))));
  await show();
}
