// All lists deleted at once, here and in the account. As long as the page is open they can be brought back. The cart is
// Shopify's and stays.
import { keeper } from './sk-lists.js';

const LISTS = ['wishlist', 'follow', 'saved', 'viewed', 'search', 'review'];

export function start(block) {
  const [asked, done] = block.querySelectorAll('[data-step]');
  const [sure, undo] = block.querySelectorAll('button');
  const list = block.closest('[data-kind]');
  const { failed: unreached } = list.dataset;
  const gone = [];
  const show = (isDone) => {
    asked.hidden = isDone;
    done.hidden = !isDone;
    (isDone ? undo : sure).focus();
  };
  const empty = () => {
    const held = LISTS.flatMap((kind) => keeper.items.list(kind));
    for (const { kind, key } of held) keeper.remove(kind, key);
    gone.push(...held);
    return held.length;
  };
  sure.addEventListener('click', async () => {
    sure.disabled = true;
    empty();
    if (!keeper.isGuest) {
      await keeper.sync({ now: true });
      // What other devices had kept may have come only now.
      if (empty()) await keeper.sync({ now: true });
    }
    const { deleted, local, failed } = block.dataset;
    const words = { synced: deleted, local }[keeper.isGuest ? 'synced' : keeper.state] ?? failed;
    done.firstElementChild.textContent = words;
    // That the account was not reached is said here, and that something is kept is not so.
    if (words === failed) {
      delete list.dataset.failed;
      list.querySelector('[data-status]').hidden = true;
    }
    show(true);
  });
  undo.addEventListener('click', () => {
    // What was kept last stood first in its list, and shall again.
    gone.sort((a, b) => (a.clock < b.clock ? -1 : 1));
    for (const { kind, key, value } of gone.splice(0)) keeper.put(kind, key, value);
    list.dataset.failed = unreached;
    sure.disabled = false;
    show(false);
  });
  sure.disabled = false;
}
