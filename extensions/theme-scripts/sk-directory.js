// The directory can be searched, filtered and sorted. Without scripts it is a list in pages. What it takes is fetched when
// somebody comes to it by keyboard, mouse or finger, or when the address or an earlier choice says how to show them. The
// choices are filled in by then: in Safari a click on a list of choices or a box gives it no focus.
export function start(block) {
  const search = block.querySelector('[data-sk-search]');
  const list = block.querySelector('[data-sk-list]');
  if (!search || !list) return;
  let address = './sk-filters.js';
  const begin = () => {
    const asked = address;
    address = '';
    // A browser remembers that a module did not come: under another address it is asked for again, though not
    // at every movement of the mouse.
    if (asked) import(asked).then((module) => {
      module.start(block, search, list);
      block.dataset.skNear = '';
    }, () => { address = `${asked}?`; });
  };
  let isWanted = /[?&]vendors\./.test(location.search);
  try {
    isWanted ||= localStorage.getItem(`sk:${block.dataset.customer || 'guest'}:i:preference:vendors`);
  } catch {
    // No storage, no earlier choice.
  }
  search.hidden = false;
  search.addEventListener('submit', (event) => event.preventDefault());
  if (isWanted) begin();
  block.addEventListener('focusin', begin);
  block.addEventListener('pointerover', begin, { once: true });
}
