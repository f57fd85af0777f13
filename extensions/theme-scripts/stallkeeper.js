// The one script of the blocks, deferred. It brings what the page's blocks need, and nothing else; each block says which
// module starts it: data-sk="apply" is started by sk-apply.js. Without scripts the blocks show what Shopify knows.
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
  // The theme editor swaps sections in and out without loading the page again.
  document.addEventListener('shopify:section:load', (event) => start(event.target));
})();
