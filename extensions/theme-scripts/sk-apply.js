// The application form answers in place, and keeps what is typed until it is sent. Without this script it posts and
// opens a page.
import { keep } from './sk-draft.js';

const SLOW_AFTER = 5000;
const GIVE_UP_AFTER = 20000;

const write = (place, words) => {
  place.textContent = words;
  place.hidden = !words;
};

export function start(block) {
  const form = block.querySelector('[data-sk-form]');
  const forget = keep(form, 'sk:application');
  const failed = form.querySelector('[data-sk-failed]');
  const state = form.querySelector('[data-sk-state]');
  const button = form.querySelector('[type="submit"]');
  const fieldOf = (name) => form.querySelector(`[data-sk-field="${CSS.escape(name)}"]`);

  const mark = (field, words) => {
    const input = field.querySelector('input, textarea, select');
    write(field.querySelector('[data-sk-error]'), words);
    if (words) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  };
  const say = (words) => write(failed, words);
  const show = (errors) => {
    const unplaced = [];
    for (const field of form.querySelectorAll('[data-sk-field]')) mark(field, '');
    for (const [name, words] of Object.entries(errors)) {
      const field = fieldOf(name);
      if (field) {
        field.hidden = false;
        mark(field, words);
      } else unplaced.push(words);
    }
    say(unplaced.join(' '));
    form.querySelector('[aria-invalid]')?.focus();
  };
  const missing = () => {
    const errors = {};
    for (const input of form.querySelectorAll('[required]')) {
      if (!input.value.trim()) errors[input.name] = form.dataset.required;
    }
    return errors;
  };
  const thank = (words) => {
    const done = block.querySelector('[data-sk-done]');
    write(done, words);
    form.hidden = true;
    forget();
    done.focus();
  };
  const send = async () => {
    const answer = await fetch(form.action, {
      method: 'POST',
      headers: { Accept: 'application/json' },
      body: new URLSearchParams(new FormData(form)),
      signal: AbortSignal.timeout(GIVE_UP_AFTER),
    });
    const body = await answer.json();
    if (body.ok) thank(body.message);
    else if (Object.keys(body.errors ?? {}).length) show(body.errors);
    else say(body.message || form.dataset.failed);
  };

  form.noValidate = true;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    const errors = missing();
    show(errors);
    if (Object.keys(errors).length) return;
    button.disabled = true;
    state.textContent = form.dataset.sending;
    const slow = setTimeout(() => { state.textContent = form.dataset.slow; }, SLOW_AFTER);
    try {
      await send();
    } catch {
      say(form.dataset.failed);
    }
    clearTimeout(slow);
    state.textContent = '';
    button.disabled = false;
  });
}
