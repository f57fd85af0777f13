// The one script of the blocks, deferred. It brings what the page's blocks need, and nothing else; each block says which
// module starts it: data-sk="apply" is started by sk-apply.js. Without scripts the blocks show what Shopify knows.
(() => {
  const { src } = document.currentScript;
  // The theme editor may bring a section before the page's own blocks are started.
  const started = new WeakSet();
  const start = (root) => {
    for (const block of root.querySelectorAll('[data-sk]')) {
      if (started.has(block)) continue;
      started.add(block);
      import(new URL(`sk-${block.dataset.sk}.js`, src)).then((module) => {
        module.start(block);
        block.dataset.skReady = '';
      }, () => {});
    }
  };
  // Modules come once the page and its pictures have been shown: fetching them would hold those up on a small device. They
  // wait for no more than a second: a page in a tab that nobody looks at is not painted.
  new Promise((resolve) => {
    addEventListener('load', () => new PerformanceObserver(resolve).observe({ type: 'paint', buffered: true }));
    setTimeout(resolve, 1000);
  }).then(() => start(document));
  // On the way to pay, the cart is remembered as bought if it vanishes. Said here, not by a module: the button may be
  // clicked before a module has come.
  const pay = () => {
    try {
      localStorage.setItem('sk:paying', JSON.stringify(JSON.parse(localStorage.getItem('sk:cart'))?.token ?? ''));
    } catch {
      // No storage, no memory.
    }
  };
  document.addEventListener('submit', ({ target, submitter }) => {
    if (submitter?.name === 'checkout' || /\/checkout/.test(target.getAttribute('action'))) pay();
  }, true);
  document.addEventListener('click', ({ target }) => target.closest?.('a[href*="/checkout"]') && pay(), true);
  // The theme editor swaps sections in and out without loading the page again.
  document.addEventListener('shopify:section:load', (event) => start(event.target));
})();
