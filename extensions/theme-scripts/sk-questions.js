// Questions to a vendor: those that were answered, and asking one. A question that cannot be sent stays in this browser
// under a key of its own for a week and is sent when the shop can be reached; the same key twice is one question. What
// somebody asked who was signed in goes when they sign out.
const GIVE_UP = 12_000;
const KEPT = 'sk:asked';
const LONGEST = 7 * 864e5;

export function start(block) {
  const { vendor, about: product, proxy, customer } = block.dataset;
  const part = (name) => block.querySelector(`[data-${name}]`);
  const [rows, form, state, done] = ['rows', 'ask', 'state', 'done'].map(part);
  const button = form.querySelector('[type="submit"]');
  const isOurs = ({ at, who }) => Date.now() - at < LONGEST && (!who || who === customer);
  const read = () => { try { return (JSON.parse(localStorage.getItem(KEPT)) ?? []).filter(isOurs); } catch { return []; } };
  const keep = (questions) => { try { localStorage.setItem(KEPT, JSON.stringify(questions.slice(-20))); } catch { /* kept on the page only */ } };
  const say = (place, words) => {
    place.textContent = words;
    place.hidden = !words;
  };

  const show = ({ words, name, answer }) => {
    const row = block.querySelector('template').content.firstElementChild.cloneNode(true);
    for (const [place, text] of Object.entries({ words, answer, name: name || block.dataset.nameless })) row.querySelector(`[data-${place}]`).textContent = text;
    return row;
  };
  const load = async () => {
    const query = new URLSearchParams({ vendor, ...(product && { product }) });
    const answer = await fetch(`${proxy}/questions.json?${query}`, { signal: AbortSignal.timeout(GIVE_UP) });
    if (!answer.ok) return;
    const { questions, known } = await answer.json();
    rows.replaceChildren(...questions.map(show));
    part('email').hidden = known;
  };

  // What was refused comes back to the form; what nobody could take stays for the next time.
  const post = async ({ at, who, ...question }) => {
    const answer = await fetch(`${proxy}/questions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(question),
      signal: AbortSignal.timeout(GIVE_UP),
    });
    const said = await answer.json();
    if (answer.status >= 500 || answer.status === 429 || answer.status === 401) throw said;
    keep(read().filter(({ key }) => key !== question.key));
    return said;
  };
  const sent = ({ confirm }) => {
    say(done, confirm ? block.dataset.confirm : block.dataset.sent);
    form.closest('details').open = false;
  };
  const drain = async () => {
    for (const question of read().filter((one) => one.vendor === vendor)) {
      const said = await post(question).catch(() => null);
      if (!said) return;
      if (!said.ok) continue;
      sent(said);
      if (form.elements.words.value === question.words) form.elements.words.value = '';
    }
  };

  const mark = (errors = {}) => {
    for (const place of form.querySelectorAll('[data-error]')) say(place, errors[place.dataset.error] ?? '');
    if (errors.email) part('email').hidden = false;
    const first = Object.keys(errors)[0];
    form.elements[first]?.focus();
  };
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { words, name, email, show: isShown } = form.elements;
    if (!words.value.trim()) words.value = '';
    if (!words.reportValidity()) return;
    const waiting = read().find((one) => one.vendor === vendor && one.words === words.value);
    const key = waiting?.key ?? Array.from(crypto.getRandomValues(new Uint8Array(20)), (byte) => (byte % 36).toString(36)).join('');
    const question = { at: Date.now(), who: customer, key, vendor, product: product || null, words: words.value, name: name.value, email: email.value, show: isShown.checked };
    keep([...read().filter((one) => one.key !== key), question]);
    button.disabled = true;
    state.textContent = block.dataset.sending;
    say(part('failed'), '');
    mark();
    try {
      const said = await post(question);
      if (said.ok) {
        words.value = '';
        sent(said);
        done.focus();
      } else {
        mark(said.errors);
        if (!Object.keys(said.errors ?? {}).length) say(part('failed'), said.message ?? block.dataset.unsent);
      }
    } catch {
      say(part('failed'), block.dataset.unsent);
    }
    state.textContent = '';
    button.disabled = false;
  });
  button.disabled = false;
  const [held] = read().filter((one) => one.vendor === vendor);
  // What was typed before this script was here stays.
  if (held) form.elements.words.value ||= held.words;
  addEventListener('online', drain);
  load().then(drain, () => {});
}
