import { attach, keeper } from './sk-lists.js';
const GIVE_UP = 12_000;
export function start(block) {
const { vendor, proxy, customer } = block.dataset;
const part = (name) => block.querySelector(`[data-${name}]`);
const [rows, more, state, form] = ['rows', 'more', 'state', 'write'].map(part);
const ask = async (path, body) => {
const init = body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
const answer = await fetch(`${proxy}/${path}`, { ...init, signal: AbortSignal.timeout(GIVE_UP) });
const said = await answer.json();
if (!answer.ok) throw said;
return said;
};
let next = rows.children.length;
const show = (review) => {
const row = block.querySelector('template').content.firstElementChild.cloneNode(true);
const write = (name, words) => {
const place = row.querySelector(`[data-${name}]`);
place.textContent = words ?? '';
return place;
};
const stars = row.querySelector('.sk-stars');
stars.style.setProperty('--sk-part', `${review.stars * 20}%`);
stars.setAttribute('aria-label', block.dataset.stars.replace('[count]', review.stars));
write('title', review.title);
write('words', review.words);
write('name', review.name || block.dataset.nameless);
write('on', new Date(`${review.on}T12:00`).toLocaleDateString(document.documentElement.lang || undefined, { dateStyle: 'long' })).dateTime = review.on;
row.querySelector('[data-returned]').hidden = !review.returned;
row.querySelector('[data-answer]').hidden = !write('answer-words', review.answer).textContent;
return row;
};
more.hidden = Number(block.dataset.count) <= next;
more.addEventListener('click', async () => {
more.disabled = true;
try {
const { reviews, next: after } = await ask(`reviews.json?vendor=${encodeURIComponent(vendor)}&from=${next}`);
const [first] = reviews.map(show).map((row) => rows.appendChild(row));
next = after;
more.hidden = after == null;
state.textContent = '';
first?.setAttribute('tabindex', '-1');
first?.focus();
} catch {
state.textContent = block.dataset.unread;
}
more.disabled = false;
});
const value = (name) => form.elements[name].value;
const say = (name, words) => {
part(name).textContent = words;
part(name).hidden = !words;
};
let mayWrite = !customer;
const fill = () => {
const draft = keeper.items.find('review', vendor)?.value;
if (form.contains(document.activeElement)) return;
if (!draft) { form.hidden ||= !mayWrite; return; }
for (const [field, words] of Object.entries({ title: draft.title, words: draft.text, stars: draft.stars })) form.elements[field].value = words ?? '';
for (const folded of form.querySelectorAll('details')) folded.open = true;
};
const open = ({ orders = [], name = '' } = {}) => {
mayWrite ||= orders.length > 0;
if (!mayWrite && !keeper.items.has('review', vendor)) return;
form.elements.order.replaceChildren(...orders.map((order) => new Option(`${order.name}: ${order.items.join(', ')}`.slice(0, 90), order.id)));
part('orders').hidden = orders.length < 2;
form.elements.name.value ||= name;
form.hidden = false;
};
attach(block, fill);
form.addEventListener('input', () => {
const typed = { stars: Number(value('stars')), title: value('title'), text: value('words') };
const draft = Object.entries(typed).filter(([, said]) => said);
if (draft.length) keeper.put('review', vendor, Object.fromEntries(draft));
else keeper.remove('review', vendor);
part('error="stars"').hidden = true;
});
form.addEventListener('submit', async (event) => {
event.preventDefault();
const button = form.querySelector('[type="submit"]');
const stars = Number(value('stars'));
part('error="stars"').hidden = stars > 0;
if (!stars) { form.querySelector('input').focus(); return; }
if (!customer) { location.assign(block.dataset.login); return; }
button.disabled = true;
say('failed', '');
state.textContent = block.dataset.sending;
try {
const order = Number(value('order')) || null;
const { published } = await ask('reviews', { vendor, order, stars, title: value('title'), words: value('words'), name: value('name') });
keeper.remove('review', vendor);
form.hidden = true;
say('done', block.dataset[published ? 'published' : 'waits']);
part('done').focus();
} catch ({ message, ok }) {
say('failed', ok === false && message ? message : block.dataset.unsent);
}
state.textContent = '';
button.disabled = false;
});
if (customer) ask(`reviews/mine?vendor=${encodeURIComponent(vendor)}`).then(open, () => open());
else open();
}
