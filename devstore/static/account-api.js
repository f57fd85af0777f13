// A stand-in for the API that Shopify gives an extension of the customer account, as far as ours uses it.
(() => {
  const { texts, language, locale, settings } = JSON.parse(document.currentScript.dataset.known);
  const find = (key) => key.split('.').reduce((found, name) => found?.[name], texts);
  // What the storefront's Customer Privacy API keeps (storefront.js): the account knows of it.
  const allows = (what) => !new RegExp(`_tracking_consent=[^;]*${encodeURIComponent(`"${what}":false`)}`).test(document.cookie);
  const allowedProcessing = Object.fromEntries(['analytics', 'marketing', 'preferences'].map((what) => [what, allows(what)]));
  window.shopify = {
    customerPrivacy: { value: { allowedProcessing } },
    localization: { language: { value: { isoCode: language } }, extensionLanguage: { value: { isoCode: language } } },
    settings: { value: settings },
    sessionToken: {
      async get() {
        const answer = await fetch('/account/session-token');
        if (!answer.ok) throw new Error('nobody is signed in');
        return (await answer.json()).token;
      },
    },
    i18n: {
      translate(key, values = {}) {
        const words = find(key);
        if (typeof words !== 'string') throw new Error(`no text ${key}`);
        return words.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name] ?? '');
      },
      formatDate: (date, options) => new Intl.DateTimeFormat(locale, options).format(date),
      formatCurrency: (amount, options) => new Intl.NumberFormat(locale, { style: 'currency', ...options }).format(amount),
    },
  };
  document.addEventListener('click', (event) => {
    const [, place] = event.composedPath().map((node) => /^shopify:customer-account\/(.*)$/.exec(node.getAttribute?.('href') ?? '')).find(Boolean) ?? [];
    if (!place) return;
    event.preventDefault();
    location.assign(`/account/${place}`);
  }, true);
})();
