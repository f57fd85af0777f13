// Tables, which become lists where there is no room for columns.

import { PolarisElement, css, define } from "./element.js";

const NARROW = 490;

define("s-table", class extends PolarisElement {
  static props = { variant: String, loading: Boolean, paginate: Boolean, hasPreviousPage: Boolean, hasNextPage: Boolean };
  static styles = [css`
    :host { display: block; min-inline-size: 0; }
    .filters { display: none; padding: 8px 12px; border-block-end: 1px solid var(--line); }
    .filters.on { display: block; }
    .scroll { overflow-x: auto; }
    .table { display: table; inline-size: 100%; border-collapse: collapse; }
    .list { display: block; }
    :host([loading]) .scroll { opacity: .5; pointer-events: none; }
    .pages { display: none; justify-content: center; gap: 4px; padding: 8px; border-block-start: 1px solid var(--line); }
    .pages.on { display: flex; }
    .pages button { border: 0; border-radius: var(--radius); background: #fff; padding: 4px 12px; box-shadow: 0 0 0 1px #0000001a inset; cursor: pointer; }
    .pages button:disabled { color: var(--disabled); cursor: default; }
  `];
  static template = `<div class="filters"><slot name="filters"></slot></div><div class="scroll"><div id="table" class="table" role="table"><slot></slot></div></div>
    <div class="pages"><button type="button" data-event="previouspage" aria-label="Previous page">‹</button><button type="button" data-event="nextpage" aria-label="Next page">›</button></div>`;

  constructor() {
    super();
    this.watchSlots();
    new ResizeObserver(() => this.arrange()).observe(this);
    new MutationObserver(() => this.arrangeSoon()).observe(this, { childList: true, subtree: true });
    this.addEventListener("click", (event) => this.delegate(event));
    for (const button of this.shadowRoot.querySelectorAll(".pages button")) {
      button.addEventListener("click", () => this.dispatchEvent(new Event(button.dataset.event)));
    }
  }

  /** A click on a row is a click on the element its `clickdelegate` names. */
  delegate(event) {
    const inside = event.composedPath();
    const row = inside.find((node) => node.localName === "s-table-row");
    const busy = inside.slice(0, inside.indexOf(row)).some((node) => /^(a|button|input|select|s-(link|button|checkbox|clickable|switch))$/.test(node.localName ?? ""));
    const target = row?.clickDelegate && this.getRootNode().getElementById(row.clickDelegate);
    if (target && !busy && !window.getSelection().toString()) target.click();
  }

  update() {
    this.part$(".filters").classList.toggle("on", this.fills("filters"));
    this.part$(".pages").classList.toggle("on", this.paginate);
    this.part$('[data-event="previouspage"]').disabled = !this.hasPreviousPage;
    this.part$('[data-event="nextpage"]').disabled = !this.hasNextPage;
    this.part$("#table").ariaBusy = this.loading ? "true" : null;
    this.arrangeSoon();
  }

  /** Once for many changes: while a page is parsed, observers are called after every single element. */
  arrangeSoon() {
    if (this.soon) return;
    this.soon = window.setTimeout(() => {
      this.soon = null;
      this.arrange(true);
    });
  }

  arrange(fresh = false) {
    const list = this.variant === "list" || (this.clientWidth > 0 && this.clientWidth <= NARROW);
    if (!fresh && list === this.asList) return;
    this.asList = list;
    this.part$("#table").className = list ? "list" : "table";
    this.part$("#table").setAttribute("role", list ? "list" : "table");
    const headers = [...this.querySelectorAll("s-table-header")];
    for (const part of this.querySelectorAll("s-table-header-row, s-table-body, s-table-row, s-table-header")) part.arrange?.(list);
    for (const row of this.querySelectorAll("s-table-row")) {
      [...row.children].forEach((cell, at) => cell.arrange?.(list, headers[at]));
    }
  }
});

class Part extends PolarisElement {
  static roles = ["none", "none"];

  constructor() {
    super();
    this.own = new CSSStyleSheet();
    this.shadowRoot.adoptedStyleSheets.push(this.own);
  }

  arrange(list) {
    this.takeRole(this.constructor.roles[list ? 1 : 0]);
    this.dress(list ? this.constructor.asList : "");
  }

  dress(rules) {
    if (this.rules !== rules) this.own.replaceSync(rules);
    this.rules = rules;
  }
}

define("s-table-header-row", class extends Part {
  static roles = ["row", "none"];
  static styles = [css`:host { display: table-row; background: #f7f7f7; }`];
  static asList = ":host { display: none; }";
});
define("s-table-header", class extends Part {
  static props = { listSlot: String, format: String };
  static roles = ["columnheader", "none"];
  static styles = [css`
    :host { display: table-cell; padding: 8px 12px; text-align: start; font-size: 12px; line-height: 16px; font-weight: 550; color: var(--subdued); white-space: nowrap; border-block-end: 1px solid var(--line); }
    :host(:is([format="numeric"], [format="currency"])) { text-align: end; }
  `];
  static asList = "";
});
define("s-table-body", class extends Part {
  static roles = ["rowgroup", "none"];
  static styles = [css`:host { display: table-row-group; }`];
  static asList = ":host { display: block; }";
});
define("s-table-row", class extends Part {
  static props = { clickDelegate: String };
  static roles = ["row", "listitem"];
  static styles = [css`
    :host { display: table-row; }
    :host([clickdelegate]) { cursor: pointer; }
    :host([clickdelegate]:hover) { background: #f7f7f7; }
  `];
  static asList = `:host { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; padding: 12px 16px; border-block-end: 1px solid var(--line); }
    :host(:last-child) { border-block-end: 0; }`;
});

const listRules = {
  kicker: "flex: 0 0 100%; order: 1; color: var(--subdued); font-size: 12px;", primary: "flex: 1 1 60%; order: 2; font-weight: 600; font-size: 14px;",
  inline: "flex: 0 1 auto; order: 3;", secondary: "flex: 0 0 100%; order: 4; color: var(--subdued);",
  labeled: "flex: 0 0 100%; order: 5; display: flex; justify-content: space-between; gap: 12px;",
};

define("s-table-cell", class extends Part {
  static roles = ["cell", "none"];
  static styles = [css`
    :host { display: table-cell; padding: 8px 12px; vertical-align: middle; border-block-start: 1px solid #ebebeb; }
    .label { color: var(--subdued); }
    .label:empty { display: none; }
  `];
  static template = `<span class="label"></span><slot></slot>`;

  arrange(list, header) {
    this.takeRole(this.constructor.roles[list ? 1 : 0]);
    const place = header?.listSlot || "labeled";
    const figures = ["numeric", "currency"].includes(header?.format);
    this.part$(".label").textContent = list && place === "labeled" ? (header?.textContent.trim() ?? "") : "";
    const rules = list ? `display: block; padding: 0; border: 0; min-inline-size: 0; ${listRules[place]}` : figures ? "text-align: end; white-space: nowrap;" : "";
    this.dress(`:host { ${rules} ${figures ? "font-variant-numeric: tabular-nums;" : ""} }`);
  }
});
