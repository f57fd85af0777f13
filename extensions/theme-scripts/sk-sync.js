// Keeps a customer's items on this page: edits are local at once and go to the account in the background. The page hears
// `stallkeeper:change` {kind} when items changed, here, in another tab or on another device, and `stallkeeper:sync`
// {state, unsynced}: "synced", "syncing", "failed", "guest", "local" (the customer did not agree to more) or "full":
// then this browser had no room for the item {kind, key} that is told with it.
import { GUEST, Replica } from './sk-items.js';
import { account, ajaxCart, apply, mend, post } from './sk-cart.js';

const SOON = 400;
const FRESH = 20_000;
const GIVE_UP = 12_000;
const LONGEST_PAUSE = 300_000;
const WITH_CONSENT = new Set(['viewed', 'search', 'preference']);

// localStorage, because a write is kept before the next line runs, even if the page is left at once, and because other
// tabs hear of it. A browser that forbids it keeps items for the page.
const storage = () => {
  try {
    localStorage.removeItem('sk:try');
    return localStorage;
  } catch {
    return Object.create({
      getItem(name) { return this[name]; },
      setItem(name, value) { this[name] = value; },
      removeItem(name) { delete this[name]; },
    });
  }
};

// Shopify's Customer Privacy API. Until it has answered, and where it is missing, the answer is no.
const privacy = () => window.Shopify?.customerPrivacy;
const askPrivacy = () => new Promise((resolve) => {
  if (privacy() || !window.Shopify?.loadFeatures) resolve();
  else window.Shopify.loadFeatures([{ name: 'consent-tracking-api', version: '0.1' }], resolve);
});
export const isAllowed = () => privacy()?.preferencesProcessingAllowed?.() === true;

export class Keeper {
  constructor({ customer, proxy }) {
    this.store = storage();
    this.items = new Replica(this.store, customer || GUEST);
    this.proxy = proxy;
    this.shop = ajaxCart(window.Shopify?.routes?.root);
    this.failures = 0;
    this.changed = new Set();
    this.items.listeners.add((kind) => this.#tell(kind));
  }

  get isGuest() {
    return this.items.who === GUEST;
  }

  async begin() {
    addEventListener('storage', ({ key }) => key?.startsWith(this.items.rows) && this.#tell(key.slice(this.items.rows.length).split(':')[0]));
    addEventListener('online', () => this.sync());
    addEventListener('pagehide', () => this.#last());
    document.addEventListener('visibilitychange', () => document.hidden || this.sync());
    document.addEventListener('visitorConsentCollected', () => this.#heardConsent());
    this.#watchCart();
    await this.#alone(() => {
      mend(this.items);
      this.#signOutOthers();
      if (!this.isGuest) this.items.adopt(this.items.of(GUEST));
      this.items.prune();
    });
    await askPrivacy();
    this.#heardConsent();
  }

  // -- the page's own words ----------------------------------------------------------------------------------------------

  // False when the customer has not agreed to this kind of memory, or the browser has no room.
  put(kind, key, value) {
    if (WITH_CONSENT.has(kind) && !isAllowed()) return false;
    try {
      this.items.put(kind, key, value);
    } catch {
      this.#say('full', { kind, key });
      return false;
    }
    this.soon();
    return true;
  }

  remove(kind, key) {
    this.items.remove(kind, key);
    this.soon();
  }

  soon(ms = SOON) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.sync({ now: true }), ms);
  }

  // Send what waits and fetch what is new; with nothing waiting, not more often than every few seconds.
  async sync({ now = false } = {}) {
    if (!isAllowed()) return this.#say('local');
    if (this.running) return this.#onceMore(now);
    this.running = this.#alone(() => this.#round(now)).finally(() => { this.running = null; });
    return this.running;
  }

  // -- inside --------------------------------------------------------------------------------------------------------------

  // Who asks while a round is under way may have changed what it has read already, such as the cart: one more round, for
  // everybody who asked meanwhile.
  #onceMore(now) {
    this.again ||= now;
    this.next ??= this.running.then(() => {
      const isWanted = this.again || this.items.pending(1).length > 0;
      Object.assign(this, { next: null, again: false });
      return isWanted && this.sync({ now: true });
    });
    return this.next;
  }

  async #round(now) {
    try {
      await account(this.items, this.shop);
      if (this.isGuest) return this.#say('guest');
      const isFresh = Date.now() - this.items.read('sk:pulled', 0) < FRESH;
      if (now || !isFresh || this.items.pending(1).length) await this.#exchange();
      const cart = await apply(this.items, this.shop);
      if (cart) this.#announce('cart', cart);
      this.failures = 0;
      return this.#say('synced');
    } catch (error) {
      if (error.isFinal) return this.#say('guest');
      this.failures += 1;
      this.soon(Math.min(LONGEST_PAUSE, 2000 * 2 ** this.failures) * (0.5 + Math.random() / 2));
      return this.#say('failed');
    }
  }

  async #exchange() {
    this.#say('syncing');
    let before;
    let room;
    do {
      before = this.items.pending(Infinity).length;
      room = this.items.room;
      const request = this.items.request();
      this.items.answer(request, await this.#send(request));
    } while (this.items.pending(1).length && (this.items.room > room || this.items.pending(Infinity).length < before));
    this.items.write('sk:pulled', Date.now());
  }

  async #send(request) {
    const answer = await fetch(`${this.proxy}/sync`, { ...post(request), signal: AbortSignal.timeout(GIVE_UP) });
    if (answer.status === 410) this.items.erase();
    // Somebody signed out, or in as another, since this page was opened: its items wait for their owner.
    if ([401, 409, 410].includes(answer.status)) throw { isFinal: true };
    const body = answer.ok ? await answer.json() : {};
    if (!body.ok) throw new Error(`sync ${answer.status}`);
    return body;
  }

  // The page is left: what waits goes out without anybody to hear the answer, and once more next time.
  #last() {
    if (this.isGuest || !isAllowed() || !this.items.pending(1).length) return;
    const last = post(this.items.request());
    if (last.body.length < 60_000) fetch(`${this.proxy}/sync`, { ...last, keepalive: true }).catch(() => {});
  }

  #heardConsent() {
    if (privacy() && !isAllowed()) {
      for (const kind of WITH_CONSENT) for (const { key } of this.items.all(kind)) this.items.drop(kind, key);
    }
    this.#announce('ready', this);
    this.sync({ now: this.items.read(`sk:${this.items.who}:merged`, false) });
  }

  // On a shared machine nobody finds the lists of who was here before.
  #signOutOthers() {
    const names = Object.keys(this.store).map((name) => /^sk:(\d+):/.exec(name)?.[1]);
    const isOther = (who) => who && who !== this.items.who;
    for (const who of new Set(names)) if (isOther(who)) this.items.of(who).forget();
    const cart = this.items.read('sk:cart');
    if (cart?.who !== GUEST && isOther(cart?.who)) this.items.write('sk:cart', { ...cart, who: '' });
    for (const name of ['sk:application', 'sk:asked']) if ([this.items.read(name, [])].flat().some(({ who }) => isOther(who))) this.store.removeItem(name);
  }

  // Themes change the cart by requests of their own.
  #watchCart() {
    const isChange = ({ name }) => /\/cart\/(add|change|update|clear)\b/.test(name);
    new PerformanceObserver((list) => list.getEntries().some(isChange) && this.soon()).observe({ type: 'resource' });
  }

  #say(state, item) {
    const unsynced = this.isGuest ? 0 : this.items.pending(Infinity).length;
    this.state = state;
    this.#announce('sync', { state, unsynced, ...item });
  }

  #announce(what, detail) {
    document.dispatchEvent(new CustomEvent(`stallkeeper:${what}`, { detail }));
  }

  #tell(kind) {
    if (!this.changed.size) {
      queueMicrotask(() => {
        for (const one of this.changed) this.#announce('change', { kind: one });
        this.changed.clear();
      });
    }
    this.changed.add(kind);
  }

  // One tab at a time. What is done by two all the same is done once: only the cart needs this. Browsers without locks
  // are older than what else is used here.
  async #alone(work) {
    return navigator.locks ? navigator.locks.request('stallkeeper', work) : work();
  }
}
