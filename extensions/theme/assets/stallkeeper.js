(() => {
const { src } = document.currentScript;
const start = (root) => {
for (const block of root.querySelectorAll('[data-sk]')) {
import(new URL(`sk-${block.dataset.sk}.js`, src)).then((module) => {
module.start(block);
block.dataset.skReady = '';
}, () => {});
}
};
start(document);
const pay = () => {
try {
localStorage.setItem('sk:paying', JSON.stringify(JSON.parse(localStorage.getItem('sk:cart'))?.token ?? ''));
} catch {
}
};
document.addEventListener('submit', ({ target, submitter }) => {
if (submitter?.name === 'checkout' || /\/checkout/.test(target.getAttribute('action'))) pay();
}, true);
document.addEventListener('click', ({ target }) => target.closest?.('a[href*="/checkout"]') && pay(), true);
document.addEventListener('shopify:section:load', (event) => start(event.target));
})();
