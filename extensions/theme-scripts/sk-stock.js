// How many are left, as it changes. Shopify drew the line; the app tells of changes by a stream, or when it is asked now
// and then. While the app is away the line stays as it is, and nothing is said.
const MOMENT = 30_000;
const LONGEST = 300_000;

export function start(block) {
  const { product, proxy, most, left, gone, cart, carts } = block.dataset;
  const line = (id) => block.querySelector(`[data-of="${id}"]`);
  let pause = MOMENT;
  let stream;

  // The theme's own form says which variant is chosen.
  const choose = () => {
    const id = document.querySelector('form[action*="/cart/add"] [name="id"]')?.value;
    if (line(id)) for (const each of block.querySelectorAll('[data-of]')) each.hidden = each.dataset.of !== id;
  };
  document.addEventListener('change', () => setTimeout(choose));
  choose();

  // Answers may come in another order than they were asked for: of each variant the latest is shown.
  const shown = {};
  let turns = 0;
  const draw = async (variants, turn = ++turns) => {
    const held = carts && variants.some((one) => one.carts);
    const mine = held ? await fetch(`${window.Shopify?.routes?.root ?? '/'}cart.js`).then((answer) => answer.json()).catch(() => 0) : 0;
    // A cart that nobody touched for ten minutes is counted no more. Whether ours still is, nobody can tell here: one is
    // taken off all the same, for rather one too few than our own as another.
    for (const one of variants) {
      if (shown[one.variant] > turn) continue;
      shown[one.variant] = turn;
      const others = one.carts - Boolean(mine?.items?.some(({ id }) => id === one.variant));
      const words = [
        !one.available ? gone : one.left && one.left <= most && left.replace('[count]', one.left),
        held && one.available && others > 0 && (others > 1 ? carts : cart).replace('[count]', others),
      ].filter(Boolean).join(' · ');
      if (line(one.variant) && line(one.variant).textContent !== words) line(one.variant).textContent = words;
    }
  };

  const listen = (url) => {
    stream = new EventSource(url);
    // Whatever changed before it was open, or while it was cut off, is asked for once.
    stream.onopen = () => ask();
    stream.onmessage = ({ data }) => (data === 'Resync' ? ask() : draw(JSON.parse(data).variants));
    stream.onerror = () => {
      // A ticket that ran out closes the stream for good; after that the page asks for a new one.
      if (stream.readyState === 2) stream = null;
    };
  };

  const ask = async () => {
    const turn = ++turns;
    try {
      const answer = await fetch(`${proxy}/stock.json?product=${product}`);
      if (!answer.ok) throw answer;
      const { url, variants } = await answer.json();
      draw(variants, turn);
      if (!stream) listen(url);
      pause = MOMENT;
    } catch {
      pause = Math.min(LONGEST, pause * 2);
    }
  };

  const again = () => setTimeout(async () => {
    if (!document.hidden && stream?.readyState !== 1) await ask();
    again();
  }, pause);
  document.addEventListener('visibilitychange', () => !document.hidden && stream?.readyState !== 1 && ask());
  ask();
  again();
}
