// Words: text, paragraphs, headings, lists.

import { PolarisElement, css, define, toneColor } from "./element.js";

const sizes = {
  "small-200": "11px/14px", "small-100": "12px/16px", small: "12px/16px", base: "13px/20px",
  large: "14px/20px", "large-100": "16px/24px", "large-200": "20px/24px", "large-300": "24px/32px", "large-400": "30px/40px",
};
const weights = { base: "450", medium: "550", semibold: "600", bold: "700" };

/** Size, weight, tone and figures of the element, as one declaration block for its host. */
function typeset(element, tone, color) {
  const [size, height] = (sizes[element.getAttribute("fontsize")] ?? "").split("/");
  const rules = {
    "font-size": size, "line-height": height, "font-weight": weights[element.getAttribute("fontweight")],
    color: toneColor[tone] ?? (color === "subdued" ? "var(--subdued)" : ""),
    "font-variant-numeric": { "tabular-nums": "tabular-nums" }[element.getAttribute("fontvariantnumeric")],
  };
  return Object.entries(rules).filter(([, value]) => value).map(([name, value]) => `${name}: ${value};`).join(" ");
}

function clamp(lines) {
  return lines ? `display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: ${Number(lines)}; overflow: hidden;` : "";
}

const shared = { color: String, tone: String, fontSize: String, fontWeight: String, fontVariantNumeric: String, accessibilityVisibility: String, lineClamp: Number };
const hidden = css`:host([accessibilityvisibility="exclusive"]) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }`;

class Words extends PolarisElement {
  static props = shared;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.layout = new CSSStyleSheet();
    this.shadowRoot.adoptedStyleSheets.push(this.layout);
  }

  update() {
    const clamped = this.localName === "s-text" ? "" : clamp(this.getAttribute("lineclamp"));
    this.layout.replaceSync(`:host { ${typeset(this, this.getAttribute("tone"), this.getAttribute("color"))} ${clamped} }`);
    this.internals.ariaHidden = this.getAttribute("accessibilityvisibility") === "hidden" ? "true" : null;
  }
}

define("s-text", class extends Words {
  static props = { ...shared, type: String, interestFor: String };
  static styles = [hidden, css`
    :host { display: inline; overflow-wrap: anywhere; }
    :host([type="strong"]) { font-weight: 600; }
    :host([type="address"]) { font-style: normal; }
    :host([type="redundant"]) { text-decoration: line-through; color: var(--subdued); }
  `];
});
define("s-paragraph", class extends Words {
  static role = "paragraph";
  static styles = [hidden, css`:host { display: block; overflow-wrap: anywhere; }`];
});
define("s-heading", class extends Words {
  static props = { ...shared, accessibilityRole: String };
  static styles = [hidden, css`:host { display: block; font-size: 14px; line-height: 20px; font-weight: 600; }`];

  update() {
    super.update();
    const role = this.getAttribute("accessibilityrole") ?? "heading";
    this.takeRole(role);
    if (role === "heading") this.setAttribute("aria-level", this.closest("s-section") ? "3" : "2");
  }
});

class List extends PolarisElement {
  static styles = [css`:host { display: block; padding-inline-start: 20px; } :host > * { display: block; }`];
  static role = "list";
  static marker = "disc";

  constructor() {
    super();
    this.shadowRoot.adoptedStyleSheets.push(css`::slotted(*) { list-style-type: ${this.constructor.marker}; }`);
  }
}
define("s-unordered-list", class extends List {});
define("s-ordered-list", class extends List {
  static marker = "decimal";
});
define("s-list-item", class extends PolarisElement {
  static role = "listitem";
  static styles = [css`:host { display: list-item; padding-block: 2px; }`];
});
