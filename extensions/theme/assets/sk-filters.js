const FILTERS = ['q', 'letter', 'place', 'here', 'sort'];
const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
const nameOf = (vendor) => vendor.querySelector('.sk-name').textContent;
const letterOf = (vendor) => plain(nameOf(vendor)).charAt(0).toUpperCase();
const { compare } = new Intl.Collator(document.documentElement.lang || undefined, { numeric: true });
const byName = (a, b) => compare(nameOf(a), nameOf(b));
const rating = ({ dataset }) => (Number(dataset.count) ? Number(dataset.rating) : 0);
const ORDERS = {
'': byName,
new: (a, b) => compare(b.dataset.since, a.dataset.since) || byName(a, b),
rating: (a, b) => rating(b) - rating(a) || b.dataset.count - a.dataset.count || byName(a, b),
};
const valueOf = (field) => (field.type === 'checkbox' && !field.checked ? '' : field.value);
const readAddress = (fields) => {
const chosen = new URLSearchParams(location.search);
for (const name of FILTERS) {
const value = chosen.get(`vendors.${name}`) ?? '';
if (fields[name].type === 'checkbox') fields[name].checked = value !== '';
else fields[name].value = value;
}
};
const writeAddress = (fields) => {
const address = new URL(location.href);
for (const name of FILTERS) {
const value = valueOf(fields[name]);
if (value) address.searchParams.set(`vendors.${name}`, value);
else address.searchParams.delete(`vendors.${name}`);
}
history.replaceState(history.state, '', address);
};
export function start(block, search, list, isAsked) {
const fields = search.elements;
const found = search.querySelector('[data-sk-found]');
const pages = block.querySelector('[data-sk-pages]');
const vendors = () => [...list.querySelectorAll('[data-sk-vendor]')];
const loadRest = async () => {
let next = pages?.querySelector('[rel="next"]')?.href;
let previous = pages?.querySelector('[rel="prev"]')?.href;
const fetchPage = async (url) => new DOMParser().parseFromString(await (await fetch(url)).text(), 'text/html');
const take = (page) => page.querySelectorAll('[data-sk="directory"] [data-sk-vendor]').forEach((vendor) => list.append(document.adoptNode(vendor)));
for (; next; ) {
const page = await fetchPage(next);
next = page.querySelector('[data-sk-pages] [rel="next"]')?.href;
take(page);
}
for (; previous; ) {
const page = await fetchPage(previous);
previous = page.querySelector('[data-sk-pages] [rel="prev"]')?.href;
take(page);
}
};
const offer = (select, values) => {
const known = new Set([...select.options].map((option) => option.value));
const fresh = [...new Set(values)].filter((value) => value && !known.has(value));
const options = [...select.options].slice(1).concat(fresh.map((value) => new Option(value, value)));
select.append(...options.sort((a, b) => compare(a.value, b.value)));
};
const offerAll = () => {
offer(fields.letter, vendors().map(letterOf));
offer(fields.place, vendors().map(({ dataset }) => dataset.place));
};
let rest = null;
const loadAll = async () => {
rest ??= loadRest().then(() => { if (pages) pages.hidden = true; }, () => { rest = null; });
await rest;
offerAll();
};
const filter = async () => {
const isChosen = FILTERS.some((name) => valueOf(fields[name]));
await loadAll();
list.append(...vendors().sort(ORDERS[fields.sort.value] ?? byName));
const words = plain(fields.q.value).split(/\s+/).filter(Boolean);
let count = 0;
for (const vendor of vendors()) {
const text = plain(vendor.textContent);
const { place, away } = vendor.dataset;
vendor.hidden = !(words.every((word) => text.includes(word))
&& (!fields.letter.value || letterOf(vendor) === fields.letter.value)
&& (!fields.place.value || place === fields.place.value)
&& (!fields.here.checked || away === undefined));
count += !vendor.hidden;
}
const said = count === 0 ? found.dataset.none : count === 1 ? found.dataset.one : found.dataset.many;
found.textContent = isChosen ? said.replace('[count]', count) : '';
};
search.addEventListener('input', () => { writeAddress(fields); filter(); });
return loadAll().then(() => { if (isAsked) readAddress(fields); return filter(); });
}
