// Everything here works without this file too: forms post, the variant list is a select.
const product = document.querySelector('[data-product]');

if (product) {
  const form = product.querySelector('[data-buy]');
  const variants = JSON.parse(product.querySelector('[data-variants-json]').textContent);
  const options = product.querySelector('[data-options]');
  const select = form.querySelector('select[name="id"]');
  const add = product.querySelector('[data-add]');
  const said = product.querySelector('[data-said]');
  const picture = product.querySelector('[data-main-picture]');

  const show = (src) => {
    if (!picture || !src) return;
    picture.src = src;
    for (const thumb of product.querySelectorAll('[data-picture]')) {
      thumb.toggleAttribute('aria-current', thumb.href.split('?')[0] === new URL(src, location).href.split('?')[0]);
    }
  };
  const choose = () => {
    const wanted = [...options.querySelectorAll('input:checked')].map((input) => input.value);
    const variant = variants.find((one) => one.options.every((value, place) => value === wanted[place]));
    add.disabled = !variant?.available;
    add.textContent = !variant ? 'Not made in this combination' : variant.available ? 'Add to cart' : 'Sold out';
    if (!variant) return;
    select.value = variant.id;
    product.querySelector('[data-price]').textContent = variant.price;
    const was = product.querySelector('[data-was]');
    was.hidden = !variant.was;
    was.textContent = variant.was ?? '';
    show(variant.image);
    history.replaceState(null, '', `?variant=${variant.id}`);
  };
  if (options) {
    options.hidden = false;
    product.querySelector('[data-variants]').hidden = true;
    for (const option of select.options) option.disabled = false;
    options.addEventListener('change', choose);
    // Chosen before this script had come.
    if ([...options.querySelectorAll('input')].some((input) => input.checked !== input.defaultChecked)) choose();
  }
  product.querySelector('.thumbs')?.addEventListener('click', (event) => {
    const link = event.target.closest('[data-picture]');
    if (!link) return;
    event.preventDefault();
    show(link.href);
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    add.disabled = true;
    try {
      const answer = await fetch('/cart/add.js', { method: 'POST', body: new FormData(form) });
      const body = await answer.json();
      said.classList.toggle('is-error', !answer.ok);
      if (answer.ok) {
        said.innerHTML = 'Added. <a href="/cart">View cart</a>';
        await count();
      } else {
        said.textContent = body.description;
      }
    } catch {
      form.submit();
    }
    add.disabled = false;
  });
}

async function count() {
  const cart = await (await fetch('/cart.js')).json();
  const badge = document.querySelector('[data-cart-count]');
  badge.textContent = cart.item_count;
  badge.hidden = cart.item_count === 0;
}

for (const select of document.querySelectorAll('[data-submit]')) {
  select.addEventListener('change', () => select.form.submit());
}
for (const radio of document.querySelectorAll('[data-reprice]')) {
  radio.addEventListener('change', () => radio.form.requestSubmit(radio.form.querySelector('[value="update"]')));
}
document.querySelector('[aria-invalid="true"]')?.focus();
