import { keep } from './sk-draft.js';
const SLOW_AFTER = 5000;
const GIVE_UP_AFTER = 20000;
const write = (place, words) => {
place.textContent = words;
place.hidden = !words;
};
export function start(block) {
const form = block.querySelector('[data-sk-form]');
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
draft.forget();
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
const draft = keep(form, 'sk:application');
let asked;
const ask = () => { asked ??= more(form).then(draft.restore); };
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
form.addEventListener('focusin', ask, { once: true });
if (draft.restore()) ask();
}
async function more(form) {
try {
const answer = await fetch(form.action, { headers: { Accept: 'application/json' } });
const { terms, questions = [] } = await answer.json();
const place = form.querySelector('[data-sk-terms]');
for (const question of questions) if (question.kind !== 'file') place.before(field(form, question));
const documents = questions.filter(({ kind }) => kind === 'file').map(({ label }) => label).join(', ');
if (documents) write(form.querySelector('[data-sk-later]'), form.dataset.later.replace('[documents]', documents));
if (!terms) return;
write(form.querySelector('[data-sk-terms-text]'), terms);
place.hidden = false;
} catch {
}
}
const make = (name, values, ...inside) => {
const made = Object.assign(document.createElement(name), values);
made.append(...inside);
return made;
};
function field(form, { name, kind, label, help, choices, required, max_length: longest }) {
const id = `${form.dataset.id}-${name}`;
const { yes, no, choose, optional } = form.dataset;
const options = kind === 'yes_no' ? [['yes', yes], ['no', no]] : choices.map((words) => [words, words]);
const control = kind === 'text'
? make('textarea', { rows: 3, maxLength: longest })
: make('select', {}, new Option(choose, ''), ...options.map(([value, words]) => new Option(words, value)));
Object.assign(control, { id, name, required, className: 'sk-input' });
control.setAttribute('aria-describedby', `${id}-help ${id}-error`);
const error = make('p', { id: `${id}-error`, className: 'sk-error', hidden: true });
error.dataset.skError = '';
const title = make('label', { htmlFor: id }, label);
if (!required) title.append(' ', make('span', { className: 'sk-quiet' }, optional));
const made = make('div', { className: 'sk-field' }, title, control, make('p', { id: `${id}-help`, className: 'sk-help' }, help), error);
made.dataset.skField = name;
return made;
}
