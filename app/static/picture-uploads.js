// Pictures go straight to the shop, with a progress bar. Until one has arrived this browser keeps it: when the connection
// broke, or the page was closed, it goes on by itself. Without this file there is a plain upload.
(() => {
  const drop = document.querySelector("[data-drop]");
  if (!drop) return;
  const base = drop.dataset.drop;
  const rows = document.querySelector("[data-uploads]");
  const KEPT_DAYS = 7;

  // The shop or ours said no: the same file would be refused again. Everything else passes.
  class Refused extends Error {}
  const PASSING = [401, 408, 429];
  const refuses = (status) => status >= 400 && status < 500 && !PASSING.includes(status);
  const broke = () => new Error(spoken("The connection broke. This browser keeps the picture, and sends it when you are back."));

  // -- what has not arrived: {id, base, file, at, ticket, kept}; `ticket` is that of a file the shop has, and ours not yet

  const shelf = (act) => new Promise((resolve, reject) => {
    const opening = indexedDB.open("unsent", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("pictures", { keyPath: "id" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      try {
        const change = database.transaction("pictures", "readwrite");
        const asked = act(change.objectStore("pictures"));
        change.oncomplete = () => { database.close(); resolve(asked.result); };
        change.onabort = () => { database.close(); reject(change.error); };
      } catch (error) {
        reject(error);
      }
    };
  });
  // A browser that keeps nothing still sends: what is held is then this page's alone.
  const keep = (item) => shelf((held) => held.put(item)).then(() => { item.kept = true; }).catch(() => {});
  const forget = (item) => shelf((held) => held.delete(item.id)).then(() => { item.kept = false; }).catch(() => {});
  // Another page may have got further with it.
  const read = (item) => shelf((held) => held.get(item.id)).catch(() => item);

  // One page at a time sends a picture, whichever else of the same product is open, and none what another has sent. Who
  // finds another page at it looks again when that is done, or was closed.
  const alone = (item, act) => {
    const name = `picture ${item.id}`;
    const inTurn = async () => {
      const held = item.kept ? await read(item) : item;
      if (!held) return look();
      item.ticket = held.ticket || item.ticket;
      return act();
    };
    const later = () => { navigator.locks.request(name, () => {}).then(() => queue(item)); };
    return navigator.locks ? navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? inTurn() : later())) : inTurn();
  };

  // -- sending ---------------------------------------------------------------------------------------------------------

  const ask = async (url, options) => {
    const answer = await fetch(url, { ...options, headers: { Accept: "application/json", ...options.headers } }).catch(() => { throw broke(); });
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => ({}));
    const words = told.errors?.pictures || told.message || spoken("The picture could not be added. Try again in a moment.");
    throw refuses(answer.status) ? new Refused(words) : new Error(words);
  };

  const send = (target, file, onProgress) => new Promise((resolve, reject) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(target.fields)) body.append(name, value);
    body.append("file", file);
    const request = new XMLHttpRequest();
    request.open(target.method, target.url);
    request.timeout = 10 * 60 * 1000;
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    const refused = () => new Refused(spoken("The picture was not accepted. Try another file."));
    request.onload = () => (request.status < 300 ? resolve() : reject(refuses(request.status) ? refused() : broke()));
    request.onerror = request.ontimeout = () => reject(broke());
    request.send(body);
  });

  const bring = async (item, onProgress) => {
    const isKnown = Boolean(item.ticket);
    if (!isKnown) {
      const { name, type, size } = item.file;
      const wish = JSON.stringify({ name, type, size });
      const target = await (await ask(`${base}/target`, { method: "POST", body: wish, headers: { "Content-Type": "application/json" } })).json();
      await send(target, item.file, onProgress);
      item.ticket = target.ticket;
      await keep(item);
    }
    try {
      const added = await ask(base, { method: "POST", body: new URLSearchParams({ ticket: item.ticket }) });
      showPictures(await added.text());
    } catch (error) {
      if (!isKnown || !(error instanceof Refused)) throw error;
      // A ticket is good for two hours: what has one from an earlier try may be too late.
      item.ticket = null;
      await bring(item, onProgress);
    }
  };

  const look = () => ask(base, {}).then((answer) => answer.text()).then(showPictures).catch(() => {});

  // Descriptions typed meanwhile stay: they belong to the form, not to the fragment.
  const showPictures = (html) => {
    const typed = new Map([...document.querySelectorAll("#picture-list input")].map((input) => [input.name, input]));
    const box = document.createElement("template");
    box.innerHTML = html;
    const list = box.content.querySelector("#picture-list");
    for (const input of list.querySelectorAll("input")) {
      const held = typed.get(input.name);
      if (held) [input.value, input.checked] = [held.value, held.checked];
    }
    document.getElementById("picture-list").replaceWith(list);
    window.htmx.process(list);
  };

  // -- what the vendor sees --------------------------------------------------------------------------------------------

  const addRow = (item) => {
    const row = document.createElement("div");
    row.className = "upload";
    const words = document.createElement("span");
    words.textContent = item.file.name;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", spoken("Sending %(file)s", { file: item.file.name }));
    row.append(words, bar);
    rows.append(row);
    return { row, words, bar };
  };

  const offer = (row, choices) => {
    const actions = document.createElement("div");
    actions.className = "actions";
    for (const [words, act, broke = false] of choices) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button small";
      button.textContent = words;
      button.toggleAttribute("data-broke", broke);
      button.addEventListener("click", async () => {
        button.disabled = true;
        await act();
        row.remove();
      });
      actions.append(button);
    }
    row.append(actions);
  };

  const upload = async (item, { row, words, bar }) => {
    try {
      await bring(item, (part) => { bar.value = part; });
      await forget(item);
    } catch (error) {
      const refused = error instanceof Refused;
      if (refused) { item.ticket = null; await forget(item); }
      bar.remove();
      row.classList.add("error");
      words.textContent = `${item.file.name}: ${error.message}`;
      const again = [rows.dataset.again, () => queue(item), !refused];
      offer(row, refused ? [again] : [again, [rows.dataset.dropIt, () => forget(item)]]);
    }
  };

  // One after the other, so that they stand in the order in which they were chosen; those that wait are seen.
  let line = Promise.resolve();
  const queue = (item) => {
    const shown = addRow(item);
    line = line.then(() => alone(item, () => upload(item, shown))).then(() => { if (!shown.row.matches(".error")) shown.row.remove(); });
  };

  const start = async (files) => {
    // In the order of their names they go on.
    const name = (place) => `${Date.now()}-${String(place).padStart(4, "0")}-${Math.random()}`;
    const items = [...files].map((file, place) => ({ id: name(place), base, file, at: Date.now(), ticket: null }));
    await Promise.all(items.map(keep));
    items.forEach(queue);
  };

  const goOn = async () => {
    const held = await shelf((pictures) => pictures.getAll()).catch(() => []);
    const since = Date.now() - KEPT_DAYS * 24 * 60 * 60 * 1000;
    for (const item of held) {
      if (item.at < since) await forget(item);
      else if (item.base === base) queue(Object.assign(item, { kept: true }));
    }
  };

  const input = drop.querySelector("input");
  const take = () => {
    const files = [...input.files];
    input.value = "";
    start(files);
  };
  input.addEventListener("change", take);
  drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    start([...event.dataTransfer.files].filter((file) => file.type.startsWith("image/")));
  });
  addEventListener("online", () => rows.querySelectorAll("[data-broke]").forEach((again) => again.click()));
  goOn();
  take();
})();
