// Shopify runs the extension in a worker of its own and draws the s-* elements that stand in document.body; `shopify` is
// its API. Elements are made as Preact makes them, properties where an element has them, attributes elsewhere.

export const t = (key, values) => shopify.i18n.translate(key, values);

// make('s-text', { type: 'strong' }, 'Hello'): a function under `onclick` or `onchange` is a listener.
export const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value == null) continue;
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
};
export const text = (words, properties) => make('s-text', properties, words);
export const quiet = (words) => text(words, { color: 'subdued' });
export const link = (words, href, properties) => make('s-link', { href, ...properties }, words);
export const row = (...children) => make('s-stack', { direction: 'inline', gap: 'small', alignItems: 'center' }, ...children);
export const column = (...children) => make('s-stack', { gap: 'small' }, ...children);
export const paragraph = (...children) => make('s-paragraph', {}, ...children);
export const items = (lines) => make('s-unordered-list', {}, ...lines.map(({ quantity, title }) => make('s-list-item', {}, `${quantity} × ${title}`)));
// Badges on customers' pages know two tones; what is over is subdued.
export const badge = (words, tone) => make('s-badge', tone === 'over' ? { tone: 'auto', color: 'subdued' } : { tone }, words);

export const ask = async (path, body) => {
  const token = await shopify.sessionToken.get();
  const answer = await fetch(`${shopify.settings.value.app_url}/account-page/${path}`, {
    headers: { Authorization: `Bearer ${token}`, Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }) },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
  if (!answer.ok) throw answer;
  return answer.json();
};
