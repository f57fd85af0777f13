export function start(block) {
const search = block.querySelector('[data-sk-search]');
const list = block.querySelector('[data-sk-list]');
if (!search || !list) return;
let again = '';
const begin = () => import(`./sk-filters.js${again}`).then((module) => {
module.start(block, search, list);
block.dataset.skNear = '';
}, () => {
again += '?';
search.addEventListener('focusin', begin, { once: true });
});
const hasChosen = () => { try { return localStorage.getItem(`sk:${block.dataset.customer || 'guest'}:i:preference:vendors`); } catch { return null; } };
search.hidden = false;
search.addEventListener('submit', (event) => event.preventDefault());
if (/[?&]vendors\./.test(location.search) || hasChosen()) begin();
else search.addEventListener('focusin', begin, { once: true });
}
