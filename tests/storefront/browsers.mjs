// Browsers without a screen: the theme extension's own modules over a storage in memory, told by JSON lines what to do.
// Each has a storage, a Shopify cart and any number of tabs. `dies: n` ends a step before its nth write, as a kill does.
import { createInterface } from 'node:readline';
import { account, apply, mend } from '../../extensions/theme/assets/sk-cart.js';
import { GUEST, Replica, cartKey, lineOf, savedKey, departure } from '../../extensions/theme/assets/sk-items.js';

class Killed extends Error {}
class Lost extends Error {}
const browsers = new Map();

const memory = (browser) => Object.create({
  getItem(name) { return Object.hasOwn(this, name) ? this[name] : null; },
  setItem(name, value) { browser.spend(); this[name] = String(value); },
  removeItem(name) { browser.spend(); delete this[name]; },
});

class Browser {
  constructor() {
    this.left = Infinity;
    this.storage = memory(this);
    this.tabs = new Map();
    this.cart = { token: '', lines: {} };
    this.carts = 0;
    this.weather = [];
  }

  spend() {
    if (this.left-- <= 0) throw new Killed();
  }

  get shop() {
    return {
      read: async () => this.shown(),
      set: async (keys, units, { variant }) => {
        const weather = this.weather.shift() ?? 'fair';
        if (weather === 'down') throw new Lost();
        if (weather === 'refused') return null;
        this.buys(String(keys[0] ?? variant), units);
        if (weather === 'lost') throw new Lost();
        return this.shown();
      },
    };
  }

  // A cart that was never filled has no lasting token, as at Shopify; an emptied one keeps its own.
  shown() {
    const items = Object.entries(this.cart.lines).map(([variant, quantity]) => ({ variant_id: Number(variant), key: variant, quantity, title: `Product ${variant}` }));
    return { token: this.cart.token || `none${this.carts++}`, items };
  }

  buys(variant, units) {
    this.cart.token ||= `${this.name}cart${this.carts++}`;
    if (units) this.cart.lines[variant] = units;
    else delete this.cart.lines[variant];
  }
}

const steps = {
  reset: () => browsers.clear(),
  hashes: async (_, { variant, properties, token }) => [lineOf(variant, properties), savedKey(token), departure(token), await cartKey(token)],
  open(browser, { tab, who, now, node }) {
    const replica = new Replica(browser.storage, who, { now: () => browser.now, node });
    browser.now = now;
    browser.tabs.set(tab, replica);
    mend(replica);
    if (who !== GUEST) replica.adopt(replica.of(GUEST));
    replica.prune();
  },
  put: (browser, { tab, kind, key, value }) => browser.tabs.get(tab).put(kind, key, value),
  remove(browser, { tab, kind, key }) {
    browser.tabs.get(tab).remove(kind, key);
    return browser.tabs.get(tab).find(kind, key)?.clock ?? null;
  },
  buy: (browser, { variant, units }) => browser.buys(String(variant), units),
  pay(browser) { browser.storage.setItem('sk:paying', JSON.stringify(browser.cart.token)); },
  vanish(browser) { const gone = browser.cart; browser.cart = { token: '', lines: {} }; return gone; },
  async account(browser, { tab }) { await account(browser.tabs.get(tab), browser.shop); },
  forget(browser, { tab }) {
    browser.tabs.get(tab).forget();
    return Object.keys(browser.storage);
  },
  request: (browser, { tab }) => browser.tabs.get(tab).request(),
  answer: (browser, { tab, request, answer }) => browser.tabs.get(tab).answer(request, answer),
  erase: (browser, { tab }) => browser.tabs.get(tab).erase(),
  async apply(browser, { tab, weather }) {
    browser.weather = weather ?? [];
    return (await apply(browser.tabs.get(tab), browser.shop)) !== null;
  },
  state(browser, { tab }) {
    const replica = browser.tabs.get(tab);
    const units = Object.entries(replica.lines()).filter(([, line]) => line.units).map(([name, line]) => [name, line.units]);
    return { items: replica.all(), units: Object.fromEntries(units), cart: browser.cart.lines, token: browser.cart.token, pending: replica.pending(Infinity).length };
  },
};

for await (const text of createInterface({ input: process.stdin })) {
  const step = JSON.parse(text);
  if (step.browser && !browsers.has(step.browser)) browsers.set(step.browser, Object.assign(new Browser(), { name: step.browser }));
  const browser = browsers.get(step.browser);
  if (browser) Object.assign(browser, { now: step.now ?? browser.now, left: step.dies ?? Infinity });
  let said;
  try {
    said = { is: (await steps[step.do](browser, step)) ?? null };
  } catch (error) {
    if (error instanceof Killed || error instanceof Lost) said = { broken: error.constructor.name };
    else said = { error: error.stack };
  }
  if (browser) browser.left = Infinity;
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
