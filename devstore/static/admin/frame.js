// The admin's side of App Bridge: answers the framed app, and only it.

const frame = document.getElementById("app-frame");
const origin = new URL(frame.dataset.appUrl).origin;
const base = `${document.body.dataset.base}/apps/${frame.dataset.handle}`;
const bar = document.getElementById("save-bar");
const progress = document.getElementById("app-progress");

function tell(type, payload) {
  frame.contentWindow.postMessage({ bridge: 1, type, payload }, origin);
}

// ── Tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
const TOKEN_GOOD_FOR = 30_000;
let token = { value: "", at: 0 };

const BOUNCES = { most: 4, within: 10_000 };
let bounces = [];

/** An app that turns every token away would bounce for ever: stop, and say why. */
function stopEndlessBounce() {
  bounces = [...bounces, Date.now()].filter((at) => Date.now() - at < BOUNCES.within);
  if (bounces.length <= BOUNCES.most) return;
  const message = "The app turns this store's session tokens away. Check its client id and secret, and its clock.";
  window.showToast({ message, isError: true, duration: 60_000 });
  throw new Error(message);
}

async function idToken({ fresh, bounced }) {
  if (bounced) stopEndlessBounce();
  if (!fresh && Date.now() - token.at < TOKEN_GOOD_FOR) return token.value;
  const answer = await fetch(`${base}/id_token`, { method: "POST" });
  if (!answer.ok) throw new Error(`No session token: the admin answered ${answer.status}`);
  token = { value: (await answer.json()).id_token, at: Date.now() };
  return token.value;
}

// ── Where the app is ────────────────────────────────────────────────────────────────────────────────────────────────────
const menu = document.getElementById("app-nav");
const home = document.querySelector("[data-app-home]");
const beside = (path) => base + (path === "/" ? "" : path);

function showNavigation(links, path) {
  menu.replaceChildren();
  const here = path.split(/[?#]/)[0];
  const under = (href) => here === href || here.startsWith(`${href}/`);
  const best = links.filter((link) => !link.home && under(link.href)).sort((a, b) => b.href.length - a.href.length)[0];
  for (const link of links) {
    if (link.home) {
      home.href = beside(link.href);
      continue;
    }
    const anchor = Object.assign(document.createElement("a"), { href: beside(link.href), textContent: link.label });
    anchor.dataset.visit = link.href;
    if (link === best) anchor.setAttribute("aria-current", "page");
    menu.append(document.createElement("li"));
    menu.lastChild.append(anchor);
  }
  home.dataset.visit = links.find((link) => link.home)?.href ?? "/";
  home.toggleAttribute("data-quiet", Boolean(best));
}

function showPlace({ path, title, navigation }) {
  window.history.replaceState(null, "", beside(path));
  document.title = `${title} · Admin`;
  if (navigation.length) showNavigation(navigation, path);
}

document.querySelector(".side").addEventListener("click", async (event) => {
  const anchor = event.target.closest("a");
  if (!anchor || anchor.target || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (anchor.dataset.visit) {
    event.preventDefault();
    tell("visit", { path: anchor.dataset.visit });
  } else if (!bar.hidden) {
    event.preventDefault();
    await confirmLeaving();
    window.location.assign(anchor.href);
  }
});

// ── The save bar ────────────────────────────────────────────────────────────────────────────────────────────────────────
bar.addEventListener("click", (event) => {
  const choice = event.target.dataset.act;
  if (choice) tell("saveBar", { choice });
});

/** Resolves when there is nothing to lose or the person accepts losing it; stays open-ended when they stay. */
function confirmLeaving() {
  if (bar.hidden) return Promise.resolve();
  const leave = document.getElementById("leave");
  leave.showOverlay();
  return new Promise((resolve) => {
    document.getElementById("leave-no").onclick = () => leave.hideOverlay();
    document.getElementById("leave-yes").onclick = () => {
      leave.hideOverlay();
      bar.hidden = true;
      resolve();
    };
  });
}

// ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
const { dataset } = frame;
const user = { id: dataset.userId, name: dataset.userName, email: dataset.userEmail };

const answers = {
  hello: () => {
    greet();
    return {
      shop: dataset.shop, locale: dataset.locale, currency: dataset.currency, apiKey: dataset.clientId,
      host: window.btoa(window.location.host + document.body.dataset.base).replace(/=+$/, ""),
    };
  },
  idToken,
  place: showPlace,
  user: () => user,
  loading: ({ on }) => { progress.hidden = !on; },
  saveBar: ({ on }) => { bar.hidden = !on; },
  leaveConfirmation: confirmLeaving,
  toast: (toast) => window.showToast({ ...toast, on: (name) => tell("toastAction", { id: toast.id, name }) }),
  hideToast: ({ id }) => document.querySelector(`[data-toast="${CSS.escape(id)}"]`)?.remove(),
  resourcePicker: (options) => window.pickResources(options),
  scopes: () => fetch(`${base}/scopes`).then((answer) => answer.json()),
  openAdmin: ({ path, target }) => {
    const url = `${document.body.dataset.base}/${path}`;
    if (target === "_blank") window.open(url, "_blank", "noopener");
    else window.location.assign(url);
  },
};

window.addEventListener("message", async ({ origin: from, source, data }) => {
  if (from !== origin || source !== frame.contentWindow || data?.bridge !== 1 || !Object.hasOwn(answers, data.type)) return;
  const reply = { bridge: 1, reply: data.id };
  try {
    reply.result = await answers[data.type](data.payload);
  } catch (error) {
    reply.error = error.message;
  }
  source.postMessage(reply, origin);
});

// Another document in the frame has nothing unsaved. One that speaks says hello before anybody can type in it; only of one
// that does not is its load to be waited for.
let hasGreeted = false;
function greet() {
  hasGreeted = true;
  bar.hidden = true;
}
frame.addEventListener("load", () => {
  if (!hasGreeted) bar.hidden = true;
  hasGreeted = false;
});

// Only now: what the app says before anybody listens would be lost.
frame.src = dataset.source;
