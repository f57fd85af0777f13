const LONGEST = 864e5;
const KEPT_OUT = new Set(['company_url', 'accept_terms']);
export function keep(form, key) {
const note = form.querySelector('[data-sk-draft]');
const { customer = '' } = form.dataset;
const fields = () => [...form.elements].filter(({ name }) => name && !KEPT_OUT.has(name));
const read = () => {
try {
const held = JSON.parse(localStorage.getItem(key));
return held && Date.now() - held.at < LONGEST && (!held.who || held.who === customer) ? held : null;
} catch {
return null;
}
};
const forget = () => {
note.hidden = true;
try { localStorage.removeItem(key); } catch { /* nothing was kept, either */ }
return false;
};
const write = () => {
const held = read();
const values = { ...held?.values };
for (const { name, value } of fields()) values[name] = value;
if (!Object.values(values).some(Boolean)) return;
try {
const id = held?.id ?? crypto.randomUUID();
localStorage.setItem(key, JSON.stringify({ id, at: Date.now(), who: customer, isSynced: false, values }));
note.hidden = false;
} catch {
}
};
const restore = () => {
const held = read();
if (!held) return forget();
for (const field of fields()) if (!field.value) field.value = held.values[field.name] ?? '';
note.hidden = false;
return true;
};
form.addEventListener('input', write);
note.querySelector('button').addEventListener('click', () => {
form.reset();
forget();
fields()[0].focus();
});
let asked;
const ask = () => { asked ??= import('./sk-asked.js').then((module) => module.start(form)).then(restore, () => {}); };
form.addEventListener('focusin', ask, { once: true });
const isBegun = fields().some(({ value, defaultValue = value }) => value !== defaultValue);
if (restore() || isBegun || form.contains(document.activeElement)) ask();
if (isBegun) write();
return forget;
}
