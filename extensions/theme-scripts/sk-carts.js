// Carts kept for later: put one aside, put it back.
import { random } from './sk-items.js';
import { about, attach, keeper, root, status } from './sk-lists.js';

const add = (lines) => keeper.shop.call('cart/add.js', {
  items: lines.map(({ variant, quantity, properties }) => ({ id: variant, quantity, properties })),
});

// Shopify puts all of them into the cart or none: then each is asked for alone. Returns those that are not there now, and
// those of which nobody could tell.
async function putBack(lines) {
  if (await add(lines)) return [];
  const left = [];
  for (const line of lines) if (!await add([line]).catch(() => null)) left.push(line);
  return left;
}

export function start(block) {
  const rows = block.querySelector('[data-rows]');
  const template = block.querySelector('template');
  const failed = (button) => { button.disabled = false; status(block, { state: 'failed', unsynced: 1, kind: 'saved' }); };
  const keep = block.querySelector('[data-keep]');
  keep.addEventListener('click', async () => {
    keep.disabled = true;
    try {
      const { items } = await keeper.shop.read();
      const lines = items.map((item) => ({ variant: item.variant_id, quantity: item.quantity, ...about({ ...item, title: item.title.slice(0, 255) }), properties: item.properties ?? {} }));
      if (lines.length && keeper.put('saved', random(12), { lines })) {
        await keeper.shop.call('cart/clear.js', {});
        location.reload();
      }
    } catch {
      failed(keep);
    }
  });
  keep.disabled = false;
  const row = ({ key, value, clock }) => {
    const one = template.content.firstElementChild.cloneNode(true);
    one.querySelector('time').textContent = new Date(parseInt(clock.slice(0, 12), 16)).toLocaleDateString(document.documentElement.lang || undefined, { dateStyle: 'long' });
    one.querySelector('ul').replaceChildren(...value.lines.map((line) => {
      const item = document.createElement('li');
      item.textContent = `${line.quantity} × ${line.title ?? line.handle ?? line.variant}`;
      return item;
    }));
    one.querySelector('[data-back]').addEventListener('click', async ({ currentTarget: button }) => {
      button.disabled = true;
      try {
        const left = await putBack(value.lines);
        if (left.length) keeper.put('saved', key, { lines: left });
        else keeper.remove('saved', key);
        location.assign(left.length ? `${location.pathname}?short=${key}` : `${root()}cart`);
      } catch {
        failed(button);
      }
    });
    one.querySelector('[data-short]').hidden = new URLSearchParams(location.search).get('short') !== key;
    one.querySelector('[data-remove]').addEventListener('click', () => keeper.remove('saved', key));
    return one;
  };
  attach(block, () => {
    const kept = keeper.items.list('saved');
    rows.replaceChildren(...kept.map(row));
    block.querySelector('[data-empty]').hidden = kept.length > 0;
  });
}
