// Items that a customer keeps, and how copies of them on several devices become one. No page, no network in here.
//
// An item is a register named by kind and key: [clock, value, 1 when the account has it, 2 when that had no room for it,
// 3 when it takes no such item]. What the account did not take is sent again when it changes, and what found no room when
// there is some. A value of null is a deletion, which is kept.
// Of two edits the greater clock wins, everywhere, so order and repetition do not matter. The cart is a sum: each
// browser writes under its own origin how many units of a line it added in all, less what it took away. Sums never fall
// below nought. The server's half of this is app/storefront/rules.py.

const DAY = 86_400_000;
export const KINDS = {
  wishlist: 0, follow: 0, preference: 0, cart: 30 * DAY, own_cart: 30 * DAY, saved: 30 * DAY, viewed: 90 * DAY, search: 90 * DAY, review: 90 * DAY,
};
// A draft may name people: who is not signed in may be at a browser that others use.
const SIGNED_OUT = { ...KINDS, review: DAY };
// What an account that signed out and never came back had not sent, from then on.
const UNSENT = 90 * DAY;
const AHEAD = 300_000;
export const GUEST = 'guest';
// In bytes: the server reads half a megabyte.
const LARGEST = 520_000;

export const random = (length) =>
  Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => (byte % 36).toString(36)).join('');
const hex = (number, width) => number.toString(16).padStart(width, '0');
export const clockAt = (ms, count = 0, node = '00000000') => `${hex(ms, 12)}-${hex(count, 4)}-${node}`;
const msOf = (clock) => parseInt(clock.slice(0, 12), 16);

const bytes = (words) => new TextEncoder().encode(words);
const size = (value) => bytes(JSON.stringify(value)).length;
const isLarge = (items) => size(items) > LARGEST;
const fitting = (items) => (isLarge(items) ? fitting(items.slice(0, items.length / 2)) : items);
const named = ({ kind, key, clock, value }) => ({ kind, key, clock, value });
const fnv = (data) => hex(data.reduce((held, byte) => Math.imul(held ^ byte, 0x01000193) >>> 0, 0x811c9dc5), 8);
// Under which key a cart is put aside: the server computes the same from an order's cart token.
export const savedKey = (token) => {
  const plain = bytes(token.split('?')[0]);
  return fnv(plain) + fnv(plain.reverse());
};
// What left with that cart is written under this origin, by whoever hears of it first.
export const departure = (token) => `x${savedKey(token).slice(1, 8)}`;
// By which name the server knows that cart (app/reservations/rules.py); empty where there is no cryptography.
export const cartKey = async (token) => {
  const digest = await crypto.subtle?.digest('SHA-256', bytes(token.split('?')[0]));
  return Array.from(new Uint8Array(digest, 0, 16), (byte) => hex(byte, 2)).join('');
};
// A line of the cart: the variant, and a digest of what the customer wrote on it. Hidden properties count, too.
export const lineOf = (variant, properties) => {
  const written = Object.keys(properties ?? {}).sort().map((name) => `${name}\x1f${properties[name]}`).join('\x1e');
  return written ? `${variant}.${fnv(bytes(written))}` : `${variant}`;
};

// A browser's own storage, in rows of its own for each item, so that two tabs never overwrite each other's.
export class Replica {
  constructor(storage, who = GUEST, { now = Date.now, node = random(8) } = {}) {
    Object.assign(this, { storage, who, now, node, room: 0 });
    this.rows = `sk:${who}:i:`;
    this.listeners = new Set();
  }

  of(who) {
    return new Replica(this.storage, who, this);
  }

  read(name, otherwise = null) {
    try {
      return JSON.parse(this.storage.getItem(name)) ?? otherwise;
    } catch {
      // Somebody else's text.
      return otherwise;
    }
  }

  write(name, value) {
    this.storage.setItem(name, JSON.stringify(value));
  }

  // -- time ----------------------------------------------------------------------------------------------------------

  get time() {
    return this.now() + this.read('sk:skew', 0);
  }

  tick() {
    const [lastMs, lastCount] = this.read('sk:clock', [0, 0]);
    const ms = Math.max(this.time, lastMs);
    const count = ms === lastMs ? lastCount + 1 : 0;
    const next = count > 0xffff ? [ms + 1, 0] : [ms, count];
    this.write('sk:clock', next);
    return clockAt(...next, this.node);
  }

  // Whatever is edited after `clock` was seen is later than it.
  hear(clock) {
    const [ms, count] = [msOf(clock), parseInt(clock.slice(13, 17), 16)];
    const [lastMs, lastCount] = this.read('sk:clock', [0, 0]);
    if (ms > lastMs || (ms === lastMs && count > lastCount)) this.write('sk:clock', [ms, count]);
  }

  // The server's time. Edits that a clock running ahead has made are dated anew, in their order.
  learnTime(serverNow) {
    const skew = serverNow - this.now();
    this.write('sk:skew', Math.abs(skew) > 2000 ? skew : 0);
    if (this.read('sk:clock', [0])[0] > serverNow + AHEAD) this.write('sk:clock', [serverNow, 0]);
    for (const item of this.pending(Infinity)) {
      if (msOf(item.clock) > serverNow + AHEAD) this.#store(item.kind, item.key, this.tick(), item.value, 0);
    }
  }

  // -- items ---------------------------------------------------------------------------------------------------------

  #store(kind, key, clock, value, state) {
    this.write(`${this.rows}${kind}:${key}`, [clock, value, state]);
    for (const listener of this.listeners) listener(kind);
  }

  find(kind, key) {
    const row = this.read(`${this.rows}${kind}:${key}`);
    return row && { kind, key, clock: row[0], value: row[1], isSynced: row[2] === 1, isUntaken: row[2] > 1, isFull: row[2] === 2 };
  }

  has(kind, key) {
    return this.find(kind, key)?.value != null;
  }

  put(kind, key, value) {
    const clock = this.tick();
    this.#store(kind, key, clock, value, 0);
    return clock;
  }

  remove(kind, key) {
    // A guest's items never left this browser, so nothing can bring them back.
    if (this.who !== GUEST) this.put(kind, key, null);
    else if (this.has(kind, key)) this.drop(kind, key);
  }

  drop(kind, key) {
    this.storage.removeItem(`${this.rows}${kind}:${key}`);
    for (const listener of this.listeners) listener(kind);
  }

  // From another device, or again: the greater clock stays.
  accept(kind, key, clock, value, isSynced = true) {
    const held = this.find(kind, key);
    if (!held || held.clock < clock || (held.clock === clock && isSynced && !held.isSynced)) {
      this.#store(kind, key, clock, value, Number(isSynced));
    }
  }

  all(kind = '') {
    const names = Object.keys(this.storage).filter((name) => name.startsWith(this.rows + (kind && `${kind}:`)));
    return names.map((name) => this.find(...name.slice(this.rows.length).split(/:(.*)/s))).filter(Boolean);
  }

  // What there is, last edited first.
  list(kind) {
    return this.all(kind).filter((item) => item.value != null).sort((a, b) => (a.clock < b.clock ? 1 : -1));
  }

  // What has lasted its time goes: a guest's and what the account did not take here, the rest when the server says so, of
  // which no trace need stay. A line of the cart ends as a whole.
  prune() {
    const items = this.all();
    const whole = ({ kind, key }) => `${kind}:${kind === 'cart' ? key.split(':')[0] : key}`;
    const edited = {};
    for (const item of items) if (!(edited[whole(item)] > item.clock)) edited[whole(item)] = item.clock;
    for (const item of items) {
      const { kind, key, value, isUntaken } = item;
      const lasts = (this.who === GUEST ? SIGNED_OUT : KINDS)[kind];
      const ended = lasts && edited[whole(item)] < clockAt(this.time - (value == null ? 2 * lasts : lasts));
      if (ended && (this.who === GUEST || isUntaken || value == null)) this.drop(kind, key);
    }
  }

  // -- to and from the server ------------------------------------------------------------------------------------------

  get revision() {
    return this.read(`sk:${this.who}:revision`, 0);
  }

  // What is to be sent. What found no room goes last, and only what has room by the last answer, the smallest first.
  pending(most = 100) {
    const items = this.all();
    const waiting = items.filter(({ isSynced, isUntaken }) => !isSynced && !isUntaken);
    const full = items.filter(({ isFull }) => isFull).map((item) => ({ ...item, size: size(item.value) }));
    let { room } = this;
    const again = full.sort((a, b) => a.size - b.size).filter((item) => (room -= item.size) >= 0);
    return [...waiting.sort((a, b) => (a.clock < b.clock ? -1 : 1)), ...again].slice(0, most);
  }

  request() {
    const merged = this.read(`sk:${this.who}:merged`, false);
    for (const item of this.pending(Infinity)) if (isLarge([named(item)])) this.#store(item.kind, item.key, item.clock, item.value, 3);
    const items = fitting(this.pending().map(named));
    const room = this.all().some(({ isFull }) => isFull);
    return { account: this.who, since: this.revision, merged: merged && items.length > 0, items, ...(room && { room }) };
  }

  // The answer to `request`. What was edited meanwhile stays unsynced, and what the account cannot take stays here; what is
  // too late is let go, and so is the deletion of what it did not take. That this cart is the account's is said once.
  answer(request, { revision, restart, room, now, items, refused = {} }) {
    this.room = room || 0;
    request.items.forEach(({ kind, key, clock }, place) => {
      const held = this.find(kind, key);
      const why = refused[place];
      // In spite of room, so there is none for it: another device may have been first.
      if (why === 'full' && held?.isFull) this.room = 0;
      if (held?.clock !== clock || why === 'early') return;
      if (why === 'late' || (why && held.value == null)) this.drop(kind, key);
      else this.#store(kind, key, clock, held.value, why && kind !== 'own_cart' ? (why === 'full' ? 2 : 3) : 1);
    });
    this.hear(items.map(({ clock }) => clock).sort().pop() ?? clockAt(0));
    for (const { kind, key, clock, value } of items) if (kind in KINDS) this.accept(kind, key, clock, value);
    if (restart) for (const { kind, key, clock, value } of this.all()) this.#store(kind, key, clock, value, 0);
    this.learnTime(now);
    this.write(`sk:${this.who}:revision`, revision);
    if (request.merged) this.storage.removeItem(`sk:${this.who}:merged`);
  }

  // A guest has signed in: what they kept is the account's from now on. May be broken off anywhere and begun again.
  adopt(guest) {
    const items = guest.all();
    if (items.length) this.write(`sk:${this.who}:merged`, true);
    for (const { kind, key, clock, value } of items) this.accept(kind, key, clock, value, false);
    for (const name of [`sk:${guest.who}:origin`, `sk:${this.who}:left`]) this.storage.removeItem(name);
    for (const { kind, key } of items) guest.drop(kind, key);
  }

  // An account that has signed out leaves only what it has not sent yet, for as long as that lasts; then nothing.
  forget() {
    const left = this.read(`sk:${this.who}:left`, this.time);
    const isOver = ({ kind, clock }) => (SIGNED_OUT[kind] ? clock < clockAt(this.time - SIGNED_OUT[kind]) : left < this.time - UNSENT);
    for (const item of this.all()) if (item.isSynced || isOver(item)) this.drop(item.kind, item.key);
    for (const name of ['revision', 'origin']) this.storage.removeItem(`sk:${this.who}:${name}`);
    if (this.all().length) this.write(`sk:${this.who}:left`, left);
    else for (const name of ['merged', 'left']) this.storage.removeItem(`sk:${this.who}:${name}`);
  }

  // The shop had this customer erased. What accounts for the cart goes first, lest a break empties Shopify's own.
  erase() {
    this.storage.removeItem('sk:cart');
    for (const { kind, key } of this.all()) this.drop(kind, key);
  }

  // -- the cart ----------------------------------------------------------------------------------------------------------

  get origin() {
    const name = `sk:${this.who}:origin`;
    if (!this.read(name)) this.write(name, random(8));
    return this.read(name);
  }

  // Line by line: { units, value }, where `value` is what the last edit knew of the product.
  lines() {
    const lines = {};
    for (const { key, value } of this.all('cart').sort((a, b) => (a.clock < b.clock ? -1 : 1))) {
      const line = key.split(':')[0];
      lines[line] ??= { raw: 0 };
      if (value == null) continue;
      lines[line].raw += value.quantity;
      lines[line].value = { ...lines[line].value, ...value };
    }
    for (const line of Object.values(lines)) line.units = Math.max(0, line.raw);
    return lines;
  }

  // This browser's register after the line was changed by `change` units here. What fell below nought is made good; only
  // a guest may be below, who takes out what an account that has signed out had put in.
  contribution(line, change, about) {
    const own = this.find('cart', `${line}:${this.origin}`)?.value?.quantity ?? 0;
    const { raw, units } = this.lines()[line] ?? { raw: 0, units: 0 };
    const quantity = own + (this.who === GUEST ? change : Math.max(0, units + change) - raw);
    return { kind: 'cart', key: `${line}:${this.origin}`, value: { ...about, quantity } };
  }
}
