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
