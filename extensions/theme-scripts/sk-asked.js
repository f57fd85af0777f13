// What the merchant asks besides the form's own fields, and the terms: the app keeps them, and is asked when somebody
// begins to fill in the form. Without them it still sends; the app says when the terms must be accepted.
const show = (place, words) => {
  place.textContent = words;
  place.hidden = false;
};

export async function start(form) {
  const answer = await fetch(form.action, { headers: { Accept: 'application/json' } });
  const { terms, questions = [] } = await answer.json();
  const place = form.querySelector('[data-sk-terms]');
  for (const question of questions) if (question.kind !== 'file') place.before(field(form, question));
  const documents = questions.filter(({ kind }) => kind === 'file').map(({ label }) => label).join(', ');
  if (documents) show(form.querySelector('[data-sk-later]'), form.dataset.later.replace('[documents]', documents));
  if (!terms) return;
  show(form.querySelector('[data-sk-terms-text]'), terms);
  place.hidden = false;
}

const make = (name, values, ...inside) => {
  const made = Object.assign(document.createElement(name), values);
  made.append(...inside);
  return made;
};

// One question as a field like the others: its words are the merchant's, and never markup.
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
