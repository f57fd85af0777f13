export function start(block) {
const search = block.querySelector('[data-sk-search]');
const list = block.querySelector('[data-sk-list]');
if (!search || !list) return;
let address = './sk-filters.js';
const begin = () => {
const asked = address;
address = '';
if (asked) import(asked).then((module) => {
module.start(block, search, list);
block.dataset.skNear = '';
}, () => { address = `${asked}?`; });
};
let isWanted = /[?&]vendors\./.test(location.search);
try {
isWanted ||= localStorage.getItem(`sk:${block.dataset.customer || 'guest'}:i:preference:vendors`);
} catch {
}
search.hidden = false;
search.addEventListener('submit', (event) => event.preventDefault());
if (isWanted) begin();
block.addEventListener('focusin', begin);
block.addEventListener('pointerover', begin, { once: true });
}
