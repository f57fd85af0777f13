// Fields for text, numbers, money and dates: part of their form, labelled, with help and error in words.

import { PolarisElement, css, define } from "./element.js";
import { iconSvg } from "./icons.js";

export const fieldProps = {
  name: String, label: String, error: String, details: String, required: Boolean, disabled: Boolean, labelAccessibilityVisibility: String,
};

export const fieldStyles = css`
  :host { display: block; min-inline-size: 0; }
  .label { display: block; margin-block-end: 4px; font-size: 13px; line-height: 20px; }
  .label.away { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .label .need { color: var(--critical); }
  .box { display: flex; align-items: center; gap: 6px; min-block-size: 32px; padding-inline: 12px; background: #fdfdfd; border-radius: var(--radius); box-shadow: 0 0 0 .66px #8a8a8a inset; }
  .box:hover { background: #fafafa; box-shadow: 0 0 0 .66px #616161 inset; }
  .box:focus-within { background: #fff; box-shadow: 0 0 0 .66px #303030 inset; outline: 2px solid var(--focus); outline-offset: 1px; }
  .box.bad { background: #fee8eb; box-shadow: 0 0 0 .66px #8e1f0b inset; }
  .box.off { background: #0000000d; box-shadow: none; color: var(--disabled); }
  .box svg { inline-size: 20px; flex: none; color: #4a4a4a; }
  input, textarea, select { flex: 1; min-inline-size: 0; inline-size: 100%; border: 0; outline: 0; padding: 6px 0; margin: 0; background: none; line-height: 20px; appearance: none; }
  textarea { resize: vertical; display: block; }
  ::placeholder { color: #8a8a8a; opacity: 1; }
  .lead { display: contents; }
  .affix { color: var(--subdued); white-space: nowrap; }
  .affix:empty { display: none; }
  .help, .error { margin-block-start: 4px; color: var(--subdued); }
  .error { display: flex; gap: 4px; color: var(--critical); }
  .error svg { inline-size: 16px; flex: none; margin-block-start: 2px; block-size: 16px; }
  .help:not(.on), .error:not(.on) { display: none; }
  @media (max-width: 490px) { input, textarea, select { font-size: 16px; line-height: 24px; } }
`;

export const notes = `<div class="error" id="error">${iconSvg("alert-circle")}<span><slot name="error"></slot></span></div><div class="help" id="help"><slot name="details"></slot></div>`;

/** A labelled control that takes part in its form. Subclasses have one `.control` in their template. */
export class Field extends PolarisElement {
  static formAssociated = true;
  static delegatesFocus = true;
  static styles = [fieldStyles];

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.shadowRoot.addEventListener("change", () => {
      this.keep();
      this.dispatchEvent(new Event("change", { bubbles: true }));
    });
    this.shadowRoot.addEventListener("input", () => this.keep());
    this.watchSlots();
  }

  get control() {
    return this.part$(".control");
  }

  get form() {
    return this.internals.form;
  }

  /** Hand the present value to the form. */
  keep() {
    this.internals.setFormValue(this.disabled ? null : this.value);
  }

  update() {
    const { control } = this;
    const label = this.part$(".label");
    label.replaceChildren(this.label);
    label.classList.toggle("away", this.labelAccessibilityVisibility === "exclusive");
    control.disabled = this.disabled;
    control.ariaRequired = this.required ? "true" : null;
    this.note("error", this.error);
    this.note("help", this.details, "details");
    const described = ["error", "help"].filter((id) => this.part$(`#${id}`).classList.contains("on"));
    if (described.length) control.setAttribute("aria-describedby", described.join(" "));
    else control.removeAttribute("aria-describedby");
    const bad = described.includes("error");
    control.ariaInvalid = bad ? "true" : null;
    const box = this.part$(".box");
    box?.classList.toggle("bad", bad);
    box?.classList.toggle("off", this.disabled);
  }

  note(id, text, slot = id) {
    const place = this.part$(`slot[name="${slot}"]`);
    // Writing the same words again would announce a changed slot, and come back here for ever.
    if (place.textContent !== text) place.textContent = text;
    this.part$(`#${id}`).classList.toggle("on", Boolean(text) || place.assignedNodes().length > 0);
  }
}

/** A field that is one <input> or <textarea>. `value` the attribute is what a reset goes back to. */
class TextField extends Field {
  static props = { ...fieldProps, placeholder: String, readOnly: Boolean, autocomplete: String, maxLength: Number, minLength: Number };
  static input = `<input class="control" id="control" type="text">`;

  static get template() {
    return `<label class="label" for="control"></label><div class="box"><span class="lead"></span><span class="affix prefix"></span>${this.input}<span class="affix suffix"></span><slot name="accessory"></slot></div>${notes}`;
  }

  static get observedAttributes() {
    return [...super.observedAttributes, "value"];
  }

  constructor() {
    super();
    this.control.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing && this.control.localName === "input") this.form?.requestSubmit();
    });
  }

  get value() {
    return this.control.value;
  }

  set value(text) {
    this.touched = true;
    this.control.value = text ?? "";
    this.keep();
  }

  get defaultValue() {
    return this.getAttribute("value") ?? "";
  }

  keep() {
    this.touched = this.touched || this.control.value !== this.defaultValue;
    super.keep();
  }

  formResetCallback() {
    this.touched = false;
    this.update();
  }

  update() {
    super.update();
    const { control } = this;
    if (!this.touched) control.value = this.defaultValue;
    control.placeholder = this.placeholder;
    control.readOnly = this.readOnly;
    if (this.autocomplete) control.autocomplete = this.autocomplete;
    for (const name of ["maxlength", "minlength"]) if (this.hasAttribute(name)) control.setAttribute(name, this.getAttribute(name));
    this.internals.setFormValue(this.disabled ? null : this.value);
  }
}

define("s-text-field", class extends TextField {
  static props = { ...TextField.props, icon: String, prefix: String, suffix: String };

  get prefix() {
    return this.getAttribute("prefix") ?? "";
  }

  update() {
    super.update();
    this.part$(".lead").innerHTML = this.icon ? iconSvg(this.icon) : "";
    this.part$(".prefix").textContent = this.prefix;
    this.part$(".suffix").textContent = this.suffix;
  }
});

define("s-text-area", class extends TextField {
  static props = { ...TextField.props, rows: Number };
  static input = `<textarea class="control" id="control"></textarea>`;

  update() {
    super.update();
    this.control.rows = this.rows ?? 2;
  }
});

define("s-email-field", class extends TextField {
  static input = `<input class="control" id="control" type="text" inputmode="email" autocapitalize="off" spellcheck="false">`;
});
define("s-url-field", class extends TextField {
  static input = `<input class="control" id="control" type="text" inputmode="url" autocapitalize="off" spellcheck="false">`;
});
define("s-password-field", class extends TextField {
  static input = `<input class="control" id="control" type="password">`;
});
define("s-color-field", class extends TextField {
  static input = `<input class="swatch" type="color" aria-label="Pick a colour"><input class="control" id="control" type="text" autocapitalize="off" spellcheck="false">`;
  static styles = [...TextField.styles, css`.swatch { flex: none; inline-size: 20px; block-size: 20px; padding: 0; cursor: pointer; }`];

  constructor() {
    super();
    this.part$(".swatch").addEventListener("input", ({ target }) => (this.value = target.value));
  }

  keep() {
    super.keep();
    this.part$(".swatch").value = this.value;
  }

  update() {
    super.update();
    Object.assign(this.part$(".swatch"), { value: this.value, disabled: this.disabled });
  }
});
define("s-date-field", class extends TextField {
  static props = { ...TextField.props, allow: String, disallow: String, view: String };
  static input = `<input class="control" id="control" type="date">`;
  // Two beside each other on the narrowest phone: the day is read in full, and a touch on it opens the calendar.
  static styles = [...TextField.styles, css`
    :host { container-type: inline-size; }
    @container (inline-size < 160px) {
      .box { padding-inline: 8px; }
      ::-webkit-calendar-picker-indicator { display: none; }
    }
  `];
});

define("s-search-field", class extends TextField {
  static input = `<input class="control" id="control" type="search">`;
  static styles = [...TextField.styles, css`::-webkit-search-cancel-button { appearance: auto; }`];

  update() {
    super.update();
    this.part$(".lead").innerHTML = iconSvg("search");
  }
});

/** Numbers stay text until the server has read them, so that nothing typed is lost; arrow keys step. */
class NumberField extends TextField {
  static props = { ...TextField.props, min: Number, max: Number, step: Number, prefix: String, suffix: String, inputMode: String };
  static input = `<input class="control" id="control" type="text" inputmode="decimal" autocomplete="off">`;

  constructor() {
    super();
    this.control.addEventListener("keydown", (event) => this.stepBy(event));
  }

  get prefix() {
    return this.getAttribute("prefix") ?? "";
  }

  stepBy(event) {
    const sign = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const now = Number(this.value || 0);
    if (!sign || this.readOnly || Number.isNaN(now)) return;
    event.preventDefault();
    const step = this.step ?? 1;
    const places = Math.max(...[this.value, String(step)].map((text) => (text.split(".")[1] ?? "").length));
    this.value = Math.min(this.max ?? Infinity, Math.max(this.min ?? -Infinity, now + sign * step)).toFixed(places);
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }

  update() {
    super.update();
    this.control.inputMode = this.getAttribute("inputmode") ?? "decimal";
    this.part$(".prefix").textContent = this.prefix;
    this.part$(".suffix").textContent = this.suffix;
  }
}
define("s-number-field", NumberField);

define("s-money-field", class extends NumberField {
  static props = { ...NumberField.props, currencyCode: String };

  get prefix() {
    const code = this.currencyCode && this.currencyCode !== "auto" ? this.currencyCode : (window.shopify?.config?.currency ?? "USD");
    const parts = new Intl.NumberFormat(document.documentElement.lang || "en", { style: "currency", currency: code }).formatToParts(0);
    return parts.find((part) => part.type === "currency").value;
  }
});
