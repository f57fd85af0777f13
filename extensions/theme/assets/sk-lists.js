import { Keeper } from './sk-sync.js';
export let keeper;
export const root = () => window.Shopify?.routes?.root ?? '/';
const address = (url) => (/^(https:|\/)/.test(url ?? '') ? url : '');
export const about = ({ handle, title, image, vendor }) =>
Object.fromEntries(Object.entries({ handle, title, image, vendor }).filter(([, said]) => said));
const money = (cents) => new Intl.NumberFormat(document.documentElement.lang || 'en', {
style: 'currency', currency: window.Shopify?.currency?.active ?? 'USD',
}).format(cents / 100);
export function start(block) {
const draw = { toggle, list, page }[block.dataset.role](block);
attach(block, draw);
}
export function attach(block, draw) {
const kinds = (block.dataset.kinds ?? block.dataset.kind ?? '').split(' ');
document.addEventListener('stallkeeper:change', ({ detail }) => kinds.includes(detail.kind) && draw());
document.addEventListener('stallkeeper:sync', ({ detail }) => status(block, detail));
block.querySelector('[data-again]')?.addEventListener('click', () => keeper.sync({ now: true }));
if (!keeper) {
keeper = new Keeper({ customer: block.dataset.customer, proxy: block.dataset.proxy });
window.stallkeeper = keeper;
keeper.begin();
}
draw();
}
export const status = (block, { state, unsynced }) => {
const line = block.querySelector('[data-status]');
if (!line || state === 'syncing') return;
const words = state === 'failed' && !unsynced ? '' : block.dataset[state] ?? '';
line.firstElementChild.textContent = words;
line.hidden = !words;
};
function toggle(block) {
const { kind, key, on, off, handle, name, url } = block.dataset;
const button = block.querySelector('button');
const label = button.querySelector('[data-label]');
button.addEventListener('click', () => {
if (keeper.items.has(kind, key)) keeper.remove(kind, key);
else keeper.put(kind, key, handle ? about(block.dataset) : { name, url });
});
button.disabled = false;
return () => {
const isOn = keeper.items.has(kind, key);
button.setAttribute('aria-pressed', isOn);
label.textContent = isOn ? on : off;
};
}
function list(block) {
const { kind, without } = block.dataset;
const rows = block.querySelector('[data-rows]');
const template = block.querySelector('template');
block.querySelector('[data-clear]')?.addEventListener('click', () => {
for (const one of ['viewed', 'search']) for (const { key } of keeper.items.list(one)) keeper.remove(one, key);
});
return () => {
const items = keeper.items.list(kind).filter(({ key }) => key !== without).slice(0, Number(block.dataset.most) || 100);
const known = new Map([...rows.children].map((row) => [row.dataset.key, row]));
rows.replaceChildren(...items.map((item) => known.get(item.key) ?? tile(block, template, item)));
block.querySelector('[data-empty]').hidden = items.length > 0;
block.hidden = block.hasAttribute('data-hide-empty') && !items.length;
searches(block);
};
}
function tile(block, template, { kind, key, value }) {
const row = template.content.firstElementChild.cloneNode(true);
const title = value.title ?? value.name ?? value.handle ?? key;
row.dataset.key = key;
row.querySelector('a').href = kind === 'follow' ? address(value.url) || '#' : `${root()}products/${encodeURIComponent(value.handle)}`;
row.querySelector('[data-title]').textContent = title;
picture(row, value.image);
const remove = row.querySelector('[data-remove]');
remove?.setAttribute('aria-label', `${remove.textContent.trim()}: ${title}`);
remove?.addEventListener('click', () => {
const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector('a') ?? block.querySelector('[data-rows]');
keeper.remove(kind, key);
setTimeout(() => next.focus());
});
if (value.handle) price(row, value.handle);
return row;
}
const picture = (row, source) => {
const image = row.querySelector('img');
if (!image) return;
if (address(source)) image.src = source;
else image.remove();
};
const price = async (row, handle) => {
const [said, gone] = [row.querySelector('[data-price]'), row.querySelector('[data-gone]')];
if (!said) return;
const answer = await fetch(`${root()}products/${encodeURIComponent(handle)}.js`).catch(() => null);
if (answer?.ok) {
const product = await answer.json();
said.textContent = money(product.price);
if (!product.available) gone.hidden = false;
} else if (answer?.status === 404) gone.hidden = false;
};
const searches = (block) => {
const line = block.querySelector('[data-searches]');
if (!line) return;
const links = keeper.items.list('search').slice(0, 6).map(({ value: { words } }) => {
const link = document.createElement('a');
link.href = `${root()}search?q=${encodeURIComponent(words)}`;
link.textContent = words;
return link;
});
line.lastElementChild.replaceChildren(...links);
line.hidden = !links.length;
};
function page(block) {
const { id, search } = block.dataset;
document.addEventListener('stallkeeper:ready', () => {
if (id) keeper.put('viewed', id, about(block.dataset));
if (search) keeper.put('search', search.toLowerCase().slice(0, 100), { words: search.slice(0, 100) });
});
document.addEventListener('stallkeeper:cart', () => {
const line = block.querySelector('[data-joined]');
if (line && location.pathname.endsWith('/cart')) line.hidden = false;
});
return () => {};
}
