// What opens above the page: modal, popover, menu, tooltip.

import { PolarisElement, css, define } from "./element.js";
import { iconSvg } from "./icons.js";

class Overlay extends PolarisElement {
  announce(...types) {
    for (const type of types) this.dispatchEvent(new Event(type));
  }

  toggleOverlay(activator) {
    if (this.isOpen) this.hideOverlay();
    else this.showOverlay(activator);
  }
}

define("s-modal", class extends Overlay {
  static props = { heading: String, size: String, padding: String, accessibilityLabel: String };
  static styles = [css`
    :host { display: contents; }
    dialog { inline-size: min(620px, calc(100vw - 32px)); max-block-size: min(600px, calc(100vh - 32px)); padding: 0; border: 0; border-radius: 16px; background: #fff; color: var(--text); box-shadow: var(--raised); overflow: hidden; }
    dialog[open] { display: flex; flex-direction: column; }
    :host([size^="small"]) dialog { inline-size: min(440px, calc(100vw - 32px)); }
    :host([size^="large"]) dialog { inline-size: min(980px, calc(100vw - 32px)); }
    dialog::backdrop { background: #000000b5; }
    header { display: flex; align-items: center; gap: 8px; padding: 12px 16px; background: #f3f3f3; border-block-end: 1px solid var(--line); }
    h2 { margin: 0; flex: 1; font-size: 14px; line-height: 20px; font-weight: 600; }
    header button { border: 0; background: none; padding: 4px; border-radius: var(--radius); inline-size: 28px; cursor: pointer; display: grid; }
    :focus-visible { outline: 2px solid var(--focus); }
    .body { padding: 16px; overflow: auto; flex: 1; }
    :host([padding="none"]) .body { padding: 0; }
    footer { display: none; justify-content: flex-end; gap: 8px; padding: 12px 16px; border-block-start: 1px solid var(--line); }
    footer.on { display: flex; }
    @media (max-width: 490px) { dialog { inline-size: 100vw !important; max-inline-size: none; margin-block-end: 0; border-end-start-radius: 0; border-end-end-radius: 0; } }
  `];
  static template = `<dialog aria-labelledby="title"><header><h2 id="title"></h2><button type="button" aria-label="Close">${iconSvg("x")}</button></header>
    <div class="body"><slot></slot></div><footer><slot name="secondary-actions"></slot><slot name="primary-action"></slot></footer></dialog>`;

  constructor() {
    super();
    this.watchSlots();
    this.part$("header button").addEventListener("click", () => this.hideOverlay());
    this.part$("dialog").addEventListener("close", () => this.announce("hide", "afterhide"));
    this.part$("dialog").addEventListener("click", (event) => event.target === event.currentTarget && this.hideOverlay());
  }

  get isOpen() {
    return this.part$("dialog").open;
  }

  showOverlay() {
    if (this.isOpen) return;
    this.part$("dialog").showModal();
    this.announce("show", "aftershow");
  }

  hideOverlay() {
    this.part$("dialog").close();
  }

  update() {
    this.part$("h2").textContent = this.heading;
    this.part$("dialog").ariaLabel = this.accessibilityLabel || null;
    this.part$("footer").classList.toggle("on", this.fills("primary-action") || this.fills("secondary-actions"));
  }
});

/** A light-dismissed box beside what opened it. */
class Floating extends Overlay {
  static template = `<div class="float" popover="auto"><slot></slot></div>`;
  static shared = css`
    :host { display: contents; }
    .float { position: fixed; inset: auto; margin: 0; border: 0; padding: 0; border-radius: var(--radius-large); background: #fff; color: var(--text); box-shadow: var(--raised); max-block-size: 60vh; overflow: auto; }
  `;

  constructor() {
    super();
    this.part$(".float").addEventListener("toggle", (event) => {
      const open = event.newState === "open";
      this.announce(...(open ? ["show", "aftershow"] : ["hide", "afterhide"]));
      if (!open) this.activator?.focus?.({ preventScroll: true });
    });
  }

  get isOpen() {
    return this.part$(".float").matches(":popover-open");
  }

  showOverlay(activator) {
    const float = this.part$(".float");
    this.activator = activator;
    float.showPopover();
    if (activator) place(float, activator);
  }

  hideOverlay() {
    if (this.isOpen) this.part$(".float").hidePopover();
  }
}

function place(float, activator) {
  const at = activator.getBoundingClientRect();
  const box = float.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, window.innerWidth - box.width - 8));
  const below = at.bottom + 4 + box.height <= window.innerHeight || at.top < box.height;
  Object.assign(float.style, { left: `${left}px`, top: `${below ? at.bottom + 4 : at.top - box.height - 4}px` });
}

define("s-popover", class extends Floating {
  static styles = [Floating.shared];
});

define("s-menu", class extends Floating {
  static props = { accessibilityLabel: String };
  static styles = [Floating.shared, css`.float { padding: 6px; min-inline-size: 160px; } ::slotted(s-section) { padding-block: 4px; }`];

  constructor() {
    super();
    const menu = this.part$(".float");
    menu.setAttribute("role", "group");
    menu.addEventListener("keydown", (event) => this.walk(event));
    this.addEventListener("click", (event) => event.target.closest("s-button") && this.hideOverlay());
    this.shadowRoot.addEventListener("slotchange", () => this.items.forEach((item) => item.classList.add("item")));
  }

  get items() {
    return [...this.querySelectorAll("s-button")];
  }

  showOverlay(activator) {
    super.showOverlay(activator);
    this.items.find((item) => !item.disabled)?.focus();
  }

  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const open = this.items.filter((item) => !item.disabled);
    if (!step || !open.length) return;
    event.preventDefault();
    open[(open.indexOf(document.activeElement) + step + open.length) % open.length].focus();
  }

  update() {
    this.part$(".float").ariaLabel = this.accessibilityLabel || null;
  }
});

define("s-tooltip", class extends PolarisElement {
  static styles = [css`
    :host { display: contents; }
    .tip { position: fixed; inset: auto; margin: 0; border: 0; padding: 6px 10px; border-radius: var(--radius); background: #fff; color: var(--text); box-shadow: var(--raised); max-inline-size: 260px; pointer-events: none; font-size: 12px; line-height: 16px; }
  `];
  static template = `<div class="tip" popover="manual" role="tooltip"><slot></slot></div>`;

  showFor(activator) {
    const tip = this.part$(".tip");
    if (!tip.matches(":popover-open")) tip.showPopover();
    place(tip, activator);
  }

  leave() {
    const tip = this.part$(".tip");
    if (tip.matches(":popover-open")) tip.hidePopover();
  }
});

function interested(event, act) {
  const activator = event.composedPath().find((node) => node.getAttribute?.("interestfor"));
  const tip = activator && document.getElementById(activator.getAttribute("interestfor"));
  if (tip?.localName === "s-tooltip") act(tip, activator);
}
for (const type of ["mouseover", "focusin"]) document.addEventListener(type, (event) => interested(event, (tip, activator) => tip.showFor(activator)));
for (const type of ["mouseout", "focusout"]) document.addEventListener(type, (event) => interested(event, (tip) => tip.leave()));
