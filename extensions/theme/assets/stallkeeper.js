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
document.addEventListener('shopify:section:load', (event) => start(event.target));
})();
