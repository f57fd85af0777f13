// Carts kept for later: put one aside, put it back.
import { lineOf, random } from './sk-items.js';
import { about, attach, keeper, root } from './sk-lists.js';

const BEGUN = 'sk:back';

// A line of the cart as it is kept: whoever subscribed to it subscribes again.
const keepable = ({ variant_id: variant, quantity, properties, selling_plan_allocation: subscription, ...item }) => {
  const { id: plan, name } = subscription?.selling_plan ?? {};
  const title = [item.title, name].filter(Boolean).join(', ').slice(0, 255);
  return { variant, quantity, ...about({ ...item, title }), properties: properties ?? {}, plan };
};
const nameOf = ({ variant, properties, plan }) => [lineOf(variant, properties), plan].filter(Boolean).join(' ');

// How many units the cart holds, line by line.
const count = async () => {
  const units = {};
  for (const item of (await keeper.shop.read()).items) {
    const line = nameOf(keepable(item));
    units[line] = (units[line] ?? 0) + item.quantity;
  }
  return units;
};

// Those of `lines` that have not come into the cart since it held `before`.
const lacking = (lines, before, now) => {
  const met = { ...before };
  return lines.flatMap((kept) => {
    const line = nameOf(kept);
    const came = Math.min(kept.quantity, Math.max(0, (now[line] ?? 0) - (met[line] ?? 0)));
    met[line] = (met[line] ?? 0) + came;
    if (!came) return kept;
    return came < kept.quantity ? { ...kept, quantity: kept.quantity - came } : [];
  });
};

// All lines at once; if Shopify refuses, each alone. It may refuse, or not be heard, and yet take a part: what is lacking is
// what has not come since `before`. That is written down, so that who leaves the page in the middle finds nothing twice.
async function putBack(key, lines) {
  const held = keeper.items.read(BEGUN);
  let before = held?.key === key ? held.before : await count();
  let left = lines;
  const settle = async () => {
    const now = await count();
    const rest = lacking(left, before, now);
    if (!rest.length) keeper.remove('saved', key);
    else if (left.some((line, n) => line !== rest[n])) keeper.put('saved', key, { lines: rest });
    [left, before] = [rest, now];
    keeper.items.write(BEGUN, { key, before });
  };
  const add = async (some) => {
    const items = some.map(({ variant, quantity, properties, plan }) => ({ id: variant, quantity, properties, selling_plan: plan }));
    const answer = await keeper.shop.call('cart/add.js', { items }).catch(() => undefined);
    await settle();
    if (answer === undefined && left.length) throw new Error('cart/add.js');
  };
  await settle();
  if (left.length) await add(left);
  for (const line of left) await add([line]);
  keeper.store.removeItem(BEGUN);
  return left;
}

export function start(block) {
  const [rows, keep, lost] = ['rows', 'keep', 'lost'].map((name) => block.querySelector(`[data-${name}]`));
  const template = block.querySelector('template');
  const id = random(12);
  const here = new URL(location);
  const short = here.searchParams.get('short');
  here.searchParams.delete('short');
  if (short) history.replaceState(history.state, '', here);
  // Lists are drawn anew while something is under way.
  let isBusy = false;
  const work = (isOn) => { isBusy = isOn; draw(); };
  const attempt = async (task) => {
    lost.hidden = true;
    work(true);
    await task().catch(() => {
      lost.hidden = false;
      work(false);
    });
  };
  keep.addEventListener('click', () => attempt(async () => {
    const { items } = await keeper.shop.read();
    const lines = items.map(keepable);
    if (!lines.length || !keeper.put('saved', id, { lines })) return work(false);
    await keeper.shop.call('cart/clear.js', {});
    location.reload();
  }));
  const back = async ({ key, value }) => {
    const left = await putBack(key, value.lines);
    if (left.length) here.searchParams.set('short', key);
    location.assign(left.length ? here : `${root()}cart`);
  };
  const row = (item) => {
    const { key, value, clock } = item;
    const one = template.content.firstElementChild.cloneNode(true);
    one.querySelector('time').textContent = new Date(parseInt(clock.slice(0, 12), 16)).toLocaleDateString(document.documentElement.lang || undefined, { dateStyle: 'long' });
    one.querySelector('ul').replaceChildren(...value.lines.map((line) => {
      const item = document.createElement('li');
      item.textContent = `${line.quantity} × ${line.title ?? line.handle ?? line.variant}`;
      return item;
    }));
    one.querySelector('[data-back]').addEventListener('click', () => attempt(() => back(item)));
    one.querySelector('[data-remove]').addEventListener('click', () => keeper.remove('saved', key));
    for (const button of one.querySelectorAll('button')) button.disabled = isBusy;
    one.querySelector('[data-short]').hidden = short !== key;
    one.querySelector('[data-untaken]').hidden = !item.isUntaken;
    return one;
  };
  const draw = () => {
    const kept = keeper.items.list('saved');
    keep.disabled = isBusy;
    rows.replaceChildren(...kept.map(row));
    block.querySelector('[data-empty]').hidden = kept.length > 0;
  };
  attach(block, draw);
}
