// A stand-in for `@shopify/web-pixels-extension` in a pixel's worker: what Shopify's strict sandbox hands to `register`.
const subscribers = [];
const listeners = [];
const asked = new Map();
let number = 0;
let begin;
const started = new Promise((resolve) => { begin = resolve; });

const ask = (call) => (...args) => new Promise((resolve) => {
  number += 1;
  asked.set(number, resolve);
  self.postMessage({ call, args, number });
});
const storage = (name) => Object.fromEntries(
  ['getItem', 'setItem', 'removeItem', 'clear', 'key'].map((method) => [method, ask(`${name}.${method}`)]),
);

export const register = (extend) => started.then(({ settings, init }) => extend({
  settings,
  init,
  analytics: {
    subscribe: (name, told) => subscribers.push({ name, told }),
  },
  browser: {
    localStorage: storage('localStorage'),
    sessionStorage: storage('sessionStorage'),
    sendBeacon: async (url, body) => (await fetch(url, { method: 'POST', body, keepalive: true })).ok,
  },
  customerPrivacy: { subscribe: (name, told) => listeners.push({ name, told }) },
}));

self.addEventListener('message', async ({ data }) => {
  if (data.start) begin(data.start);
  else if (data.number) {
    asked.get(data.number)?.(data.answer);
    asked.delete(data.number);
  } else {
    // After whatever `register` does once it has been started.
    await started;
    await null;
    if (data.event) for (const { name, told } of subscribers) if (name === data.event.name) told(data.event);
    if (data.consent) for (const { name, told } of listeners) if (name === 'visitorConsentCollected') told(data.consent);
  }
});
