// What stands far down a page: its module is fetched when the visitor comes near. data-later="reviews" is sk-reviews.js.
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    import(`./sk-${target.dataset.later}.js`).then((module) => {
      module.start(target);
      target.dataset.skNear = '';
    }, () => {});
  }
}, { rootMargin: '600px' });

export const start = (block) => near.observe(block);
