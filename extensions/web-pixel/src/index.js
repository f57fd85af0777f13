// What visitors do, for the marketplace's figures. Shopify runs this in a sandbox without a page, once the visitor has
// agreed to analytics. Sent are: which products, which words were searched for, when. No name, no address, no amount.
import { register } from '@shopify/web-pixels-extension';

const KEPT = 'stallkeeper:unsent';
const MOST = 40;
const MOST_KEPT = 200;

const numberOf = (id) => Number(/(\d+)$/.exec(String(id ?? ''))?.[1] ?? 0);
const products = (variants) => [...new Set(variants.map((variant) => numberOf(variant?.product?.id)))].filter(Boolean);

// Event → what is told of it.
const TOLD = {
  product_viewed: ({ productVariant }) => ({ products: products([productVariant]) }),
  collection_viewed: () => ({}),
  search_submitted: ({ searchResult }) => ({
    words: String(searchResult.query ?? '').slice(0, 300), found: searchResult.productVariants?.length ?? 0,
  }),
  product_added_to_cart: ({ cartLine }) => ({ products: products([cartLine?.merchandise]) }),
  cart_viewed: ({ cart }) => ({ products: products((cart?.lines ?? []).map((line) => line.merchandise)) }),
  checkout_started: ({ checkout }) => ({ products: products((checkout?.lineItems ?? []).map((line) => line.variant)) }),
  checkout_completed: ({ checkout }) => ({ products: products((checkout?.lineItems ?? []).map((line) => line.variant)) }),
};

register(({ analytics, browser, customerPrivacy, init, settings }) => {
  let allowed = init.customerPrivacy?.analyticsProcessingAllowed === true;
  let waiting = [];
  let sending = false;

  const forget = () => {
    waiting = [];
    browser.sessionStorage.removeItem(KEPT);
  };

  // What happens together goes out together, at once: the page may be left in the next moment, and `keepalive` lets the
  // request outlive it. Each event has Shopify's id, so that one told twice counts once.
  const send = async () => {
    if (sending || !waiting.length || !allowed) return;
    sending = true;
    const events = waiting.splice(0, MOST);
    try {
      const answer = await fetch(settings.endpoint, {
        method: 'POST', keepalive: true, credentials: 'omit', headers: { 'Content-Type': 'text/plain' },
        body: JSON.stringify({ account: settings.account, events }),
      });
      // What was refused would be refused again; only what nobody took is worth another try.
      if (answer.status === 429 || answer.status >= 500) throw new Error(answer.status);
      browser.sessionStorage.removeItem(KEPT);
    } catch {
      // The next event tries again, or the next page.
      if (allowed) {
        waiting = [...events, ...waiting].slice(-MOST_KEPT);
        browser.sessionStorage.setItem(KEPT, JSON.stringify(waiting));
      }
      sending = false;
      return;
    }
    sending = false;
    send();
  };

  customerPrivacy.subscribe('visitorConsentCollected', ({ customerPrivacy: now }) => {
    allowed = now.analyticsProcessingAllowed === true;
    if (!allowed) forget();
  });

  for (const [kind, tell] of Object.entries(TOLD)) {
    analytics.subscribe(kind, ({ id, clientId, timestamp, data }) => {
      if (!allowed) return;
      waiting.push({ id, kind, at: timestamp, client: clientId, ...tell(data) });
      queueMicrotask(send);
    });
  }

  browser.sessionStorage.getItem(KEPT).then((kept) => {
    if (!kept || !allowed) return;
    waiting.unshift(...JSON.parse(kept));
    send();
  }).catch(() => {});
});
