// The directory can be searched and sorted. Without this script it is a list in pages.
export function start(block) {
  const search = block.querySelector('[data-sk-search]');
  const list = block.querySelector('[data-sk-list]');
  if (!search || !list) return;
  const found = search.querySelector('[data-sk-found]');
  const pages = block.querySelector('[data-sk-pages]');
  let rest = null;

  // The other pages of the directory are fetched once, at the first search.
  const loadRest = async () => {
    let next = pages?.querySelector('[rel="next"]')?.href;
    let previous = pages?.querySelector('[rel="prev"]')?.href;
    const fetchPage = async (url) => new DOMParser().parseFromString(await (await fetch(url)).text(), 'text/html');
    const take = (page) => page.querySelectorAll('[data-sk-vendor]').forEach((vendor) => list.append(document.adoptNode(vendor)));
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
  const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const sort = () => {
    const name = (vendor) => vendor.querySelector('.sk-name').textContent;
    const rating = ({ dataset }) => (Number(dataset.count) ? Number(dataset.rating) : 0);
    const byName = (a, b) => name(a).localeCompare(name(b), document.documentElement.lang || undefined);
    const byRating = (a, b) => rating(b) - rating(a) || b.dataset.count - a.dataset.count || byName(a, b);
    list.append(...[...list.querySelectorAll('[data-sk-vendor]')].sort(search.elements.sort.value ? byRating : byName));
  };
  const filter = async () => {
    const words = plain(search.elements.q.value).split(/\s+/).filter(Boolean);
    if ((words.length || search.elements.sort.value) && pages) {
      rest ??= loadRest().then(() => { pages.hidden = true; }, () => { rest = null; });
      await rest;
    }
    sort();
    let count = 0;
    for (const vendor of list.querySelectorAll('[data-sk-vendor]')) {
      const text = plain(vendor.textContent);
      vendor.hidden = !words.every((word) => text.includes(word));
      count += !vendor.hidden;
    }
    const said = count === 0 ? found.dataset.none : count === 1 ? found.dataset.one : found.dataset.many;
    found.textContent = words.length ? said.replace('[count]', count) : '';
  };
  search.hidden = false;
  search.addEventListener('submit', (event) => event.preventDefault());
  search.addEventListener('input', filter);
}
