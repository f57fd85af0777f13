// A small set of our own icons under Polaris' names: 20 by 20, drawn with one pen.

import { PolarisElement, css, define, toneColor } from "./element.js";

const paths = {
  "alert-circle": "M10 6.5v4M10 13.4v.1M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z",
  "alert-triangle": "M10 8v3.5M10 14v.1M8.7 4 3 14a1.5 1.5 0 0 0 1.3 2.2h11.4A1.5 1.5 0 0 0 17 14L11.3 4a1.5 1.5 0 0 0-2.6 0Z",
  "alert-diamond": "M10 6.5v4M10 13.4v.1M3.4 9.3l5.9-5.9a1 1 0 0 1 1.4 0l5.9 5.9a1 1 0 0 1 0 1.4l-5.9 5.9a1 1 0 0 1-1.4 0l-5.9-5.9a1 1 0 0 1 0-1.4Z",
  "app-extension": "M4 4h5v5H4zM4 11h5v5H4zM11 11h5v5h-5zM13.5 3.5v6M10.5 6.5h6",
  apps: "M4 4h5v5H4zM11 4h5v5h-5zM4 11h5v5H4zM11 11h5v5h-5z",
  archive: "M4 7h12v8.5a.5.5 0 0 1-.5.5h-11a.5.5 0 0 1-.5-.5zM3 4h14v3H3zM8 10h4",
  "arrow-down": "M10 4v12m0 0 4.5-4.5M10 16l-4.5-4.5", "arrow-left": "M16 10H4m0 0 4.5-4.5M4 10l4.5 4.5",
  "arrow-right": "M4 10h12m0 0-4.5-4.5M16 10l-4.5 4.5", "arrow-up": "M10 16V4m0 0 4.5 4.5M10 4 5.5 8.5",
  bank: "M3.5 8 10 4l6.5 4zM5 8v6M8.3 8v6M11.7 8v6M15 8v6M3.5 16.5h13M4.5 14h11",
  calendar: "M4 5.5h12v10.5H4zM4 9h12M7 3.5v3M13 3.5v3", cart: "M3 4h2l1.8 8.5h8.2L16.8 7H5.7M8 16v.1M14 16v.1",
  "cash-dollar": "M10 6v8M12 7.7c-.4-.7-1.2-1-2-1-1.2 0-2 .7-2 1.6 0 2.2 4 1.1 4 3.4 0 .9-.8 1.6-2 1.6-.8 0-1.6-.3-2-1M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z",
  "chart-vertical": "M4 16.5h12M5.5 14v-4M10 14V5M14.5 14V8", chat: "M4 5h12v8.5H9L5.5 16.5v-3H4z", check: "m5 10.5 3.5 3.5L15.5 6.5",
  code: "m7 6-4 4 4 4M13 6l4 4-4 4",
  hashtag: "M8 4 6.5 16M13.5 4 12 16M4 8h12.5M3.5 12H16",
  "check-circle": "m7 10.3 2 2 4-4.3M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z",
  "chevron-down": "m6 8 4 4 4-4", "chevron-left": "m12 6-4 4 4 4", "chevron-right": "m8 6 4 4-4 4", "chevron-up": "m6 12 4-4 4 4",
  "circle-dashed": "M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z", clipboard: "M7 4.5H5v12h10v-12h-2M7.5 3.5h5v2.5h-5z",
  clock: "M10 6v4.3l2.8 1.7M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z", collection: "M4 8h12v8H4zM5.5 6h9M7 4h6", content: "M4 4h12v12H4zM4 8h12M8 8v8",
  delete: "M4.5 6h11M8 6V4h4v2M6 6l.7 10h6.6L14 6M8.7 9v4.5M11.3 9v4.5", delivery: "M2.5 5.5h9v8h-9zM11.5 8.5h3.2l2.8 2.7v2.3h-6M6 15.5v.1M14 15.5v.1",
  discount: "m4 10 6-6h6v6l-6 6zM13 7v.1", download: "M10 4v8.5m0 0 3.5-3.5M10 12.5 6.5 9M4 16h12", "drag-handle": "M7.5 5v.1M12.5 5v.1M7.5 10v.1M12.5 10v.1M7.5 15v.1M12.5 15v.1", duplicate: "M7.5 7.5h8.5v8.5H7.5zM12.5 7.5V4H4v8.5h3.5",
  edit: "m4 16 .7-3.3 8-8a1.2 1.2 0 0 1 1.7 0l.9.9a1.2 1.2 0 0 1 0 1.7l-8 8z", email: "M3 5h14v10H3zM3.5 5.5 10 11l6.5-5.5",
  export: "M10 12V3.5m0 0L6.5 7M10 3.5 13.5 7M4 11v5h12v-5", external: "M8.5 5H4.5v10.5H15v-4M11 4h5v5M16 4l-7 7", file: "M5.5 3.5h6l3.5 3.5v9.5h-9.5zM11.5 3.5V7H15",
  filter: "M3.5 6h13M6 10h8M8.5 14h3", globe: "M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0ZM3 10h14M10 3c4.5 4.5 4.5 9.5 0 14-4.5-4.5-4.5-9.5 0-14Z",
  heart: "M10 16 4.3 10.2a3.7 3.7 0 0 1 5.2-5.2l.5.5.5-.5a3.7 3.7 0 0 1 5.2 5.2z", hide: "M4 4l12 12M8 5.7A8 8 0 0 1 17 10a10 10 0 0 1-2 2.5M5.5 6.8A10 10 0 0 0 3 10c1.5 3 4 4.8 7 4.8 1 0 2-.2 2.8-.6",
  home: "M4 9.5 10 4l6 5.5V16h-4v-4H8v4H4z", image: "M3.5 4.5h13v11h-13zM3.5 13l4-4 3.5 3.5 2-2 3.5 3.5M12.5 7.7v.1", import: "M10 3.5V12m0 0 3.5-3.5M10 12 6.5 8.5M4 11v5h12v-5",
  info: "M10 9.2v4M10 6.6v.1M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z", inventory: "M3.5 6 10 3l6.5 3v8L10 17l-6.5-3zM3.5 6 10 9l6.5-3M10 9v8",
  link: "M8.5 11.5a3 3 0 0 0 4.2 0l2.5-2.5a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.2 0L4.8 11a3 3 0 0 0 4.2 4.2l1-1",
  "list-bulleted": "M8 5.5h8M8 10h8M8 14.5h8M4.5 5.5v.1M4.5 10v.1M4.5 14.5v.1", location: "M10 17s5-4.7 5-8.8a5 5 0 0 0-10 0C5 12.3 10 17 10 17ZM10 8.3v.1",
  lock: "M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9", menu: "M3.5 5.5h13M3.5 10h13M3.5 14.5h13", "menu-horizontal": "M5 10v.1M10 10v.1M15 10v.1", "menu-vertical": "M10 5v.1M10 10v.1M10 15v.1",
  minus: "M5 10h10", money: "M3 6h14v8.5H3zM10 12.2a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z", note: "M4 4h12v8.5L12.5 16H4zM7 8h6M7 11h3",
  notification: "M5.5 13.5V9a4.5 4.5 0 0 1 9 0v4.5l1 1h-11zM8.5 16.5h3", order: "M4 10.5V4.5h12v6M4 10.5h3.5l1 2h3l1-2H16V16H4z", "order-fulfilled": "M4 10.5V4h12v6.5M4 10.5h3l1 2h4l1-2h3V16H4zM7.5 7l1.8 1.7L12.5 6",
  "order-unfulfilled": "M4 10.5V4h12v6.5M4 10.5h3l1 2h4l1-2h3V16H4z", package: "M3.5 6.5 10 3.5l6.5 3v7L10 16.5l-6.5-3zM3.5 6.5 10 9.5l6.5-3M10 9.5v7M6.8 5l6.5 3",
  page: "M5 3.5h10v13H5zM7.5 7h5M7.5 10h5M7.5 13h3", payment: "M3 5h14v10H3zM3 8.5h14M6 12h3", payout: "M3 7h14v8H3zM5 4.5h10M10 13a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  person: "M10 10a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 10 10ZM4 16.5c.5-2.8 2.9-4.3 6-4.3s5.5 1.5 6 4.3z", phone: "M6.5 4 8.5 8l-1.5 1.5a8 8 0 0 0 3.5 3.5L12 11.5l4 2c0 2-1.5 3-3 2.8C8 15.5 4.5 12 3.7 7 3.5 5.5 4.5 4 6.5 4Z",
  plus: "M10 4.5v11M4.5 10h11", "plus-circle": "M10 7v6M7 10h6M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z", product: "M3.5 10.5v-7h7l6.5 6.5-7 7zM7 7v.1", "question-circle": "M8 8a2 2 0 1 1 2.8 1.9c-.5.3-.8.6-.8 1.3M10 13.6v.1M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z",
  receipt: "M5 3.5h10v13l-2-1.3-1.5 1.3-1.5-1.3-1.5 1.3L7 15.2l-2 1.3zM7.5 7.5h5M7.5 10.5h5", refresh: "M16 5v3.5h-3.5M4 15v-3.5h3.5M5 8a5.5 5.5 0 0 1 10.5.5M15 12a5.5 5.5 0 0 1-10.5-.5",
  return: "M5 8h7.5a3.5 3.5 0 0 1 0 7H7M5 8l3-3M5 8l3 3", search: "m13 13 3.5 3.5M14.5 9a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0Z", send: "M3.5 4 17 10 3.5 16l2-6zM5.5 10H11",
  settings: "M10 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6ZM8.7 3.5h2.6l.5 2 1.5.9 2-.6 1.3 2.3-1.5 1.4v1.4l1.5 1.4-1.3 2.3-2-.6-1.5.9-.5 2H8.7l-.5-2-1.5-.9-2 .6-1.3-2.3 1.5-1.4V9.5L3.4 8.1l1.3-2.3 2 .6 1.5-.9z",
  sort: "M6.5 4.5v11m0 0L4 13m2.5 2.5L9 13M13.5 15.5v-11m0 0L11 7m2.5-2.5L16 7", star: "m10 3.5 2 4.2 4.5.6-3.3 3.2.8 4.5-4-2.2-4 2.2.8-4.5L3.5 8.3 8 7.7z",
  store: "M4 9v7h12V9M3 7.5 4.5 4h11L17 7.5a2.3 2.3 0 0 1-4.6 0 2.3 2.3 0 0 1-4.7 0A2.3 2.3 0 0 1 3 7.5ZM8 16v-4h4v4", "team": "M7.5 9.5a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4ZM2.5 16c.3-2.5 2.3-4 5-4s4.7 1.5 5 4zM13 9.5a2.3 2.3 0 1 0 0-4.6M14.5 12c1.8.5 2.8 1.8 3 4",
  undo: "M5 8h7.5a3.5 3.5 0 0 1 0 7H9M5 8l3-3M5 8l3 3", upload: "M10 13V4.5m0 0L6.5 8M10 4.5 13.5 8M4 16h12", view: "M3 10c1.5-3 4-4.8 7-4.8s5.5 1.8 7 4.8c-1.5 3-4 4.8-7 4.8S4.5 13 3 10ZM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  wallet: "M3.5 6h12v10h-12zM3.5 6 13 3.5V6M13 11v.1", x: "m5.5 5.5 9 9M14.5 5.5l-9 9", "x-circle": "m7.7 7.7 4.6 4.6M12.3 7.7l-4.6 4.6M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z", book: "M4 4.5h5a1 1 0 0 1 1 1V16a1 1 0 0 0-1-1H4zM16 4.5h-5a1 1 0 0 0-1 1V16a1 1 0 0 1 1-1h5z",
  flag: "M5 17V4h9l-1.5 3L14 10H5", metaobject: "M10 3.5 16 7v6l-6 3.5L4 13V7zM10 10v.1", "dock-side": "M3.5 4.5h13v11h-13zM12 4.5v11", transaction: "M4 7h11m0 0-2.5-2.5M15 7l-2.5 2.5M16 13H5m0 0 2.5-2.5M5 13l2.5 2.5", categories: "M4 4h5v5H4zM11 4h5v5h-5zM4 11h5v5H4zM13.5 16a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
};

export function iconSvg(name) {
  const path = paths[name];
  if (path === undefined) console.warn(`polaris stand-in: no drawing for icon "${name}"`);
  const dash = name === "circle-dashed" ? ' stroke-dasharray="2.5 3"' : "";
  return `<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"${dash}><path d="${path ?? ""}"/></svg>`;
}

define("s-icon", class extends PolarisElement {
  static props = { type: String, tone: String, color: String, size: String, interestFor: String };
  static styles = [css`
    :host { display: inline-block; inline-size: 20px; block-size: 20px; flex: none; vertical-align: middle; }
    :host([size="small"]) { inline-size: 16px; block-size: 16px; }
    :host([color="subdued"]) { color: var(--subdued); }
    svg { display: block; inline-size: 100%; block-size: 100%; }
  `];
  static template = "<span></span>";

  update() {
    const span = this.part$("span");
    span.innerHTML = iconSvg(this.type);
    span.style.color = toneColor[this.tone] ?? "";
  }
});
