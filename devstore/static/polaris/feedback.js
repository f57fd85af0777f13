// What tells: badges, banners, progress, emptiness.

import { PolarisElement, css, define } from "./element.js";
import { iconSvg } from "./icons.js";

define("s-badge", class extends PolarisElement {
  static props = { tone: String, color: String, icon: String, size: String };
  static styles = [css`
    :host { display: inline-flex; vertical-align: middle; }
    span { display: inline-flex; align-items: center; gap: 2px; padding: 2px 8px; border-radius: var(--radius); font-size: 12px; line-height: 16px; font-weight: 550; background: #0000000f; color: #616161; white-space: nowrap; }
    :host([size^="large"]) span { padding: 4px 10px; }
    :host([tone="info"]) span { background: #d5ebff; color: #003a5a; }
    :host([tone="success"]) span { background: #affebf; color: #014b40; }
    :host([tone="caution"]) span { background: #ffeb78; color: #4f4700; }
    :host([tone="warning"]) span { background: #ffd6a4; color: #5e4200; }
    :host([tone="critical"]) span { background: #fedad9; color: #8e1f0b; }
    i { display: contents; }
    svg { inline-size: 16px; block-size: 16px; margin-inline-start: -2px; }
  `];
  static template = "<span><i></i><slot></slot></span>";

  update() {
    this.part$("i").innerHTML = this.icon ? iconSvg(this.icon) : "";
  }
});

const signs = { info: "info", success: "check-circle", warning: "alert-triangle", critical: "alert-diamond" };

define("s-banner", class extends PolarisElement {
  static props = { tone: String, heading: String, dismissible: Boolean };
  static styles = [css`
    :host { display: block; }
    .banner { border-radius: var(--radius-large); background: var(--surface); box-shadow: var(--card); overflow: hidden; }
    header { display: flex; align-items: center; gap: 8px; padding: 10px 12px; background: #91d0ff; color: #00263d; }
    header svg { inline-size: 20px; flex: none; }
    :host([tone="success"]) header { background: #047b5d; color: #fafffb; }
    :host([tone="warning"]) header { background: #ffb800; color: #251a00; }
    :host([tone="critical"]) header { background: #c70a24; color: #fffafb; }
    h2 { margin: 0; font-size: 13px; line-height: 20px; font-weight: 600; flex: 1; }
    .body { padding: 12px; display: grid; gap: 12px; }
    .plain header { float: inline-start; padding: 12px 0 12px 12px; background: none; color: var(--info); }
    .plain { display: flex; }
    .plain h2 { display: none; }
    .plain .body { flex: 1; }
    :host([tone="success"]) .plain header { background: none; color: var(--success); }
    :host([tone="warning"]) .plain header { background: none; color: var(--warning); }
    :host([tone="critical"]) .plain header { background: none; color: var(--critical); }
    button { order: 3; border: 0; background: none; padding: 0; inline-size: 20px; block-size: 20px; cursor: pointer; border-radius: 4px; }
    .actions { display: none; gap: 8px; flex-wrap: wrap; }
    .actions.on { display: flex; }
    .empty { display: none; }
  `];
  static template = `<div class="banner"><header><span class="icon"></span><h2></h2><button type="button" aria-label="Dismiss" hidden>${iconSvg("x")}</button></header>
    <div class="body"><div class="text"><slot></slot></div><div class="actions"><slot name="secondary-actions"></slot></div></div></div>`;

  constructor() {
    super();
    this.watchSlots();
    this.part$("button").addEventListener("click", () => {
      this.dispatchEvent(new Event("dismiss"));
      this.hidden = true;
      this.dispatchEvent(new Event("afterhide"));
    });
  }

  update() {
    this.takeRole(this.tone === "critical" ? "alert" : "status");
    this.part$(".icon").innerHTML = iconSvg(signs[this.tone] ?? "info");
    this.part$(".icon").style.display = "contents";
    this.part$("h2").textContent = this.heading;
    this.part$("button").hidden = !this.dismissible;
    this.part$(".banner").classList.toggle("plain", !this.heading);
    const actions = this.fills("secondary-actions");
    this.part$(".actions").classList.toggle("on", actions);
    this.part$(".text").classList.toggle("empty", !this.fills(""));
    this.part$(".body").classList.toggle("empty", !actions && !this.fills(""));
  }
});

define("s-spinner", class extends PolarisElement {
  static props = { size: String, accessibilityLabel: String };
  static styles = [css`
    :host { display: inline-block; inline-size: 20px; block-size: 20px; }
    :host([size^="large"]) { inline-size: 44px; block-size: 44px; }
    svg { display: block; animation: turn .6s linear infinite; }
    @keyframes turn { to { transform: rotate(360deg); } }
  `];
  static template = `<svg viewBox="0 0 20 20" fill="none" stroke="#303030" stroke-width="2" stroke-linecap="round" aria-hidden="true"><path d="M10 2.5a7.5 7.5 0 1 0 7.5 7.5"/></svg>`;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.internals.role = "status";
  }

  update() {
    this.internals.ariaLabel = this.accessibilityLabel || "Loading";
  }
});

define("s-progress", class extends PolarisElement {
  static props = { accessibilityLabel: String, max: Number, value: Number, tone: String };
  static styles = [css`
    :host { display: block; block-size: 8px; border-radius: 8px; background: #0000000f; overflow: hidden; }
    div { block-size: 100%; background: #303030; border-radius: inherit; transition: inline-size .3s; }
    :host([tone="success"]) div { background: #047b5d; }
    :host([tone="critical"]) div { background: #c70a24; }
    :host([tone="warning"]) div, :host([tone="caution"]) div { background: #ffb800; }
  `];
  static template = "<div></div>";

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.internals.role = "progressbar";
  }

  update() {
    const max = this.max ?? 1;
    const share = Math.min(1, Math.max(0, (this.value ?? 0) / max));
    this.part$("div").style.inlineSize = `${share * 100}%`;
    Object.assign(this.internals, { ariaValueMin: "0", ariaValueMax: String(max), ariaValueNow: String(this.value ?? 0), ariaLabel: this.accessibilityLabel || null });
  }
});

define("s-empty-state", class extends PolarisElement {
  static props = { heading: String };
  static styles = [css`
    :host { display: grid; justify-items: center; text-align: center; gap: 8px; padding: 40px 20px 48px; }
    .graphic { display: grid; place-items: center; min-inline-size: 56px; min-block-size: 56px; border-radius: 50%; background: #f1f1f1; color: var(--subdued); margin-block-end: 4px; }
    .graphic:not(.on) { display: none; }
    h2 { margin: 0; font-size: 16px; line-height: 24px; font-weight: 600; }
    .sub { color: var(--subdued); max-inline-size: 420px; }
    .actions { display: flex; gap: 8px; margin-block-start: 8px; flex-wrap: wrap; justify-content: center; }
    .actions:not(.on) { display: none; }
  `];
  static template = `<div class="graphic"><slot name="graphic"></slot></div><h2></h2><div class="sub"><slot name="subheading"></slot></div>
    <div class="actions"><slot name="secondary-actions"></slot><slot name="primary-action"></slot></div>`;

  constructor() {
    super();
    this.watchSlots();
  }

  update() {
    this.part$("h2").textContent = this.heading;
    this.part$(".graphic").classList.toggle("on", this.fills("graphic"));
    this.part$(".actions").classList.toggle("on", this.fills("primary-action") || this.fills("secondary-actions"));
  }
});
