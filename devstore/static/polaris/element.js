// The ground every stand-in stands on: attributes as properties, shadow root, design tokens.

export const css = (strings, ...values) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(String.raw(strings, ...values));
  return sheet;
};

const tokens = css`
  :host {
    --text: #303030; --subdued: #616161; --disabled: #b5b5b5; --link: #005bd3; --focus: #005bd3;
    --surface: #fff; --surface-subdued: #f7f7f7; --surface-strong: #ebebeb; --line: #e3e3e3; --line-strong: #8a8a8a;
    --critical: #8e1f0b; --critical-fill: #c70a24; --success: #014b40; --warning: #5e4200; --caution: #4f4700; --info: #003a5a;
    --radius: 8px; --radius-large: 12px;
    --card: 0 1px 0 0 #1a1a1a12, 0 0 0 1px #00000014;
    --raised: 0 8px 24px -6px #1a1a1a40, 0 0 0 1px #0000001a;
    box-sizing: border-box;
  }
  :host([hidden]) { display: none !important; }
  *, *::before, *::after { box-sizing: border-box; }
  button, input, select, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
  .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  @media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation-duration: 1.5s !important; transition: none !important; } }
`;

document.adoptedStyleSheets.push(css`
  html { -webkit-text-size-adjust: 100%; }
  body {
    margin: 0; background: #f1f1f1; color: #303030; -webkit-font-smoothing: antialiased;
    font: 450 13px/20px Inter, -apple-system, BlinkMacSystemFont, "San Francisco", "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
  }
  s-app-nav, s-app-window, ui-nav-menu { display: none; }
`);

/** `static props` maps a camelCase property to String, Boolean or Number; its attribute is the same in lower case. */
export class PolarisElement extends HTMLElement {
  static props = {};
  static styles = [];
  static template = "<slot></slot>";
  static delegatesFocus = false;
  static role = "";

  static get observedAttributes() {
    return Object.keys(this.props).map((name) => name.toLowerCase());
  }

  constructor() {
    super();
    const { delegatesFocus, styles, template } = this.constructor;
    const root = this.attachShadow({ mode: "open", delegatesFocus });
    root.adoptedStyleSheets = [tokens, ...styles];
    root.innerHTML = template;
  }

  connectedCallback() {
    if (this.constructor.role) this.takeRole(this.constructor.role);
    this.update();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.update();
  }

  update() {}

  /** As an attribute rather than by ElementInternals, which axe and Playwright do not read. */
  takeRole(role) {
    if (this.getAttribute("role") !== role) this.setAttribute("role", role);
  }

  part$(selector) {
    return this.shadowRoot.querySelector(selector);
  }

  /** True when something stands in the named slot. */
  fills(slot) {
    const selector = slot ? `slot[name="${slot}"]` : "slot:not([name])";
    const nodes = this.part$(selector)?.assignedNodes() ?? [];
    return nodes.some((node) => node.nodeType === Node.ELEMENT_NODE || node.textContent.trim());
  }

  /** Call `update` whenever what stands in a slot changes. */
  watchSlots() {
    this.shadowRoot.addEventListener("slotchange", () => this.update());
  }
}

const reflect = {
  [String]: (attribute) => ({
    get() { return this.getAttribute(attribute) ?? ""; },
    set(value) { if (value === null || value === undefined) this.removeAttribute(attribute); else this.setAttribute(attribute, value); },
  }),
  [Boolean]: (attribute) => ({
    get() { return this.hasAttribute(attribute); },
    set(value) { this.toggleAttribute(attribute, Boolean(value)); },
  }),
  [Number]: (attribute) => ({
    get() { return this.hasAttribute(attribute) ? Number(this.getAttribute(attribute)) : undefined; },
    set(value) { this.setAttribute(attribute, value); },
  }),
};

export function define(tag, element) {
  for (const [name, type] of Object.entries(element.props)) {
    if (name in element.prototype) continue;
    Object.defineProperty(element.prototype, name, { ...reflect[type](name.toLowerCase()), configurable: true, enumerable: true });
  }
  customElements.define(tag, element);
}

export const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Text with tone "auto" takes its colour from around it. */
export const toneColor = {
  neutral: "var(--subdued)", info: "var(--info)", success: "var(--success)",
  caution: "var(--caution)", warning: "var(--warning)", critical: "var(--critical)",
};
