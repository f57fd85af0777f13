// E-mails that the customer chooses, as below the wishlist in the shop. What is ticked counts when the server says so, and
// not before; an address that nobody has proven yet gets one e-mail with a link first.
import { ask, column, make, quiet, row, t } from './elements.js';

const TOPICS = ['vendors', 'wishlist', 'cart'];
// Which version of the words beside the boxes the customer saw: the theme's own are the same ones.
const WORDING = 2;

// Who does not let the shop keep their lists is asked for nothing, but can stop what they once chose. Not every shop's
// account knows what they said.
const mayAsk = () => shopify.customerPrivacy?.value?.allowedProcessing?.preferences === true;

const form = ({ offered, chosen, email, waiting }) => {
  const boxes = TOPICS.filter((topic) => offered.includes(topic)).map((topic) => make('s-checkbox', { label: t(`topic.${topic}`), value: topic, checked: chosen.includes(topic) }));
  const address = make('s-email-field', { label: t('mails_address'), autocomplete: 'email', maxLength: 254, value: email });
  const said = make('s-stack');
  const say = (words, tone) => said.replaceChildren(make('s-banner', { tone }, words));
  const save = make('s-button', {
    variant: 'primary',
    async onclick() {
      const topics = boxes.filter(({ checked }) => checked).map(({ value }) => value);
      const { language, extensionLanguage } = shopify.localization;
      address.error = '';
      said.replaceChildren();
      save.loading = true;
      try {
        const { confirm } = await ask('mails', { topics, email: address.value ?? '', locale: language.value.isoCode, wording: `${WORDING} ${extensionLanguage.value.isoCode}` });
        if (confirm) say(t('mails_confirm'), 'info');
        else say(topics.length ? t('mails_saved') : t('mails_stopped'), 'success');
      } catch (refused) {
        if (refused.status === 422) address.error = t('mails_wrong_address');
        else say(refused.status === 429 ? t('mails_too_many') : t('mails_unsent'), 'critical');
      }
      save.loading = false;
    },
  }, t('mails_save'));
  if (waiting) say(t('mails_confirm'), 'info');
  return column(quiet(t('mails_consent')), ...boxes, address, said, row(save));
};

export const mails = (choice) => {
  // An app that is older than this page says nothing of e-mails.
  const isWanted = choice?.offered.length && (mayAsk() || choice.chosen.length);
  return isWanted ? make('s-section', { heading: t('mails') }, form(choice)) : null;
};
