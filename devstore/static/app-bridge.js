// A stand-in for App Bridge: `window.shopify`, signed requests, navigation and the save bar, spoken with the admin around the frame.
(() => {
  "use strict";
  const script = document.currentScript;
  const admin = new URL(script.src).origin;
  const apiKey = script.dataset.apiKey ?? document.querySelector('meta[name="shopify-api-key"]')?.content;
  if (!apiKey) throw new Error("App Bridge: give the API key in data-api-key or in a meta tag named shopify-api-key");

  const arrived = new URLSearchParams(window.location.search);
  const SIGNED = ["id_token", "hmac", "session", "timestamp"];
  const FRAME = ["shop", "host", "embedded", "locale"];
  const framed = window.parent !== window;

  // ── Talking with the admin ──────────────────────────────────────────────────────────────────────────────────────────
  const waiting = new Map();
  const listeners = {};
  let last = 0;

  /** Ask the admin; resolves with its answer. */
  function ask(type, payload = {}) {
    if (!framed) return new Promise(() => {});
    last += 1;
    const id = last;
    window.parent.postMessage({ bridge: 1, id, type, payload }, admin);
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }

  window.addEventListener("message", ({ origin, source, data }) => {
    if (origin !== admin || source !== window.parent || data?.bridge !== 1) return;
    const asked = waiting.get(data.reply);
    waiting.delete(data.reply);
    if (asked && "error" in data) asked.reject(new Error(data.error));
    else if (asked) asked.resolve(data.result);
    else listeners[data.type]?.(data.payload);
  });

  const hello = ask("hello");
  const config = { apiKey, shop: arrived.get("shop"), host: arrived.get("host"), locale: arrived.get("locale") ?? "en" };
  hello.then((known) => Object.assign(config, known));

  const idToken = (fresh = false, bounced = false) => ask("idToken", { fresh, bounced });

  // ── Addresses ───────────────────────────────────────────────────────────────────────────────────────────────────────
  /** The path the admin shows: without what was only there to sign the visit. */
  function place(url = new URL(window.location.href)) {
    const shown = new URL(url);
    for (const name of [...SIGNED, ...FRAME]) shown.searchParams.delete(name);
    return shown.pathname + shown.search + shown.hash;
  }

  async function signed(target, bounced = false) {
    const url = new URL(target, window.location.href);
    const token = await idToken(bounced, bounced);
    await hello;
    const values = { shop: config.shop, host: config.host, embedded: "1", locale: config.locale, id_token: token };
    for (const [name, value] of Object.entries(values)) if (value) url.searchParams.set(name, value);
    return url;
  }

  async function visit(target) {
    ask("loading", { on: true });
    window.location.assign(await signed(target));
  }

  /** The app sent a document away for want of a token: fetch one and go where it wanted to. */
  async function finishBounce(wanted) {
    const url = new URL(wanted, window.location.origin);
    if (url.origin !== window.location.origin) throw new Error("App Bridge: shopify-reload must stay on the app's own site");
    url.searchParams.delete("id_token");
    window.location.replace(await signed(url, true));
  }

  function forgetSignature() {
    const url = new URL(window.location.href);
    for (const name of SIGNED) url.searchParams.delete(name);
    if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url);
  }

  function enterAdmin() {
    const host = arrived.get("host") ? window.atob(arrived.get("host")) : "";
    const frame = new URL(`${new URL(admin).protocol}//${host}`);
    if (host && frame.origin === admin) window.location.replace(`${frame}/apps/${apiKey}${place()}`);
  }

  // ── Signed requests ─────────────────────────────────────────────────────────────────────────────────────────────────
  const plainFetch = window.fetch.bind(window);
  const own = (url) => new URL(url, window.location.href).origin === window.location.origin;

  window.fetch = async function fetch(input, init) {
    const request = new Request(input, init);
    if (!own(request.url) || request.headers.has("Authorization")) return plainFetch(input, init);
    const again = request.clone();
    request.headers.set("Authorization", `Bearer ${await idToken()}`);
    const answer = await plainFetch(request);
    if (answer.status !== 401 || !answer.headers.has("X-Shopify-Retry-Invalid-Session-Request")) return answer;
    again.headers.set("Authorization", `Bearer ${await idToken(true)}`);
    return plainFetch(again);
  };

  const { open: openXhr, send: sendXhr, setRequestHeader } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function open(method, url, ...rest) {
    this.bridgeSigns = own(url) && rest[0] !== false;
    return openXhr.call(this, method, url, ...rest);
  };
  XMLHttpRequest.prototype.setRequestHeader = function set(name, value) {
    if (name.toLowerCase() === "authorization") this.bridgeSigns = false;
    return setRequestHeader.call(this, name, value);
  };
  XMLHttpRequest.prototype.send = async function send(body) {
    if (this.bridgeSigns) setRequestHeader.call(this, "Authorization", `Bearer ${await idToken(true)}`);
    sendXhr.call(this, body);
  };

  // ── Navigation ──────────────────────────────────────────────────────────────────────────────────────────────────────
  const inAdmin = /^shopify:(?:\/\/)?admin\/?(.*)$/;

  window.addEventListener("click", async (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement && node.hasAttribute("href"));
    if (!link || link.hasAttribute("download") || !["", "_self"].includes(link.target)) return;
    const native = inAdmin.exec(link.getAttribute("href"));
    const url = new URL(link.href);
    const fragment = url.hash && place(url).split("#")[0] === place().split("#")[0];
    if (!native && (url.origin !== window.location.origin || fragment)) return;
    event.preventDefault();
    await shopify.saveBar.leaveConfirmation();
    if (native) ask("openAdmin", { path: native[1] });
    else visit(url);
  });

  const plainOpen = window.open.bind(window);
  window.open = function open(url = "", ...rest) {
    const native = inAdmin.exec(String(url));
    if (!native) return plainOpen(url, ...rest);
    ask("openAdmin", { path: native[1], target: rest[0] });
    return null;
  };

  function navigation() {
    const links = document.querySelectorAll("s-app-nav > :is(a, s-link), ui-nav-menu > a");
    return [...links].map((link) => ({ label: link.textContent.trim(), href: link.getAttribute("href"), home: link.getAttribute("rel") === "home" }));
  }

  const report = () => ask("place", { path: place(), title: document.title, navigation: navigation() });
  for (const name of ["pushState", "replaceState"]) {
    const plain = window.history[name].bind(window.history);
    window.history[name] = (...values) => {
      plain(...values);
      if (document.readyState !== "loading") report();
    };
  }
  window.addEventListener("popstate", report);
  window.addEventListener("pageshow", (event) => event.persisted && report());

  listeners.visit = async ({ path }) => {
    await shopify.saveBar.leaveConfirmation();
    visit(path);
  };

  // ── The save bar ────────────────────────────────────────────────────────────────────────────────────────────────────
  let guarded = null;

  function guard(owner) {
    if (guarded === owner) return;
    guarded = owner;
    ask("saveBar", { on: true, key: owner.id });
  }

  function release(owner) {
    if (!guarded || (owner && guarded !== owner)) return;
    guarded = null;
    ask("saveBar", { on: false });
  }

  const wired = (event) => event.target.closest?.("form[data-save-bar]");
  for (const type of ["input", "change"]) document.addEventListener(type, (event) => wired(event) && guard(wired(event)));
  for (const type of ["submit", "reset"]) document.addEventListener(type, (event) => release(wired(event) ?? event.target), true);

  function press(choice) {
    const owner = guarded;
    if (owner instanceof HTMLFormElement) {
      if (choice === "save") owner.requestSubmit();
      else owner.reset();
    } else owner?.querySelector(choice === "save" ? 'button[variant="primary"]' : 'button:not([variant="primary"])')?.click();
  }
  listeners.saveBar = ({ choice }) => press(choice);

  const barOf = (id) => document.getElementById(id);
  const saveBar = {
    show: async (id) => guard(barOf(id)),
    hide: async (id) => release(barOf(id)),
    toggle: async (id) => (guarded === barOf(id) ? release(barOf(id)) : guard(barOf(id))),
    leaveConfirmation: async () => {
      if (!guarded) return;
      await ask("leaveConfirmation");
      guarded = null;
    },
  };

  // ── window.shopify ──────────────────────────────────────────────────────────────────────────────────────────────────
  const actions = new Map();
  listeners.toastAction = ({ id, name }) => actions.get(id)?.[name]?.();
  const toast = {
    show(message, { duration = 5000, isError = false, action, onAction, onDismiss } = {}) {
      const id = `toast-${Date.now()}-${actions.size}`;
      actions.set(id, { onAction, onDismiss });
      ask("toast", { id, message: String(message), duration, isError, action });
      return id;
    },
    hide: (id) => ask("hideToast", { id }),
  };
  const overlay = (name) => async (id) => document.getElementById(id)?.[name]?.();

  const shopify = {
    config,
    ready: hello.then(() => undefined),
    environment: { embedded: framed, mobile: false, pos: false, intent: false },
    idToken: () => idToken(),
    loading: (on = true) => void ask("loading", { on: Boolean(on) }),
    user: () => ask("user"),
    toast,
    saveBar,
    modal: { show: overlay("showOverlay"), hide: overlay("hideOverlay"), toggle: overlay("toggleOverlay") },
    resourcePicker: (options) => ask("resourcePicker", JSON.parse(JSON.stringify(options))),
    scopes: { query: () => ask("scopes") },
  };
  window.shopify = shopify;

  // ── This document ───────────────────────────────────────────────────────────────────────────────────────────────────
  const bounced = arrived.get("shopify-reload");
  if (!framed) enterAdmin();
  else if (bounced) finishBounce(bounced);
  else {
    forgetSignature();
    document.addEventListener("DOMContentLoaded", () => {
      report();
      ask("loading", { on: false });
    });
  }
})();
