export function start(block) {
const search = block.querySelector('[data-sk-search]');
const list = block.querySelector('[data-sk-list]');
if (!search || !list) return;
const begin = async () => (await import('./sk-filters.js')).start(block, search, list);
const hasChosen = () => { try { return localStorage.getItem(`sk:${block.dataset.customer || 'guest'}:i:preference:vendors`); } catch { return null; } };
search.hidden = false;
search.addEventListener('submit', (event) => event.preventDefault());
if (/[?&]vendors\./.test(location.search) || hasChosen()) begin();
else search.addEventListener('focusin', begin, { once: true });
}
