// The portal's few manners: what changed in a form, what is under way, what was just said. Everything works without it.
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // Sentences stand here in English; the page brings them in its own language (app/appearance/script_words.py).
  const translated = JSON.parse(document.getElementById("script-words")?.textContent || "{}");
  window.spoken = (words, values = {}) => (translated[words] ?? words).replace(/%\((\w+)\)s/g, (_, name) => values[name]);

  const toast = (words) => {
    const box = document.createElement("div");
    box.className = "toast";
    box.textContent = words;
    document.getElementById("toasts").append(box);
    setTimeout(() => box.remove(), Math.max(6000, words.length * 90));
  };
  document.addEventListener("toast", (event) => toast(event.detail?.message ?? event.detail?.value ?? ""));

  // Over 400 ms something is shown, over 5 s it is said in words.
  let waits = 0;
  let timers = [];
  const busy = document.getElementById("busy");
  const waiting = (step) => {
    waits = Math.max(0, waits + step);
    timers.forEach(clearTimeout);
    timers = [];
    if (!waits) {
      busy.hidden = true;
      return;
    }
    busy.querySelector("[data-words]").textContent = spoken("Working…");
    timers = [
      setTimeout(() => { busy.hidden = false; }, 400),
      setTimeout(() => { busy.querySelector("[data-words]").textContent = spoken("This takes longer than usual. You can leave this page; it carries on."); }, 5000),
    ];
  };
  const quiet = (event) => event.target?.closest?.("[data-quiet]");
  document.addEventListener("htmx:before:request", (event) => { if (!quiet(event)) waiting(1); });
  document.addEventListener("htmx:finally:request", (event) => { if (!quiet(event)) waiting(-1); });
  document.addEventListener("htmx:error", (event) => {
    if (!quiet(event)) toast(spoken("We could not reach the server. What you typed is still here; try again in a moment."));
  });
  addEventListener("pageshow", () => { waits = 0; waiting(0); });

  // What arrived by itself is said to who cannot see it.
  document.addEventListener("htmx:after:swap", (event) => {
    const words = event.target?.closest?.("[data-says]")?.dataset.says;
    if (words) document.getElementById("said").textContent = words;
  });

  // Sticky save bar: says what changed, warns before leaving, and the second press of Save does nothing.
  const labelOf = (control) => {
    const group = control.closest("fieldset")?.querySelector("legend");
    const label = control.type === "radio" || control.type === "checkbox" ? group ?? control.labels?.[0] : control.labels?.[0];
    return (label?.firstChild?.textContent ?? label?.textContent ?? control.getAttribute("aria-label") ?? "").trim();
  };
  const changedControl = (control) => {
    if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
    if (control.type === "file") return control.files.length > 0;
    if (control.tagName === "SELECT") {
      const preset = [...control.options].some((option) => option.defaultSelected);
      return [...control.options].some((option, at) => option.selected !== (preset ? option.defaultSelected : at === 0));
    }
    return "defaultValue" in control && control.value !== control.defaultValue;
  };
  // The bar that has come to the bottom of the screen covers nothing that is being typed in.
  const uncover = (bar) => {
    const typed = document.activeElement;
    if (!typed || bar.contains(typed)) return;
    const { top, bottom } = typed.getBoundingClientRect();
    const hidden = bottom + 8 - bar.getBoundingClientRect().top;
    if (hidden > 0) scrollBy(0, Math.min(hidden, Math.max(0, top - 80)));
  };
  const guard = (form) => {
    const bar = form.querySelector("[data-bar]");
    if (!bar || form.dataset.guarded) return;
    form.dataset.guarded = "yes";
    const words = bar.querySelector("[data-changes]");
    const resting = words.textContent;
    const tell = () => {
      const names = new Set([...form.elements].filter((c) => c.name && c.type !== "hidden" && !c.closest("[data-quiet]") && changedControl(c)).map(labelOf).filter(Boolean));
      form.dataset.dirty = names.size || form.querySelector("[aria-invalid=true]") ? "yes" : "";
      const rises = names.size > 0 && !bar.classList.contains("changed");
      bar.classList.toggle("changed", names.size > 0);
      if (rises) uncover(bar);
      const said = names.size ? spoken("Changed: %(fields)s", { fields: [...names].join(", ") }) : resting;
      if (words.textContent !== said) words.textContent = said;
    };
    form.addEventListener("input", tell);
    form.addEventListener("change", tell);
    form.addEventListener("reset", () => setTimeout(tell));
    tell();
  };
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-dirty=yes]")) event.preventDefault();
  });

  // A form sent twice is sent once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    form.dataset.dirty = "";
    if (form.dataset.sent && !form.hasAttribute("hx-post")) {
      event.preventDefault();
      return;
    }
    if (form.method === "post" && !form.hasAttribute("hx-post")) {
      form.dataset.sent = "yes";
      waiting(1);
      addEventListener("pageshow", () => { delete form.dataset.sent; }, { once: true });
      if (vendors && Date.now() - opened > 60_000) {
        event.preventDefault();
        sendSignedIn(form, event.submitter);
      }
    }
  });

  // Whoever was signed out while they typed is told: else the sign-in page would come, and what they typed would be gone.
  const vendors = "live" in document.body.dataset;
  let opened = Date.now();
  const saySignedOut = () => toast(spoken("You are signed out. What you typed is still here: sign in in another window, then send it once more."));
  const sendSignedIn = async (form, submitter) => {
    const answer = await fetch("/portal/notices", { method: "HEAD", headers: { "HX-Request": "true" } }).catch(() => ({}));
    delete form.dataset.sent;
    waiting(-1);
    if (answer.status === 401) {
      form.dataset.dirty = "yes";
      saySignedOut();
      return;
    }
    opened = Date.now();
    form.requestSubmit(submitter);
  };
  const isTypedIn = (form) => form.method === "post" && [...form.elements].some((one) => one.name && one.type !== "hidden" && changedControl(one));
  document.addEventListener("htmx:before:response", (event) => {
    if (event.detail.ctx.response.status !== 401 || ![...document.forms].some(isTypedIn)) return;
    event.preventDefault();
    if (!quiet(event)) saySignedOut(); // a page that asks by itself goes on asking
  });

  // Filters apply as they are chosen.
  const autoSubmit = (form) => {
    if (form.dataset.auto) return;
    form.dataset.auto = "yes";
    form.addEventListener("change", (event) => { if (event.target.tagName === "SELECT") form.requestSubmit(); });
    form.addEventListener("search", () => form.requestSubmit(), true);
  };

  // A picture is seen before it is sent.
  const preview = (input) => {
    if (input.dataset.previewed) return;
    input.dataset.previewed = "yes";
    const image = document.getElementById(input.dataset.preview);
    input.addEventListener("change", () => {
      if (!input.files[0]) return;
      image.src = URL.createObjectURL(input.files[0]);
      image.hidden = false;
      input.form.dataset.dirty = "yes";
    });
  };

  // Who may only look reads what stands in a form, and types nothing that could not be saved.
  const close = () => {
    for (const control of document.querySelectorAll(".read-only form[method=post]:not(.visit) :is(input, select, textarea)")) control.disabled = true;
  };

  const start = (scope) => {
    close();
    scope.querySelectorAll("form[data-save-bar]").forEach(guard);
    scope.querySelectorAll("form[data-auto-submit]").forEach(autoSubmit);
    scope.querySelectorAll("input[data-preview]").forEach(preview);
    scope.querySelector("[aria-invalid=true]")?.focus();
  };
  start(document);
  document.addEventListener("htmx:after:settle", (event) => event.target instanceof Element && start(event.target));
})();
