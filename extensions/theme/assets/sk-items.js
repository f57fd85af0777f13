const DAY = 86_400_000;
export const KINDS = {
wishlist: 0, follow: 0, preference: 0, cart: 30 * DAY, saved: 30 * DAY, viewed: 90 * DAY, search: 90 * DAY, review: 90 * DAY,
};
const SIGNED_OUT = { ...KINDS, review: DAY };
const AHEAD = 300_000;
export const GUEST = 'guest';
export const random = (length) =>
Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => (byte % 36).toString(36)).join('');
const hex = (number, width) => number.toString(16).padStart(width, '0');
export const clockAt = (ms, count = 0, node = '00000000') => `${hex(ms, 12)}-${hex(count, 4)}-${node}`;
const msOf = (clock) => parseInt(clock.slice(0, 12), 16);
const bytes = (words) => [...new TextEncoder().encode(words)];
const fnv = (data) => hex(data.reduce((held, byte) => Math.imul(held ^ byte, 0x01000193) >>> 0, 0x811c9dc5), 8);
export const savedKey = (token) => {
const plain = bytes(token.split('?')[0]);
return fnv(plain) + fnv(plain.reverse());
};
export const departure = (token) => `x${savedKey(token).slice(1, 8)}`;
export const lineOf = (variant, properties) => {
const written = Object.keys(properties ?? {}).sort().map((name) => `${name}\x1f${properties[name]}`).join('\x1e');
return written ? `${variant}.${fnv(bytes(written))}` : `${variant}`;
};
export class Replica {
constructor(storage, who = GUEST, { now = Date.now, node = random(8) } = {}) {
Object.assign(this, { storage, who, now, node });
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
return otherwise;
}
}
write(name, value) {
this.storage.setItem(name, JSON.stringify(value));
}
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
hear(clock) {
const [ms, count] = [msOf(clock), parseInt(clock.slice(13, 17), 16)];
const [lastMs, lastCount] = this.read('sk:clock', [0, 0]);
if (ms > lastMs || (ms === lastMs && count > lastCount)) this.write('sk:clock', [ms, count]);
}
learnTime(serverNow) {
const skew = serverNow - this.now();
this.write('sk:skew', Math.abs(skew) > 2000 ? skew : 0);
if (this.read('sk:clock', [0])[0] > serverNow + AHEAD) this.write('sk:clock', [serverNow, 0]);
for (const item of this.pending(Infinity)) {
if (msOf(item.clock) > serverNow + AHEAD) this.#store(item.kind, item.key, this.tick(), item.value, 0);
}
}
#store(kind, key, clock, value, state) {
this.write(`${this.rows}${kind}:${key}`, [clock, value, state]);
for (const listener of this.listeners) listener(kind);
}
find(kind, key) {
const row = this.read(`${this.rows}${kind}:${key}`);
return row && { kind, key, clock: row[0], value: row[1], isSynced: row[2] === 1, hasRoom: row[2] < 2 };
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
if (this.who !== GUEST) this.put(kind, key, null);
else if (this.has(kind, key)) this.drop(kind, key);
}
drop(kind, key) {
this.storage.removeItem(`${this.rows}${kind}:${key}`);
for (const listener of this.listeners) listener(kind);
}
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
list(kind) {
return this.all(kind).filter((item) => item.value != null).sort((a, b) => (a.clock < b.clock ? 1 : -1));
}
prune() {
for (const { kind, key, clock, value } of this.all()) {
const lasts = (this.who === GUEST ? SIGNED_OUT : KINDS)[kind];
const ended = lasts && clock < clockAt(this.time - (value == null ? 2 * lasts : lasts));
if (ended && (this.who === GUEST || value == null)) this.drop(kind, key);
}
}
get revision() {
return this.read(`sk:${this.who}:revision`, 0);
}
pending(most = 100) {
return this.all().filter((item) => !item.isSynced).sort((a, b) => b.hasRoom - a.hasRoom || (a.clock < b.clock ? -1 : 1)).slice(0, most);
}
request() {
const merged = this.read(`sk:${this.who}:merged`, false);
const items = this.pending().map(({ kind, key, clock, value }) => ({ kind, key, clock, value }));
return { account: this.who, since: this.revision, merged: merged && items.length > 0, items };
}
answer(request, { revision, restart, now, items, refused = {} }) {
request.items.forEach(({ kind, key, clock }, place) => {
const held = this.find(kind, key);
const why = refused[place];
if (held?.clock !== clock || why === 'early') return;
if (why === 'late' || (why === 'full' && held.value == null)) this.drop(kind, key);
else this.#store(kind, key, clock, held.value, why === 'full' ? 2 : 1);
});
this.hear(items.map(({ clock }) => clock).sort().pop() ?? clockAt(0));
for (const { kind, key, clock, value } of items) if (kind in KINDS) this.accept(kind, key, clock, value);
if (restart) for (const { kind, key, clock, value } of this.all()) this.#store(kind, key, clock, value, 0);
this.learnTime(now);
this.write(`sk:${this.who}:revision`, revision);
if (request.merged) this.storage.removeItem(`sk:${this.who}:merged`);
}
adopt(guest) {
const items = guest.all();
if (items.length) this.write(`sk:${this.who}:merged`, true);
for (const { kind, key, clock, value } of items) this.accept(kind, key, clock, value, false);
this.storage.removeItem(`sk:${guest.who}:origin`);
for (const { kind, key } of items) guest.drop(kind, key);
}
forget() {
const isOver = ({ kind, clock }) => SIGNED_OUT[kind] && clock < clockAt(this.time - SIGNED_OUT[kind]);
for (const item of this.all()) if (item.isSynced || isOver(item)) this.drop(item.kind, item.key);
for (const name of ['revision', 'origin']) this.storage.removeItem(`sk:${this.who}:${name}`);
if (!this.all().length) this.storage.removeItem(`sk:${this.who}:merged`);
}
erase() {
this.storage.removeItem('sk:cart');
for (const { kind, key } of this.all()) this.drop(kind, key);
}
get origin() {
const name = `sk:${this.who}:origin`;
if (!this.read(name)) this.write(name, random(8));
return this.read(name);
}
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
contribution(line, change, about) {
const own = this.find('cart', `${line}:${this.origin}`)?.value?.quantity ?? 0;
const { raw, units } = this.lines()[line] ?? { raw: 0, units: 0 };
const quantity = own + (this.who === GUEST ? change : Math.max(0, units + change) - raw);
return { kind: 'cart', key: `${line}:${this.origin}`, value: { ...about, quantity } };
}
}
