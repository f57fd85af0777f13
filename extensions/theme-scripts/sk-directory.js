// The directory can be searched, filtered and sorted. Without scripts it is a list in pages. What it takes is fetched when
// somebody begins to look for a vendor, or when the address or an earlier choice says how to show them.
export function start(block) {
  const search = block.querySelector('[data-sk-search]');
  const list = block.querySelector('[data-sk-list]');
  if (!search || !list) return;
  let again = '';
  // A browser remembers that a module did not come: under another address it is asked for again.
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
