// Page, section, and the plain boxes.

import { PolarisElement, css, define } from "./element.js";
import { boxCss, boxProps, describe, gridProps, itemProps } from "./box.js";

class Boxed extends PolarisElement {
  static props = boxProps;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.layout = new CSSStyleSheet();
    this.shadowRoot.adoptedStyleSheets.push(this.layout);
  }

  update() {
    this.layout.replaceSync(boxCss(this, this.constructor.props));
    describe(this, this.internals);
  }
}

define("s-box", class extends Boxed {
  static styles = [css`:host { display: block; }`];
});
define("s-stack", class extends Boxed {
  static props = { ...boxProps, ...gridProps, direction: String };
  static styles = [css`
    :host { display: flex; flex-direction: column; min-inline-size: 0; }
    :host([direction="inline"]) { flex-direction: row; flex-wrap: wrap; }
  `];
});
define("s-grid", class extends Boxed {
  static props = { ...boxProps, ...gridProps };
  static styles = [css`:host { display: grid; } ::slotted(*) { min-inline-size: 0; }`];
});
define("s-grid-item", class extends Boxed {
  static props = { ...boxProps, ...itemProps };
  static styles = [css`:host { display: block; min-inline-size: 0; }`];
});
define("s-divider", class extends PolarisElement {
  static props = { direction: String, color: String };
  static styles = [css`
    :host { display: block; block-size: 1px; background: var(--line); flex: none; }
    :host([direction="block"]) { inline-size: 1px; block-size: auto; align-self: stretch; }
    :host([color="strong"]) { background: var(--line-strong); }
  `];
  static template = "";
  static role = "separator";
});
define("s-query-container", class extends PolarisElement {
  static props = { containerName: String };
  static styles = [css`:host { display: block; container-type: inline-size; }`];

  update() {
    this.style.containerName = `s-default ${this.containerName}`.trim();
  }
});

define("s-page", class extends PolarisElement {
  static props = { heading: String, inlineSize: String };
  static styles = [css`
    :host { display: block; container-type: inline-size; }
    .page { max-inline-size: 998px; margin-inline: auto; padding: 0 16px 64px; }
    :host([inlinesize="small"]) .page { max-inline-size: 662px; }
    :host([inlinesize="large"]) .page { max-inline-size: none; padding-inline: 24px; }
    header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; padding-block: 16px; min-block-size: 60px; }
    .title { display: flex; flex-wrap: wrap; align-items: center; gap: 4px; flex: 1 1 200px; min-inline-size: 0; }
    h1 { margin: 0; font-size: 18px; line-height: 24px; font-weight: 650; letter-spacing: -0.2px; overflow-wrap: anywhere; }
    .crumbs { display: none; align-items: center; color: var(--subdued); }
    .crumbs.on { display: flex; }
    .crumbs svg { inline-size: 16px; color: #8a8a8a; }
    .crumbs ::slotted(s-link) { --link: var(--subdued); }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
    .start.on { margin-block-end: 16px; }
    .body { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); align-items: start; }
    .main, .aside { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
    .aside { display: none; }
    :host(:not([inlinesize="small"], [inlinesize="large"])) .aside.on { display: grid; }
    @container (inline-size > 760px) {
      :host(:not([inlinesize="small"], [inlinesize="large"])) .aside.on { grid-column: 2; }
      .body.split { grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); }
      .page { padding-inline: 24px; }
    }
    @container (inline-size <= 490px) {
      .page, :host([inlinesize="large"]) .page { padding-inline: 0; }
      header, .start { padding-inline: 16px; }
      .start.on { margin-block-end: 12px; }
      .actions { inline-size: 100%; }
    }
  `];
  static template = `
    <div class="page">
      <header><div class="title"><div class="crumbs"><slot name="breadcrumb-actions"></slot><svg viewBox="0 0 20 20" fill="none"
        stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m8 6 4 4-4 4"/></svg></div><h1></h1></div>
        <div class="actions"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div></header>
      <div class="start"><slot name="supplemental-start"></slot></div>
      <div class="body"><div class="main"><slot></slot></div><aside class="aside"><slot name="aside"></slot></aside></div>
    </div>`;

  constructor() {
    super();
    this.watchSlots();
  }

  update() {
    this.part$("h1").textContent = this.heading;
    this.part$(".crumbs").classList.toggle("on", this.fills("breadcrumb-actions"));
    this.part$(".start").classList.toggle("on", this.fills("supplemental-start"));
    const aside = this.fills("aside") && !["small", "large"].includes(this.inlineSize);
    this.part$(".aside").classList.toggle("on", aside);
    this.part$(".body").classList.toggle("split", aside);
  }
});

define("s-section", class extends PolarisElement {
  static props = { heading: String, subheading: String, accessibilityLabel: String, padding: String };
  static styles = [css`
    :host { display: block; }
    section { background: var(--surface); border-radius: var(--radius-large); box-shadow: var(--card); padding: 16px; overflow: clip; }
    :host([padding="none"]) section { padding: 0; }
    :host([padding="none"]) header { padding: 16px 16px 12px; }
    header { display: none; align-items: center; gap: 8px; flex-wrap: wrap; padding-block-end: 12px; }
    header.on { display: flex; }
    .heading { margin: 0; font-size: 14px; line-height: 20px; font-weight: 600; }
    .sub { margin: 0; color: var(--subdued); flex-basis: 100%; }
    .sub:empty { display: none; }
    .push { margin-inline-start: auto; display: flex; gap: 8px; align-items: center; }
    .content { display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; }
    :host([padding="none"]) .content { gap: 0; }
    :host(.nested) section { box-shadow: none; border-radius: 0; padding: 0; background: none; }
    @media (max-width: 490px) { :host(:not(.nested)) section { border-radius: 0; } }
  `];
  static template = `<section><header><slot name="graphic"></slot><div class="heading" role="heading"></div><slot name="accessory"></slot>
    <div class="push"><slot name="supplemental"></slot><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div>
    <p class="sub"></p></header><div class="content"><slot></slot></div></section>`;

  constructor() {
    super();
    this.watchSlots();
  }

  update() {
    const outer = this.parentElement?.closest("s-section, s-modal, s-popover, s-menu");
    this.classList.toggle("nested", Boolean(outer));
    const heading = this.part$(".heading");
    heading.textContent = this.heading;
    heading.ariaLevel = outer ? "3" : "2";
    heading.hidden = !this.heading;
    this.part$(".sub").textContent = this.subheading;
    const slots = ["primary-action", "secondary-actions", "supplemental", "accessory"];
    this.part$("header").classList.toggle("on", Boolean(this.heading || this.subheading) || slots.some((slot) => this.fills(slot)));
    const section = this.part$("section");
    const label = this.accessibilityLabel || this.heading;
    if (label) section.ariaLabel = label;
  }
});
