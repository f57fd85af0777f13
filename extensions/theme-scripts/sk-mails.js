// E-mails that a signed-in customer chooses: shown once the shop offers some and the customer lets it keep their lists,
// for without those there is nothing to write about. What is ticked counts when the server says so, and not before.
import { post } from './sk-cart.js';
import { keeper } from './sk-lists.js';

const GIVE_UP = 12_000;
const AGAIN = 5000;

export function start(block) {
  // Of two lists on a page the first has the boxes.
  if (document.querySelector('[data-later="mails"]') !== block) return;
  const { proxy, wording } = block.dataset;
  const form = block.querySelector('form');
  const [email, button, error, state] = ['[type="email"]', '[type="submit"]', '[data-error]', '[data-state]'].map((part) => form.querySelector(part));
  const boxes = [...form.querySelectorAll('[type="checkbox"]')];
  let isAsked = false;
  let tries = 3;

  const say = (words) => {
    error.textContent = words;
    error.hidden = !words;
  };

  const load = async () => {
    if (isAsked || keeper?.state !== 'synced') return;
    isAsked = true;
    const answer = await fetch(`${proxy}/mails.json`, { signal: AbortSignal.timeout(GIVE_UP) });
    if (!answer.ok) throw answer;
    const { offered, chosen, email: known, waiting } = await answer.json();
    if (!offered.length) return;
    for (const box of boxes) {
      box.checked = chosen.includes(box.value);
      box.closest('[data-topic]').hidden = !offered.includes(box.value);
    }
    if (known) email.value = known;
    state.textContent = waiting ? block.dataset.confirm : '';
    block.querySelector('details').hidden = false;
  };

  const send = async (topics) => {
    const answer = await fetch(`${proxy}/mails`, {
      ...post({ topics, email: email.value, locale: document.documentElement.lang, page: location.pathname, wording }),
      signal: AbortSignal.timeout(GIVE_UP),
    });
    return answer.json();
  };

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const topics = boxes.filter((box) => box.checked).map((box) => box.value);
    button.disabled = true;
    state.textContent = block.dataset.sending;
    say('');
    const said = await send(topics).catch(() => ({}));
    button.disabled = false;
    state.textContent = '';
    if (said.ok) {
      const done = topics.length ? block.dataset.saved : block.dataset.stopped;
      state.textContent = said.confirm ? block.dataset.confirm : done;
      state.focus();
    } else {
      say(said.errors?.email ?? said.message ?? block.dataset.unsent);
      if (said.errors?.email) email.focus();
    }
  });

  // Once the account is reached, and it is not without the customer's consent; when it was away, a moment later.
  const tryLoad = () => load().catch(() => {
    isAsked = false;
    tries -= 1;
    if (tries > 0) setTimeout(tryLoad, AGAIN);
  });
  document.addEventListener('stallkeeper:sync', tryLoad);
  tryLoad();
}
