// Choosing: select, checkbox, switch, lists of choices.

import { PolarisElement, css, define } from "./element.js";
import { Field, fieldProps, fieldStyles, notes } from "./fields.js";
import { iconSvg } from "./icons.js";

class Silent extends PolarisElement {
  static styles = [css`:host { display: none; }`];
}
define("s-option", class extends Silent {
  static props = { value: String, disabled: Boolean, selected: Boolean };
});
define("s-option-group", class extends Silent {
  static props = { label: String, disabled: Boolean };
});

define("s-select", class extends Field {
  static props = { ...fieldProps, placeholder: String, icon: String };
  static styles = [fieldStyles, css`select { cursor: pointer; text-overflow: ellipsis; } .box { padding-inline-end: 6px; }`];
  static template = `<label class="label" for="control"></label><div class="box"><select class="control" id="control"></select>${iconSvg("chevron-down")}</div>${notes}<slot hidden></slot>`;

  static get observedAttributes() {
    return [...super.observedAttributes, "value"];
  }

  constructor() {
    super();
    new MutationObserver(() => this.updateSoon()).observe(this, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["selected", "disabled", "value"] });
  }

  get value() {
    return this.control.value;
  }

  set value(value) {
    this.chosen = String(value);
    this.control.value = this.chosen;
    this.internals.setFormValue(this.disabled ? null : this.value);
  }

  keep() {
    this.chosen = this.control.value;
    super.keep();
  }

  formResetCallback() {
    this.chosen = undefined;
    this.update();
  }

  /** Once for many options: while a page is parsed, observers are called after every single element. */
  updateSoon() {
    this.soon ??= window.setTimeout(() => {
      this.soon = undefined;
      this.update();
    });
  }

  update() {
    super.update();
    const options = [...this.children].flatMap((child) => this.mirror(child));
    const known = [...this.querySelectorAll("s-option")];
    const wanted = this.chosen ?? this.getAttribute("value") ?? known.find((option) => option.selected)?.value;
    if (this.placeholder && !known.some((option) => option.value === "")) options.unshift(new Option(this.placeholder, ""));
    this.control.replaceChildren(...options);
    if (wanted !== undefined && known.some((option) => option.value === wanted)) this.control.value = wanted;
    else this.control.selectedIndex = options.length ? 0 : -1;
    this.internals.setFormValue(this.disabled ? null : this.value);
  }

  mirror(child) {
    if (child.localName === "s-option") {
      const option = new Option(child.textContent.trim(), child.value);
      option.disabled = child.disabled;
      return [option];
    }
    if (child.localName !== "s-option-group") return [];
    const group = document.createElement("optgroup");
    Object.assign(group, { label: child.label, disabled: child.disabled });
    group.append(...[...child.children].flatMap((option) => this.mirror(option)));
    return [group];
  }
});

const tick = css`
  .row { display: grid; grid-template-columns: auto 1fr; gap: 0 8px; align-items: start; }
  .row .label { margin: 0; cursor: pointer; }
  .row .error, .row .help { grid-column: 2; margin-block-start: 0; }
  input[type] { inline-size: 16px; block-size: 16px; margin: 2px 0; flex: none; border-radius: 4px; background: #fdfdfd; box-shadow: 0 0 0 .66px #8a8a8a inset; cursor: pointer; padding: 0; display: grid; place-items: center; }
  input[type="radio"] { border-radius: 50%; }
  input:checked, input[type="checkbox"]:indeterminate { background: #303030; box-shadow: none; }
  input[type="checkbox"]:checked::after { content: ""; inline-size: 9px; block-size: 5px; border: solid #fff; border-width: 0 0 2px 2px; transform: translateY(-1px) rotate(-45deg); }
  input[type="checkbox"]:indeterminate::after { content: ""; inline-size: 8px; block-size: 2px; background: #fff; }
  input[type="radio"]:checked::after { content: ""; inline-size: 8px; block-size: 8px; border-radius: 50%; background: #fff; }
  input:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
  input:disabled { background: #0000000d; box-shadow: none; cursor: default; }
  input:disabled:checked { background: #b5b5b5; }
  input:disabled + .label { color: var(--disabled); cursor: default; }
`;

class Tick extends Field {
  static props = { ...fieldProps, value: String, accessibilityLabel: String, defaultChecked: Boolean };
  static styles = [fieldStyles, tick];
  static template = `<div class="row"><input class="control" id="control" type="checkbox"><label class="label" for="control"></label>${notes}</div>`;

  static get observedAttributes() {
    return [...super.observedAttributes, "checked"];
  }

  get checked() {
    return this.control.checked;
  }

  set checked(on) {
    this.touched = true;
    this.control.checked = Boolean(on);
    this.keep();
  }

  keep() {
    this.touched = true;
    this.hand();
  }

  hand() {
    this.internals.setFormValue(this.checked && !this.disabled ? this.value || "on" : null);
  }

  formResetCallback() {
    this.touched = false;
    this.update();
  }

  update() {
    super.update();
    if (!this.touched) this.control.checked = this.hasAttribute("checked");
    this.control.ariaLabel = this.accessibilityLabel || null;
    this.hand();
  }
}
define("s-checkbox", class extends Tick {
  static props = { ...Tick.props, indeterminate: Boolean };

  update() {
    super.update();
    this.control.indeterminate = this.indeterminate && !this.touched;
  }
});
define("s-switch", class extends Tick {
  static styles = [fieldStyles, tick, css`
    input[type="checkbox"] { inline-size: 32px; block-size: 20px; margin: 0; border-radius: 10px; background: #8a8a8a; box-shadow: none; justify-items: start; padding-inline: 3px; transition: background .15s; }
    input[type="checkbox"]::after, input[type="checkbox"]:checked::after { content: ""; inline-size: 14px; block-size: 14px; border: 0; border-radius: 50%; background: #fff; transform: none; transition: translate .15s; }
    input[type="checkbox"]:checked { background: #303030; }
    input[type="checkbox"]:checked::after { translate: 12px 0; }
    input[type="checkbox"]:disabled { background: #d4d4d4; }
    input[type="checkbox"]:disabled:checked { background: #b5b5b5; }
  `];

  update() {
    super.update();
    this.control.setAttribute("role", "switch");
  }
});

define("s-choice", class extends PolarisElement {
  static props = { value: String, disabled: Boolean, accessibilityLabel: String };
  static delegatesFocus = true;
  static styles = [fieldStyles, tick, css`:host { display: block; } .help { display: block; } .more { grid-column: 2; }`];
  static template = `<div class="row"><input id="control" type="radio"><label class="label" for="control"><slot></slot></label><div class="help"><slot name="details"></slot></div><div class="more" hidden><slot name="secondary-content"></slot></div></div>`;

  static get observedAttributes() {
    return [...super.observedAttributes, "selected"];
  }

  constructor() {
    super();
    this.part$("input").addEventListener("change", () => this.list?.choose(this));
  }

  get list() {
    return this.closest("s-choice-list");
  }

  get selected() {
    return this.part$("input").checked;
  }

  set selected(on) {
    this.touched = true;
    this.part$("input").checked = Boolean(on);
    this.update();
  }

  update() {
    const input = this.part$("input");
    if (!this.touched) input.checked = this.hasAttribute("selected");
    input.type = this.list?.multiple ? "checkbox" : "radio";
    input.disabled = this.disabled || Boolean(this.list?.disabled);
    input.ariaLabel = this.accessibilityLabel || null;
    this.part$(".more").hidden = !input.checked;
    this.list?.hand?.();
  }
});

define("s-choice-list", class extends PolarisElement {
  static formAssociated = true;
  static props = { name: String, label: String, error: String, details: String, multiple: Boolean, disabled: Boolean, labelAccessibilityVisibility: String };
  static styles = [fieldStyles, css`fieldset { border: 0; margin: 0; padding: 0; min-inline-size: 0; } legend { padding: 0; } .choices { display: grid; gap: 6px; }`];
  static template = `<fieldset><legend class="label"></legend><div class="choices"><slot></slot></div>
    <div class="error" id="error">${iconSvg("alert-circle")}<span></span></div><div class="help" id="help"></div></fieldset>`;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.watchSlots();
    this.addEventListener("keydown", (event) => this.walk(event));
  }

  get choices() {
    return [...this.querySelectorAll("s-choice")];
  }

  get values() {
    return this.choices.filter((choice) => choice.selected).map((choice) => choice.value);
  }

  set values(values) {
    for (const choice of this.choices) choice.selected = values.includes(choice.value);
    this.hand();
  }

  choose(chosen) {
    for (const choice of this.choices) choice.selected = choice === chosen ? choice.selected : this.multiple && choice.selected;
    this.hand();
    for (const type of ["input", "change"]) this.dispatchEvent(new Event(type, { bubbles: true }));
  }

  walk(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const open = this.choices.filter((choice) => !choice.disabled);
    const at = open.indexOf(event.target.closest("s-choice"));
    if (!step || this.multiple || at < 0) return;
    event.preventDefault();
    const next = open[(at + step + open.length) % open.length];
    next.selected = true;
    next.focus();
    this.choose(next);
  }

  /** Hand what is chosen to the form: one entry per chosen value. */
  hand() {
    const data = new FormData();
    if (!this.disabled && this.name) for (const value of this.values ?? []) data.append(this.name, value);
    this.internals.setFormValue(data);
  }

  formResetCallback() {
    for (const choice of this.choices) {
      choice.touched = false;
      choice.update();
    }
  }

  update() {
    const legend = this.part$("legend");
    legend.textContent = this.label;
    legend.classList.toggle("away", this.labelAccessibilityVisibility === "exclusive" || !this.label);
    this.part$("#error span").textContent = this.error;
    this.part$("#error").classList.toggle("on", Boolean(this.error));
    this.part$("#help").textContent = this.details;
    this.part$("#help").classList.toggle("on", Boolean(this.details));
    this.part$("fieldset").setAttribute("aria-describedby", "error help");
    for (const choice of this.choices) choice.update?.();
    this.hand();
  }
});
