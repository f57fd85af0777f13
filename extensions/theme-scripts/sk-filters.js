// What searching, filtering and sorting the directory takes: fetched when somebody begins to look for a vendor. How
// vendors are sorted, and whether those on holiday are left out, is a preference; what was searched for is offered again.
import { attach, keeper } from './sk-lists.js';
import { recent } from './sk-recent.js';

const FILTERS = ['q', 'letter', 'place', 'here', 'sort'];
const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
const nameOf = (vendor) => vendor.querySelector('.sk-name').textContent;
const letterOf = (vendor) => [...plain(nameOf(vendor))][0]?.toUpperCase();
const { compare } = new Intl.Collator(document.documentElement.lang || undefined, { numeric: true });
const byName = (a, b) => compare(nameOf(a), nameOf(b));
const rating = ({ dataset }) => (Number(dataset.count) ? Number(dataset.rating) : 0);
const ORDERS = {
  '': byName,
  new: (a, b) => compare(b.dataset.since, a.dataset.since) || byName(a, b),
  rating: (a, b) => rating(b) - rating(a) || b.dataset.count - a.dataset.count || byName(a, b),
};

const valueOf = (field) => (field.type === 'checkbox' && !field.checked ? '' : field.value);

// What was chosen stands in the page's address, so that it can be sent to somebody and survives going back. What
// somebody typed or chose before this script was here is newer.
const readAddress = (fields) => {
  const chosen = new URLSearchParams(location.search);
  for (const name of FILTERS) {
    const value = chosen.get(`vendors.${name}`);
    if (!value || valueOf(fields[name])) continue;
    if (fields[name].type === 'checkbox') fields[name].checked = true;
    else fields[name].value = value;
  }
};
const readPreference = (fields) => {
  const chosen = new URLSearchParams(keeper.items.find('preference', 'vendors')?.value?.is);
  fields.sort.value = chosen.get('sort') ?? '';
  fields.here.checked = chosen.has('here');
};
const writePreference = (fields) => {
  const chosen = new URLSearchParams(['sort', 'here'].map((name) => [name, valueOf(fields[name])]).filter(([, value]) => value));
  keeper.ready.then(() => keeper.put('preference', 'vendors', { is: chosen.toString() }));
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

// Whether the page's address says what to look for.
const isAsked = () => /[?&]vendors\./.test(location.search);

export function start(block, search, list) {
  const fields = search.elements;
  const found = search.querySelector('[data-sk-found]');
  const pages = block.querySelector('[data-sk-pages]');
  const vendors = () => [...list.querySelectorAll('[data-sk-vendor]')];

  // The other pages of the directory are fetched once, four at a time; its field's name tells it from another on the page.
  const { page, of } = pages?.dataset ?? {};
  const missing = Array.from({ length: Number(of ?? 1) }, (_, place) => place + 1).filter((number) => number !== Number(page ?? 1));
  const lane = async () => {
    while (missing.length) {
      const number = missing.shift();
      const address = new URL(location.href);
      address.searchParams.set('page', number);
      const answer = await fetch(address).catch(() => null);
      if (!answer?.ok) { missing.push(number); return; }
      const other = new DOMParser().parseFromString(await answer.text(), 'text/html');
      for (const vendor of other.getElementById(fields.q.id)?.closest('[data-sk]').querySelectorAll('[data-sk-vendor]') ?? []) {
        vendor.hidden = true;
        list.append(document.adoptNode(vendor));
      }
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
    list.ariaBusy = missing.length > 0;
    rest ??= Promise.all([lane(), lane(), lane(), lane()]);
    await rest;
    list.ariaBusy = false;
    if (missing.length) rest = null;
    else if (pages) pages.hidden = true;
    offerAll();
  };
  const draw = () => {
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
    return count;
  };
  // What is here is shown at once; how many there are is said when all of them are here.
  const filter = async () => {
    const isChosen = FILTERS.some((name) => valueOf(fields[name]));
    if (isChosen) draw();
    await loadAll();
    const count = draw();
    const said = count === 0 ? found.dataset[missing.length ? 'unread' : 'none'] : count === 1 ? found.dataset.one : found.dataset.many;
    found.textContent = isChosen ? said.replace('[count]', count) : '';
  };
  const drawRecent = recent(block, fields.q, () => { writeAddress(fields); filter(); });
  search.addEventListener('input', () => { writeAddress(fields); filter(); });
  search.addEventListener('change', ({ target }) => {
    if (target === fields.sort || target === fields.here) writePreference(fields);
  });
  const isEarly = Boolean(fields.sort.value || fields.here.checked);
  // The place or letter that the address names may be another page's, which is not here yet.
  for (const name of ['letter', 'place']) offer(fields[name], [new URLSearchParams(location.search).get(`vendors.${name}`)]);
  readAddress(fields);
  if (isEarly) writeAddress(fields);
  attach(block, () => {
    drawRecent();
    if (!isAsked()) readPreference(fields);
    filter();
  });
  if (isEarly) writePreference(fields);
}
