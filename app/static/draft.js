// Drafts that survive a closed browser: kept here as they are typed, sent when there is a pause, or at the next visit.
// <form data-draft="name of its own" data-version="what it was filled from"> is kept; with data-autosave it is also sent
// to its address as do=autosave.
(() => {
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const key = `draft:${form.dataset.draft}`;
  const says = form.querySelector("[data-draft-says]");
  const say = (words) => { if (says) says.textContent = words; };
  const read = () => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const forget = () => { try { localStorage.removeItem(key); } catch { /* a browser that keeps nothing */ } };
  const entries = () => [...new FormData(form)].filter(([, value]) => typeof value === "string");
  const clock = (moment) => new Date(moment).toLocaleString(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
  let sending = null;
  let timer = 0;

  const sends = form.hasAttribute("data-autosave");
  const keep = (submitted = false) => {
    try {
      const held = { at: Date.now(), version: form.dataset.version, submitted, entries: entries() };
      localStorage.setItem(key, JSON.stringify(held));
      return true;
    } catch {
      return false;
    }
  };

  const post = async (values, version) => {
    sending = new AbortController();
    const body = new URLSearchParams([...values, ["do", "autosave"], ["version", version]]);
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, signal: sending.signal });
    const told = await answer.json().catch(() => ({}));
    return { ok: answer.ok, status: answer.status, ...told };
  };

  // What the server has is no change any more: leaving the page warns of nothing.
  const settle = (sent, told) => {
    form.dataset.version = told.version;
    const now = JSON.stringify(entries());
    if (now === JSON.stringify(sent)) forget();
    else keep();
    for (const control of form.elements) if ("defaultValue" in control && control.type !== "hidden") control.defaultValue = control.value;
    form.dispatchEvent(new Event("change"));
    say(spoken("Saved as a draft at %(when)s.", { when: clock(told.saved_at) }));
  };

  const send = async () => {
    const sent = entries();
    try {
      const told = await post(sent, form.dataset.version);
      if (told.ok) settle(sent, told);
      else if (told.status === 409) say(told.message);
      else if (told.status === 422) say(spoken("Kept in this browser. It is saved when the marked fields are right."));
      else say(spoken("Kept in this browser. It is saved at your next visit."));
    } catch (error) {
      if (error.name !== "AbortError") say(spoken("No connection. Kept in this browser until your next visit."));
    }
  };

  form.addEventListener("input", (event) => {
    if (event.target.closest("[data-quiet]")) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (keep()) say(spoken("Kept in this browser."));
      if (sends) send();
    }, 1500);
  });
  addEventListener("pagehide", () => { if (form.dataset.dirty === "yes" && !form.dataset.sent) keep(); });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    sending?.abort();
    // It may get lost on the way: then the next page of this form is filled from the same version as this one.
    keep(true);
  });

  const offer = (held, words) => {
    const box = document.createElement("div");
    box.className = "notice info";
    box.setAttribute("role", "status");
    const text = document.createElement("p");
    text.textContent = words;
    const actions = document.createElement("div");
    actions.className = "actions";
    const button = (label, act) => {
      const one = document.createElement("button");
      one.type = "button";
      one.className = "button small";
      one.textContent = label;
      one.addEventListener("click", act);
      actions.append(one);
    };
    button(spoken("Bring it back"), () => {
      for (const [name, value] of held.entries) {
        const control = form.elements.namedItem(name);
        if (control && "value" in control) { control.value = value; control.dispatchEvent(new Event("input", { bubbles: true })); }
      }
      form.dispatchEvent(new CustomEvent("restored"));
      box.remove();
    });
    button(spoken("Throw it away"), () => { forget(); box.remove(); });
    const inside = document.createElement("div");
    inside.append(text, actions);
    box.append(inside);
    form.before(box);
  };

  const comeBack = async () => {
    const held = read();
    if (!held) return;
    const arrived = held.submitted && held.version !== form.dataset.version;
    if (arrived || JSON.stringify(held.entries) === JSON.stringify(entries())) { forget(); return; }
    const when = clock(held.at);
    if (sends && held.version === form.dataset.version) {
      const told = await post(held.entries, held.version).catch(() => ({ ok: false }));
      if (told.ok) { forget(); location.reload(); return; }
    }
    offer(held, spoken("What you typed here on %(when)s was not sent.", { when }));
  };
  // A page that answers a refused form shows what was typed already.
  if (!form.querySelector("[aria-invalid=true]")) comeBack();
})();
