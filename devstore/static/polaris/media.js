// Pictures: image, thumbnail, avatar.

import { PolarisElement, css, define } from "./element.js";
import { boxCss } from "./box.js";
import { iconSvg } from "./icons.js";

const frame = { border: String, borderColor: String, borderRadius: String, borderStyle: String, borderWidth: String };

define("s-image", class extends PolarisElement {
  static props = { src: String, alt: String, srcset: String, sizes: String, loading: String, aspectRatio: String, objectFit: String, inlineSize: String, accessibilityRole: String, ...frame };
  static styles = [css`
    :host { display: block; overflow: hidden; }
    img { display: block; inline-size: 100%; aspect-ratio: 1; object-fit: contain; }
    :host([inlinesize="auto"]) img { inline-size: auto; max-inline-size: 100%; aspect-ratio: auto; }
  `];
  static template = "<img>";

  constructor() {
    super();
    this.layout = new CSSStyleSheet();
    this.shadowRoot.adoptedStyleSheets.push(this.layout);
    for (const type of ["load", "error"]) this.part$("img").addEventListener(type, () => this.dispatchEvent(new Event(type)));
  }

  update() {
    const image = this.part$("img");
    image.alt = this.accessibilityRole === "presentation" || this.accessibilityRole === "none" ? "" : this.alt;
    for (const name of ["loading", "sizes", "srcset", "src"]) if (this.hasAttribute(name)) image.setAttribute(name, this.getAttribute(name));
    if (this.aspectRatio) image.style.aspectRatio = this.aspectRatio;
    if (this.objectFit) image.style.objectFit = this.objectFit;
    this.layout.replaceSync(boxCss(this, frame));
  }
});

define("s-thumbnail", class extends PolarisElement {
  static props = { src: String, alt: String, size: String };
  static styles = [css`
    :host { display: inline-grid; place-items: center; inline-size: 40px; block-size: 40px; flex: none; overflow: hidden; border-radius: var(--radius); box-shadow: 0 0 0 1px #00000014 inset; background: #fff; color: #8a8a8a; vertical-align: middle; position: relative; }
    :host([size="small-200"]) { inline-size: 24px; block-size: 24px; border-radius: 4px; }
    :host(:is([size="small"], [size="small-100"])) { inline-size: 32px; block-size: 32px; }
    :host([size="large"]) { inline-size: 60px; block-size: 60px; }
    :host([size="large-100"]) { inline-size: 80px; block-size: 80px; }
    img { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: contain; }
    svg { inline-size: 20px; }
  `];
  static template = `${iconSvg("image")}<img hidden>`;

  update() {
    const image = this.part$("img");
    image.hidden = !this.src;
    this.part$("svg").style.display = this.src ? "none" : "";
    image.alt = this.alt;
    if (this.src) image.src = this.src;
  }
});

const hues = ["#c5e9ff", "#d0f2d2", "#ffe0c2", "#f6d8ff", "#ffd9d9", "#e6e0ff"];

define("s-avatar", class extends PolarisElement {
  static props = { src: String, alt: String, initials: String, size: String };
  static styles = [css`
    :host { display: inline-grid; place-items: center; inline-size: 32px; block-size: 32px; flex: none; border-radius: 8px; overflow: hidden; font-size: 12px; font-weight: 600; position: relative; vertical-align: middle; }
    :host([size^="small"]) { inline-size: 24px; block-size: 24px; font-size: 10px; border-radius: 6px; }
    :host([size="large"]) { inline-size: 40px; block-size: 40px; }
    :host(:is([size="large-100"], [size="large-200"])) { inline-size: 56px; block-size: 56px; font-size: 16px; }
    img { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; object-fit: cover; }
  `];
  static template = `<span></span><img hidden>`;

  constructor() {
    super();
    this.internals = this.attachInternals();
    this.internals.role = "img";
    this.part$("img").addEventListener("error", () => { this.part$("img").hidden = true; });
  }

  update() {
    const seed = [...(this.initials || this.alt)].reduce((sum, sign) => sum + sign.codePointAt(0), 0);
    this.style.backgroundColor = hues[seed % hues.length];
    this.internals.ariaLabel = this.alt || this.initials || null;
    const span = this.part$("span");
    if (this.initials) span.textContent = this.initials.slice(0, 2);
    else span.innerHTML = iconSvg("person");
    const image = this.part$("img");
    image.hidden = !this.src;
    image.alt = "";
    if (this.src) image.src = this.src;
  }
});
