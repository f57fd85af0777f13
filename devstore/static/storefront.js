// A stand-in for the script that Shopify puts into every storefront page: routes, locale, currency, and the Customer
// Privacy API. A visitor who was never asked counts as agreeing, as in a region where nobody need be asked.
(() => {
  const known = JSON.parse(document.currentScript.dataset.shop);
  const NAME = '_tracking_consent';
  const given = () => {
    const found = document.cookie.split('; ').find((pair) => pair.startsWith(`${NAME}=`));
    return found ? JSON.parse(decodeURIComponent(found.slice(NAME.length + 1))) : {};
  };
  const allows = (what) => () => given()[what] !== false;
  const api = {
    preferencesProcessingAllowed: allows('preferences'),
    analyticsProcessingAllowed: allows('analytics'),
    marketingAllowed: allows('marketing'),
    currentVisitorConsent: given,
    shouldShowBanner: () => false,
    setTrackingConsent(consent, done) {
      document.cookie = `${NAME}=${encodeURIComponent(JSON.stringify({ ...given(), ...consent }))}; path=/; SameSite=Lax`;
      document.dispatchEvent(new CustomEvent('visitorConsentCollected', { detail: given() }));
      done?.();
    },
  };
  window.Shopify = {
    routes: { root: '/' },
    ...known,
    loadFeatures(features, done) {
      // As on Shopify: the API is not there until a page has asked for it.
      setTimeout(() => {
        if (features.some(({ name }) => name === 'consent-tracking-api')) window.Shopify.customerPrivacy = api;
        done?.();
      });
    },
  };
})();
