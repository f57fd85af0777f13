// The vendor's own pages, in a frame on the shop's page. Shopify says who the customer is; the button stays when that fails.
export async function start(place) {
  const answer = await fetch(place.dataset.portal, { headers: { Accept: 'application/json' } }).catch(() => null);
  if (!answer?.ok) return;
  const { address } = await answer.json();
  const frame = document.createElement('iframe');
  Object.assign(frame, { src: address, title: place.dataset.title || document.title, allow: 'clipboard-write; publickey-credentials-get' });
  place.replaceChildren(frame);
}
