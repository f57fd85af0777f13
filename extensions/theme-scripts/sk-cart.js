// Keeps Shopify's own cart and the customer's items in step. Everything here may be broken off between any two writes.
//
// `sk:cart` remembers which cart this browser had and what was accounted for in it: { token, who, at, seen, will, todo,
// short }, where `who` is empty once that customer has signed out. The difference between the real cart and `seen` is
// what the customer did; it goes into the items. The difference between the items and `seen` is what others did; it goes
// into the real cart.
// `todo` and `will` say what was about to be written, so that an interruption is neither forgotten nor counted twice.
import { GUEST, cartKey, departure, lineOf, savedKey } from './sk-items.js';

const START = { token: '', who: GUEST, at: '', seen: {}, short: {} };
const names = (...maps) => [...new Set(maps.flatMap(Object.keys))];

// Units by line, and what is known of each line. Subscriptions are left to Shopify.
const read = (cart) => {
  const lines = {};
  for (const item of cart.items) {
    if (item.selling_plan_allocation) continue;
    const line = lineOf(item.variant_id, item.properties);
    lines[line] ??= { units: 0, keys: [], about: about(item) };
    lines[line].units += item.quantity;
    lines[line].keys.push(item.key);
  }
  return lines;
};
const about = ({ variant_id: variant, properties = {}, handle, title, image }) => {
  const known = { handle, title: title?.slice(0, 255), image: image?.slice(0, 1000), properties };
  const isSaid = ([, said]) => said && Object.keys(said).length;
  return { variant, ...Object.fromEntries(Object.entries(known).filter(isSaid)) };
};
const unitsOf = (lines) => Object.fromEntries(Object.entries(lines).map(([line, { units }]) => [line, units]));

// What was broken off last time is finished before anything else.
export const mend = (replica) => {
  const todo = replica.read('sk:cart')?.todo;
  if (todo) resume(replica, todo);
};

// Write items and the state that accounts for them as one: a second run after a break finds `todo` and goes on.
const commit = (replica, state, edits, next) => {
  const todo = { who: replica.who, items: edits.map((edit) => ({ clock: replica.tick(), ...edit })), next };
  replica.write('sk:cart', { ...state, todo });
  return resume(replica, todo);
};
const resume = (replica, { who, items, next }) => {
  const whose = who === replica.who ? replica : replica.of(who);
  for (const { kind, key, clock, value } of items) whose.accept(kind, key, clock, value, false);
  replica.write('sk:cart', next);
  return next;
};

// From the real cart into the items.
export async function account(replica, shop) {
  mend(replica);
  let state = { ...START, ...replica.read('sk:cart') };
  const cart = await shop.read();
  const lines = read(cart);
  const real = unitsOf(lines);
  const isEmpty = !Object.keys(real).length;
  const own = replica.who !== GUEST && !isEmpty && await cartKey(cart.token);
  if (state.will) state = { ...state, seen: settle(state, real), will: undefined };
  if (state.token && state.token !== cart.token && Object.keys(state.seen).length) {
    state = part(replica, state, lines);
  } else if (state.who !== replica.who && !state.token && replica.who !== GUEST) {
    state = { ...state, seen: known(replica, real) };
  }
  const edits = names(real, state.seen)
    .map((line) => [line, (real[line] ?? 0) - (state.seen[line] ?? 0)])
    .filter(([, change]) => change)
    .map(([line, change]) => replica.contribution(line, change, lines[line]?.about ?? { variant: parseInt(line, 10) }));
  // To nobody of this account its own carts are others'.
  if (own && !replica.has('own_cart', own)) edits.push({ kind: 'own_cart', key: own, value: {} });
  const next = { ...state, who: replica.who, token: isEmpty ? '' : cart.token, at: replica.tick(), seen: real, todo: undefined };
  commit(replica, state, edits, next);
  return cart;
}

// Whether what we were about to write arrived: line by line, by what the cart holds now.
const settle = ({ seen, will }, real) => {
  const settled = { ...seen };
  for (const line of Object.keys(will)) {
    const [had, wanted, has] = [seen[line] ?? 0, will[line], real[line] ?? 0];
    if (wanted > had ? has >= wanted : has <= wanted) settled[line] = wanted;
  }
  return settled;
};

// The cart that was here has gone. If the customer was on the way to pay, its units were bought and leave the account. If
// not, it was too old, or somebody signed in or out: an account still has its units, a guest's are kept for later.
const part = (replica, state, lines) => {
  const [isGuest, isSame] = [replica.who === GUEST, state.who === replica.who];
  const wasBought = replica.read('sk:paying') === state.token;
  const next = { ...state, token: '', seen: {}, short: {}, todo: undefined };
  const all = replica.lines();
  if (wasBought) {
    const key = (line) => `${line}:${departure(state.token)}`;
    const value = (line) => ({ ...all[line]?.value, variant: parseInt(line, 10), quantity: -state.seen[line] });
    return commit(replica, state, Object.keys(state.seen).map((line) => ({ kind: 'cart', key: key(line), clock: state.at, value: value(line) })), next);
  }
  if (!isGuest) return { ...next, seen: known(replica, unitsOf(lines)) };
  const left = isSame ? Object.entries(all).filter(([, { units }]) => units) : [];
  if (!left.length) return next;
  const kept = { lines: left.map(([, { units, value }]) => ({ ...value, quantity: units })) };
  const edits = left.map(([line, { units, value }]) => replica.contribution(line, -units, value));
  return commit(replica, state, [...edits, { kind: 'saved', key: savedKey(state.token), clock: state.at, value: kept }], next);
};

// A cart that this browser first sees under an account: of what it holds and what the account knows, the larger counts.
const known = (replica, real) => {
  const lines = replica.lines();
  return Object.fromEntries(Object.entries(real).map(([line, units]) => [line, Math.min(units, lines[line]?.units ?? 0)]));
};

const differing = (replica, state = { ...START, ...replica.read('sk:cart') }, lines = replica.lines()) =>
  names(lines, state.seen)
    .map((line) => [line, lines[line]?.units ?? 0])
    .filter(([line, units]) => units !== (state.seen[line] ?? 0) && state.short[line] !== units);

// From the items into the real cart. Returns the cart if it was changed. What Shopify refuses is not asked for again
// until somebody wants another number.
export async function apply(replica, shop) {
  if (replica.who === GUEST || !differing(replica).length) return null;
  const cart = await account(replica, shop);
  const state = { ...START, ...replica.read('sk:cart') };
  const lines = replica.lines();
  const wanted = differing(replica, state, lines);
  if (!wanted.length) return null;
  replica.write('sk:cart', { ...state, will: Object.fromEntries(wanted) });
  const real = read(cart);
  const short = { ...state.short };
  let after = null;
  for (const [line, units] of wanted) {
    delete short[line];
    const changed = await shop.set(real[line]?.keys ?? [], units, lines[line]?.value ?? {});
    if (changed) after = changed;
    else short[line] = units;
  }
  const now = unitsOf(read(after ?? cart));
  const seen = { ...state.seen };
  for (const [line, units] of wanted) {
    seen[line] = now[line] ?? 0;
    if (!seen[line]) delete seen[line];
    if ((now[line] ?? 0) !== units) short[line] = units;
  }
  const token = Object.keys(now).length ? (after ?? cart).token : '';
  replica.write('sk:cart', { ...state, token, seen, short });
  return after;
}

export const post = (body) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
  body: JSON.stringify(body),
});

// Shopify's Ajax API. `set` answers null when Shopify refuses, and throws when nobody can tell.
export const ajaxCart = (root = '/') => {
  const call = async (path, body) => {
    const answer = await fetch(`${root}${path}`, body && post(body));
    if (answer.status === 422 || answer.status === 404) return null;
    if (!answer.ok) throw new Error(`${path} ${answer.status}`);
    return answer.json();
  };
  const readCart = () => call('cart.js');
  return {
    read: readCart,
    call,
    async set(keys, units, { variant, properties }) {
      if (keys.length) return call('cart/update.js', { updates: Object.fromEntries(keys.map((key, n) => [key, n ? 0 : units])) });
      if (!units) return readCart();
      return (await call('cart/add.js', { items: [{ id: variant, quantity: units, properties }] })) && readCart();
    },
  };
};
