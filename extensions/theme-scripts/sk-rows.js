// Lists of what a customer keeps: wishlist, followed vendors, recently viewed.
import { attach, keeper, pageOf, root } from './sk-lists.js';

const address = (url) => (/^(https?:|\/)/.test(url ?? '') ? url : '');
// Written as the shop writes money: the page shows how 1234000 looks, which says what stands between and around the digits.
export const money = (cents, shown) => shown.replace(/1(\D*)234\D*000(?:(\D)(0+))?/, (_, between, point, places = '') => {
  const [whole, part] = (cents / 100).toFixed(places.length).split('.');
  return whole.replace(/\B(?=(\d{3})+$)/g, between) + (part ? point + part : '');
});

export const start = (block) => attach(block, list(block));

function list(block) {
  const { kind, without } = block.dataset;
  const rows = block.querySelector('[data-rows]');
  const template = block.querySelector('template');
  block.querySelector('[data-clear]')?.addEventListener('click', () => {
    for (const one of ['viewed', 'search']) for (const { key } of keeper.items.list(one)) keeper.remove(one, key);
  });
  return () => {
    const items = keeper.items.list(kind).filter(({ key }) => key !== without).slice(0, block.dataset.most);
    const known = new Map([...rows.children].map((row) => [row.dataset.key, row]));
    rows.replaceChildren(...items.map((item) => known.get(item.key) ?? tile(block, template, item)));
    block.querySelector('[data-empty]').hidden = items.length > 0;
    block.classList.toggle('sk-away', block.hasAttribute('data-hide-empty') && !items.length);
    searches(block);
  };
}

function tile(block, template, { kind, key, value }) {
  const row = template.content.firstElementChild.cloneNode(true);
  const title = value.title ?? value.name ?? value.handle ?? key;
  row.dataset.key = key;
  const where = kind === 'follow' ? pageOf(value.url ?? '') : `products/${encodeURIComponent(value.handle)}`;
  row.querySelector('a').href = where ? root() + where : '#';
  row.querySelector('[data-title]').textContent = title;
  picture(row, value.image);
  const remove = row.querySelector('[data-remove]');
  remove?.setAttribute('aria-label', `${remove.textContent.trim()}: ${title}`);
  remove?.addEventListener('click', () => {
    const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector('a') ?? block.querySelector('[data-rows]');
    keeper.remove(kind, key);
    setTimeout(() => next.focus());
  });
  if (value.handle) near.observe(row);
  return row;
}

const picture = (row, source) => {
  const image = row.querySelector('img');
  if (!image) return;
  if (address(source)) image.src = source;
  else image.remove();
};

// Shopify's own answer, which needs no server of the app: what it costs now, or that it is no longer there. It is asked
// when the visitor comes near: lists are long.
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) price(target);
}, { rootMargin: '600px' });
const price = async (row) => {
  near.unobserve(row);
  const [said, gone] = [row.querySelector('[data-price]'), row.querySelector('[data-gone]')];
  if (!said) return;
  const answer = await fetch(`${row.querySelector('a').href}.js`).catch(() => null);
  if (answer?.ok) {
    const product = await answer.json();
    said.textContent = money(product.price_min, product.price_varies ? said.dataset.from : said.dataset.price);
    if (!product.available) gone.hidden = false;
  } else if (answer?.status === 404) gone.hidden = false;
};

const searches = (block) => {
  const line = block.querySelector('[data-searches]');
  if (!line) return;
  const links = keeper.items.list('search').filter(({ key }) => !key.startsWith('vendors:')).slice(0, 6).map(({ value: { words } }) => {
    const link = document.createElement('a');
    link.href = `${root()}search?q=${encodeURIComponent(words)}`;
    link.textContent = words;
    return link;
  });
  line.lastElementChild.replaceChildren(...links);
  line.hidden = !links.length;
};
