// A stand-in for Shopify's web pixels manager: runs each app's pixel in a worker of its own, once the visitor agrees to
// what the pixel declares, and tells it what happens. What happened before they agreed on this page is told then.
(() => {
  const { pixels, event, lines } = JSON.parse(document.currentScript.dataset.page);
  const CLIENT = 'shopify:client';
  const consent = () => {
    const found = document.cookie.split('; ').find((pair) => pair.startsWith('_tracking_consent='));
    const given = found ? JSON.parse(decodeURIComponent(found.slice('_tracking_consent='.length))) : {};
    const allowed = (what) => given[what] !== false;
    return {
      analyticsProcessingAllowed: allowed('analytics'), marketingAllowed: allowed('marketing'),
      preferencesProcessingAllowed: allowed('preferences'), saleOfDataAllowed: allowed('sale_of_data'),
    };
  };
  const agrees = ({ needs }) => {
    const now = consent();
    return (!needs.analytics || now.analyticsProcessingAllowed) && (!needs.marketing || now.marketingAllowed)
      && (!needs.preferences || now.preferencesProcessingAllowed);
  };
  const clientId = () => {
    if (!localStorage.getItem(CLIENT)) localStorage.setItem(CLIENT, crypto.randomUUID());
    return localStorage.getItem(CLIENT);
  };

  const happened = [];
  const running = new Map();
  const tell = (worker, told) => worker.postMessage({ event: { ...told, clientId: clientId() } });

  const start = (pixel) => {
    const worker = new Worker(`/cdn/web-pixels/${pixel.id}.js`, { type: 'module' });
    worker.addEventListener('message', ({ data: { call, args, number } }) => {
      const [storage, method] = call.split('.');
      worker.postMessage({ answer: window[storage][method](...args) ?? null, number });
    });
    worker.postMessage({ start: { settings: pixel.settings, init: { customerPrivacy: consent() } } });
    running.set(pixel.id, worker);
    for (const told of happened) tell(worker, told);
  };
  const startAllowed = () => {
    for (const pixel of pixels) if (!running.has(pixel.id) && agrees(pixel)) start(pixel);
  };
  const publish = (name, data) => {
    const told = { id: crypto.randomUUID(), name, type: 'standard', timestamp: new Date().toISOString(), data };
    happened.push(told);
    for (const worker of running.values()) tell(worker, told);
  };

  document.addEventListener('visitorConsentCollected', () => {
    if (!consent().analyticsProcessingAllowed) localStorage.removeItem(CLIENT);
    for (const worker of running.values()) worker.postMessage({ consent: { customerPrivacy: consent() } });
    startAllowed();
  });

  // Shopify hears of the cart from its own servers; here the page's own request is overheard.
  const { fetch } = window;
  window.fetch = async (...request) => {
    const answer = await fetch(...request);
    const path = new URL(request[0].url ?? request[0], location).pathname;
    if (/\/cart\/add(\.js)?$/.test(path) && answer.ok) {
      const body = await answer.clone().json();
      const keys = (body.items ?? [body]).map(({ key }) => `key=${encodeURIComponent(key)}`).join('&');
      for (const cartLine of await (await fetch(`${lines}?${keys}`)).json()) publish('product_added_to_cart', { cartLine });
    }
    return answer;
  };

  if (event) publish(event.name, event.data);
  startAllowed();
})();
