// The directory can be searched, filtered and sorted. Without scripts it is a list in pages.
export function start(block) {
  const search = block.querySelector('[data-sk-search]');
  const list = block.querySelector('[data-sk-list]');
  if (!search || !list) return;
  const isAsked = /[?&]vendors\./.test(location.search);
  const begin = async () => (await import('./sk-filters.js')).start(block, search, list, isAsked);
  search.hidden = false;
  search.addEventListener('submit', (event) => event.preventDefault());
  if (isAsked) begin();
  else search.addEventListener('focusin', begin, { once: true });
}
