// What customers see of their items: hearts, follow buttons, and in sk-rows.js lists. Each block is drawn from what
// this browser holds and drawn again when that changes; whether the account has it is said in a quiet line.
import { Keeper } from './sk-sync.js';

export let keeper;
export const root = () => window.Shopify?.routes?.root ?? '/';
export const about = ({ handle, title, image, vendor }) =>
  Object.fromEntries(Object.entries({ handle, title, image, vendor }).filter(([, said]) => said));

// The page of a vendor in no language: "pages/…", whatever stood before it where the vendor was followed.
export const pageOf = (url) => url.replace(/^(.*?\/(?=pages\/)|\/+)/, '');

export function start(block) {
  attach(block, { toggle, page }[block.dataset.role](block));
}

// Draw the block now and whenever its kinds of items change; the first block on a page starts the keeper.
export function attach(block, draw) {
  const kinds = (block.dataset.kinds ?? block.dataset.kind ?? '').split(' ');
  document.addEventListener('stallkeeper:change', ({ detail }) => {
    if (!kinds.includes(detail.kind)) return;
    crowded.delete(block);
    draw();
  });
  document.addEventListener('stallkeeper:sync', ({ detail }) => status(block, detail));
  block.querySelector('[data-again]')?.addEventListener('click', () => keeper.sync({ now: true }));
  if (!keeper) {
    keeper = new Keeper({ customer: block.dataset.customer, proxy: block.dataset.proxy });
    window.stallkeeper = keeper;
    keeper.ready = keeper.begin();
  }
  draw();
}

// Blocks whose last edit found no room in this browser. They go on saying so, whatever else is told, until something of
// their kind has changed.
const crowded = new WeakSet();

// The first list on a page speaks of all that waits to be sent, a button of its own item; each of what the account
// did not take of theirs. Only what could not be reached is worth another try.
export const status = (block, { state, unsynced, ...item }) => {
  const line = block.querySelector('[data-status]');
  if (!line || state === 'syncing') return;
  const { kind, key, failed, full, untaken } = block.dataset;
  const isFirst = line === document.querySelector('[data-rows] ~ [data-status]');
  const isOurs = (one) => one.kind === kind && (!key || one.key === key);
  const waiting = keeper.items.all(kind).filter((one) => !one.isSynced && isOurs(one));
  if (state === 'full' && isOurs(item)) crowded.add(block);
  const words = {
    failed: (key ? waiting.length : unsynced && (isFirst || isOurs(item))) && failed,
    synced: waiting.some(({ isUntaken }) => isUntaken) && untaken,
  }[state] || (crowded.has(block) && full) || '';
  line.firstElementChild.textContent = words;
  line.lastElementChild.hidden = words !== failed;
  line.hidden = !words;
};

// -- a heart, a follow button ----------------------------------------------------------------------------------------

function toggle(block) {
  const { kind, key, on, off, handle, name, url } = block.dataset;
  const button = block.querySelector('button');
  const label = button.querySelector('[data-label]');
  button.addEventListener('click', () => {
    if (keeper.items.has(kind, key)) keeper.remove(kind, key);
    else keeper.put(kind, key, handle ? about(block.dataset) : { name, url: url && `/${pageOf(url)}` });
  });
  button.disabled = false;
  return () => {
    const isOn = keeper.items.has(kind, key);
    button.setAttribute('aria-pressed', isOn);
    label.textContent = isOn ? on : off;
  };
}

// -- the page itself: what was looked at ------------------------------------------------------------------------------

function page(block) {
  const { id, search } = block.dataset;
  document.addEventListener('stallkeeper:ready', () => {
    if (id) keeper.put('viewed', id, about(block.dataset));
    if (search) keeper.put('search', search.toLowerCase().slice(0, 100), { words: search.slice(0, 100) });
  });
  document.addEventListener('stallkeeper:cart', () => {
    block.querySelector('[data-joined]')?.removeAttribute('hidden');
  });
  return () => {};
}
