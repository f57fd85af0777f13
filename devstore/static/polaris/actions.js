// What is pressed: buttons, links, clickable boxes, chips. And what `commandfor` does.

import { PolarisElement, css, define } from "./element.js";
import { boxCss, boxProps } from "./box.js";
import { iconSvg } from "./icons.js";

const acts = { "--auto": "toggleOverlay", "--show": "showOverlay", "--hide": "hideOverlay", "--toggle": "toggleOverlay" };

/** One focusable control inside: a link when there is an address, else a button that may submit, reset or command. */
class Pressable extends PolarisElement {
  static formAssociated = true;
  static delegatesFocus = true;
  static linkProps = {
    href: String, target: String, download: String, disabled: Boolean, loading: Boolean, type: String,
    accessibilityLabel: String, commandFor: String, command: String, interestFor: String,
  };
  static template = `<button type="button"><slot></slot></button>`;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.addEventListener("click", (event) => this.press(event));
  }

  get form() {
    return this.internals.form;
  }

  get control() {
    return this.part$(".control, button, a");
  }

  click() {
    this.control.click();
  }

  update() {
    let control = this.control;
    const wanted = this.href ? "a" : "button";
    if (control.localName !== wanted) {
      const other = document.createElement(wanted);
      other.append(...control.childNodes);
      control.replaceWith(other);
      control = other;
    }
    const off = this.disabled || this.loading;
    if (wanted === "a") {
      for (const name of ["target", "download"]) {
        const value = this.getAttribute(name);
        if (value !== null && value !== "auto") control.setAttribute(name, value);
        else control.removeAttribute(name);
      }
      if (off) control.removeAttribute("href");
      else control.href = this.href;
      control.ariaDisabled = off ? "true" : null;
    } else {
      control.type = "button";
      control.disabled = off;
    }
    control.ariaLabel = this.accessibilityLabel || null;
    control.ariaBusy = this.loading ? "true" : null;
  }

  press(event) {
    if (this.disabled || this.loading) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (this.commandFor) this.obey();
    else if (!this.href && this.type !== "button") window.setTimeout(() => event.defaultPrevented || this.actOnForm());
  }

  /** After every listener has had its say, as a native button would. */
  actOnForm() {
    if (this.type === "submit") this.form?.requestSubmit();
    else if (this.type === "reset") this.form?.reset();
  }

  obey() {
    const target = this.getRootNode().getElementById(this.commandFor);
    target?.[acts[this.command || "--auto"]]?.(this);
  }
}

define("s-button", class extends Pressable {
  static props = { ...Pressable.linkProps, variant: String, tone: String, icon: String, inlineSize: String };
  static styles = [css`
    :host { display: inline-block; vertical-align: middle; max-inline-size: 100%; }
    :host([inlinesize="fill"]) { display: block; }
    button, a {
      display: inline-flex; align-items: center; justify-content: center; gap: 4px; inline-size: 100%; min-block-size: 28px; padding: 4px 12px;
      border: 0; border-radius: var(--radius); background: #fff; color: var(--text); cursor: pointer; text-decoration: none; position: relative;
      font-size: 12px; line-height: 16px; font-weight: 550; white-space: nowrap; box-shadow: 0 -1px 0 0 #b5b5b5 inset, 0 0 0 1px #0000001a inset, 0 .5px 0 1.5px #fff inset;
    }
    button:hover, a:hover { background: #fafafa; }
    button:active, a:active { background: #f3f3f3; box-shadow: 0 1px 2px 0 #1a1a1a33 inset, 0 0 0 1px #0000001a inset; }
    :focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
    svg { inline-size: 20px; block-size: 20px; margin-block: -2px; margin-inline-start: -4px; color: #4a4a4a; }
    .bare { padding-inline: 4px; }
    .bare svg { margin-inline: 0; }
    :host([variant="primary"]) :is(button, a) {
      background: linear-gradient(180deg, #30303000 63.5%, #ffffff26 100%), #303030; color: #fff;
      box-shadow: 0 -1px 0 1px #000c inset, 0 0 0 1px #303030 inset, 0 .5px 0 1.5px #ffffff40 inset;
    }
    :host([variant="primary"]) :is(button, a):hover { background-color: #1a1a1a; }
    :host([variant="primary"]) svg { color: inherit; }
    :host([variant="primary"][tone="critical"]) :is(button, a) {
      background: linear-gradient(180deg, #30303000 63.5%, #ffffff26 100%), #c70a24; box-shadow: 0 -1px 0 1px #8e1f0bcc inset, 0 0 0 1px #c70a24 inset;
    }
    :host([tone="critical"]:not([variant="primary"])) :is(button, a), :host([tone="critical"]:not([variant="primary"])) svg { color: var(--critical); }
    :host([variant="tertiary"]) :is(button, a) { background: none; box-shadow: none; }
    :host([variant="tertiary"]) :is(button, a):hover { background: #0000000d; }
    :is(button:disabled, a[aria-disabled]) { cursor: default; }
    :host :is(button:disabled, a[aria-disabled]):not([aria-busy]) { background: #0000000d; box-shadow: none; color: var(--disabled); }
    :host([variant="primary"]) :is(button:disabled, a[aria-disabled]):not([aria-busy]) { color: #fff; background: #00000030; }
    :is(button:disabled, a[aria-disabled]) svg { color: inherit !important; }
    [aria-busy] { color: transparent !important; }
    [aria-busy]::after {
      content: ""; position: absolute; inset: 0; margin: auto; inline-size: 16px; block-size: 16px; border: 2px solid #8a8a8a; border-inline-end-color: transparent;
      border-radius: 50%; animation: turn .6s linear infinite;
    }
    @keyframes turn { to { transform: rotate(360deg); } }
    :host(.item) { display: block; }
    :host(.item) :is(button, a) { justify-content: flex-start; background: none; box-shadow: none; min-block-size: 32px; padding-inline: 8px; font-weight: 450; font-size: 13px; gap: 8px; }
    :host(.item) :is(button, a):hover { background: #f1f1f1; }
    :host(.item) svg { margin-inline-start: 0; }
    @media (pointer: coarse), (max-width: 490px) { button, a { min-block-size: 32px; font-size: 13px; } }
  `];
  static template = `<button type="button"><span class="icon" hidden></span><span class="label"><slot></slot></span></button>`;

  constructor() {
    super();
    this.watchSlots();
  }

  update() {
    super.update();
    const icon = this.part$(".icon");
    icon.hidden = !this.icon;
    icon.style.display = this.icon ? "contents" : "none";
    icon.innerHTML = this.icon ? iconSvg(this.icon) : "";
    const bare = Boolean(this.icon) && !this.fills("");
    this.part$(".label").hidden = bare;
    this.control.classList.toggle("bare", bare);
  }
});

define("s-link", class extends Pressable {
  static props = { ...Pressable.linkProps, tone: String };
  static styles = [css`
    :host { display: inline; }
    a, button { color: var(--link); background: none; border: 0; padding: 0; cursor: pointer; text-decoration: underline; text-underline-offset: 2px; text-align: start; }
    :host([tone="neutral"]) :is(a, button) { color: inherit; }
    :host([tone="critical"]) :is(a, button) { color: var(--critical); }
    :is(a, button):hover { text-decoration: none; }
    :focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; border-radius: 2px; }
    :host([data-plain]) :is(a, button) { color: inherit; text-decoration: none; font-weight: 600; }
    :host([data-plain]) :is(a, button):hover { text-decoration: underline; }
  `];
});

define("s-clickable", class extends Pressable {
  static props = { ...boxProps, ...Pressable.linkProps };
  static styles = [css`
    :host { display: block; }
    button, a { display: block; inline-size: 100%; color: inherit; text-align: start; text-decoration: none; border: 0; padding: 0; background: none; cursor: pointer; }
    :is(button, a):hover { filter: brightness(.98); background-color: #f7f7f7; }
    :focus-visible { outline: 2px solid var(--focus); outline-offset: -2px; }
    button:disabled { cursor: default; opacity: .6; }
  `];

  constructor() {
    super();
    this.layout = new CSSStyleSheet();
    this.shadowRoot.adoptedStyleSheets.push(this.layout);
  }

  update() {
    super.update();
    this.layout.replaceSync(boxCss(this, boxProps, "button, a"));
  }
});

define("s-button-group", class extends PolarisElement {
  static props = { gap: String, accessibilityLabel: String };
  static styles = [css`
    :host { display: inline-flex; flex-wrap: wrap; gap: 8px; }
    :host([gap="none"]) { gap: 0; flex-wrap: nowrap; }
  `];
  static template = `<slot></slot><slot name="secondary-actions"></slot><slot name="primary-action"></slot>`;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.internals.role = "group";
  }

  update() {
    this.internals.ariaLabel = this.accessibilityLabel || null;
  }
});

define("s-chip", class extends PolarisElement {
  static props = { color: String, accessibilityLabel: String, removable: Boolean };
  static styles = [css`
    :host { display: inline-flex; }
    span { display: inline-flex; align-items: center; gap: 4px; padding: 2px 8px; border-radius: var(--radius); background: #0000000f; font-size: 12px; line-height: 20px; }
    :host([color="strong"]) span { background: #d4d4d4; }
    button { border: 0; background: none; padding: 0; inline-size: 16px; block-size: 16px; cursor: pointer; }
    button svg { display: block; }
  `];
  static template = `<span><slot name="graphic"></slot><slot></slot><button type="button" hidden aria-label="Remove">${iconSvg("x")}</button></span>`;

  constructor() {
    super();
    this.part$("button").addEventListener("click", () => this.dispatchEvent(new Event("remove", { cancelable: true })) && this.remove());
  }

  update() {
    this.part$("button").hidden = !this.removable;
    this.part$("span").ariaLabel = this.accessibilityLabel || null;
  }
});
