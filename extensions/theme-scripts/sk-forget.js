// All lists deleted at once. As long as the page is open they can be brought back. The cart is Shopify's and stays.
import { keeper } from './sk-lists.js';

const LISTS = ['wishlist', 'follow', 'saved', 'viewed', 'search', 'review'];

export function start(block) {
  const [asked, done] = block.querySelectorAll('[data-step]');
  const [sure, undo] = block.querySelectorAll('button');
  let gone = [];
  const show = (isDone) => {
    asked.hidden = isDone;
    done.hidden = !isDone;
    (isDone ? undo : sure).focus();
  };
  sure.addEventListener('click', () => {
    gone = LISTS.flatMap((kind) => keeper.items.list(kind));
    for (const { kind, key } of gone) keeper.remove(kind, key);
    show(true);
  });
  undo.addEventListener('click', () => {
    // What was kept last stood first in its list, and shall again.
    for (const { kind, key, value } of gone.reverse()) keeper.put(kind, key, value);
    show(false);
  });
  sure.disabled = false;
}
