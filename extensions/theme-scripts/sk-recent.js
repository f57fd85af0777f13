// What the customer looked for in the directory: offered again, and removable.
import { keeper } from './sk-lists.js';

const OURS = 'vendors:';
const MOST = 6;

// `box` is where one types. Returns what draws the line of earlier searches; `again` is called when one was taken.
export const recent = (block, box, again) => {
  const line = block.querySelector('[data-sk-recent]');
  const chip = ({ key, value: { words } }) => {
    const one = block.querySelector('template').content.firstElementChild.cloneNode(true);
    const [take, forget] = one.children;
    take.textContent = words;
    take.addEventListener('click', () => { box.value = words; again(); box.focus(); });
    forget.setAttribute('aria-label', `${forget.title}: ${words}`);
    forget.addEventListener('click', () => { keeper.remove('search', key); box.focus(); });
    return one;
  };
  box.addEventListener('change', () => {
    const words = box.value.trim().slice(0, 80);
    if (words.length > 1) keeper.put('search', OURS + words.toLowerCase(), { words });
  });
  return () => {
    const kept = keeper.items.list('search').filter(({ key }) => key.startsWith(OURS)).slice(0, MOST);
    line.lastElementChild.replaceChildren(...kept.map(chip));
    line.hidden = !kept.length;
  };
};
