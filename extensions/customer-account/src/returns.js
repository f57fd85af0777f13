// Sending items of an order back: what was asked for and how that stands, and asking for more. The shop decides.
import { ask, badge, column, items, make, paragraph, quiet, row, t, text } from './elements.js';

const STATES = { requested: 'auto', open: 'auto', closed: 'over', declined: 'critical', canceled: 'over' };
const DECLINED = ['final_sale', 'return_period_ended'];
const REASONS = ['unwanted', 'defective', 'not_as_described', 'wrong_item', 'other'];
const LONGEST_NOTE = 300;

const known = ({ name, state, reason, items: lines }) => column(
  row(text(t('return', { name }), { type: 'strong' }), STATES[state] ? badge(t(`return_state.${state}`), STATES[state]) : null),
  items(lines),
  DECLINED.includes(reason) ? quiet(t(`declined.${reason}`)) : null,
);

// Shopify names its reasons in English; those that we know are said in the customer's language.
const named = ({ handle, name }) => {
  const key = handle.replaceAll('-', '_');
  return REASONS.includes(key) ? t(`reason.${key}`) : name;
};

// One line that may come back: a tick, and under it how many and why. `read` answers null for what was not ticked.
const choice = ({ line, title, quantity, reasons }) => {
  const units = quantity > 1 ? make('s-number-field', { label: t('how_many', { number: quantity }), min: 1, max: quantity, step: 1, value: '1' }) : null;
  const why = reasons.length ? make('s-select', { label: t('why'), placeholder: t('choose') }, ...reasons.map((one) => make('s-option', { value: String(one.id) }, named(one)))) : null;
  const more = column(units, why);
  const tick = make('s-checkbox', { label: quantity > 1 ? `${title} (${quantity})` : title });
  const element = column(tick);
  tick.addEventListener('change', () => (tick.checked ? element.append(more) : more.remove()));
  const read = () => {
    if (!tick.checked) return null;
    const number = units ? Number(units.value) : 1;
    const isNumber = Number.isInteger(number) && number > 0 && number <= quantity;
    if (units) units.error = isNumber ? '' : t('too_many', { number: quantity });
    if (why) why.error = why.value ? '' : t('choose');
    return { isGood: isNumber && (!why || Boolean(why.value)), wish: { line, quantity: number, reason: why ? Number(why.value) : null } };
  };
  return { element, read };
};

const form = (order, lines, close, sent) => {
  const choices = lines.map(choice);
  const note = make('s-text-area', { label: t('note'), maxLength: LONGEST_NOTE, rows: 3 });
  const failed = make('s-stack');
  const say = (words) => failed.replaceChildren(...(words ? [make('s-banner', { tone: 'critical' }, words)] : []));
  const send = make('s-button', {
    variant: 'primary',
    async onclick() {
      const chosen = choices.map(({ read }) => read()).filter(Boolean);
      say(chosen.length ? '' : t('choose_items'));
      if (!chosen.length || !chosen.every(({ isGood }) => isGood)) return;
      send.loading = true;
      try {
        await ask(`orders/${order}/returns`, { lines: chosen.map(({ wish }) => ({ ...wish, note: (note.value ?? '').slice(0, LONGEST_NOTE) })) });
        sent();
      } catch ({ status }) {
        send.loading = false;
        say(t(status === 409 ? 'return_refused' : status === 429 ? 'return_too_many' : 'return_unsure'));
      }
    },
  }, t('send_return'));
  return column(text(t('return_items'), { type: 'strong' }), ...choices.map(({ element }) => element), note, failed, row(send, make('s-button', { onclick: close }, t('close'))));
};

// The part of an order's section that is about returns; `sent` is called when a request has reached the shop.
export const returns = ({ id, returns: told, returnable }, sent) => {
  const place = make('s-stack', { gap: 'base' });
  const draw = (...children) => place.replaceChildren(...told.map(known), ...children.filter(Boolean));
  const begin = make('s-button', {
    async onclick() {
      begin.loading = true;
      try {
        const { lines } = await ask(`orders/${id}/returnable`);
        draw(lines.length ? form(id, lines, shut, sent) : paragraph(t('nothing_returnable')));
      } catch {
        draw(paragraph(t('return_unread')), row(begin));
      }
      begin.loading = false;
    },
  }, t('return_items'));
  const shut = () => draw(returnable ? row(begin) : null);
  shut();
  return place;
};
