// Pictures in their order: dragged, or moved by buttons; a list without frames is moved by buttons only. What counts is the field "place" of each; without this file it is
// typed. Lists carry data-sortable.
(() => {
  const button = (words, sign, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button small";
    made.setAttribute("aria-label", words);
    made.textContent = sign;
    made.addEventListener("click", act);
    return made;
  };
  const placeOf = (item) => item.querySelector("input[name^=place_]");

  const renumber = (list, moved) => {
    [...list.children].forEach((item, at) => { placeOf(item).value = at + 1; });
    placeOf(moved).dispatchEvent(new Event("input", { bubbles: true }));
    const said = document.getElementById("said");
    if (said) said.textContent = `${[...list.children].indexOf(moved) + 1} / ${list.children.length}`;
  };

  // What will look bad in the shop is said while it can be changed.
  const check = (list, frame) => {
    const image = frame.querySelector("img");
    if (!image) return;
    const look = () => {
      const { naturalWidth: width, naturalHeight: height } = image;
      const said = [];
      // Shopify sends it no wider than 1200 pixels: one of that width may be larger.
      if (width < 1200 && Math.min(width, height) < 800) said.push(list.dataset.small.replace("{w}", width).replace("{h}", height));
      if (Math.max(width, height) > 1.6 * Math.min(width, height)) said.push(list.dataset.narrow);
      if (!width || !said.length) return;
      const note = document.createElement("p");
      note.className = "muted picture-note";
      note.textContent = said.join(" ");
      frame.after(note);
    };
    if (image.complete) look();
    else image.addEventListener("load", look, { once: true });
  };

  const sortable = (list) => {
    if (list.dataset.sorted) return;
    list.dataset.sorted = "yes";
    const arrange = () => list.append(...[...list.children].sort((one, other) => placeOf(one).value - placeOf(other).value));
    arrange();
    list.closest("form")?.addEventListener("restored", arrange);
    let dragged = null;
    for (const item of list.children) {
      const field = placeOf(item).closest("label");
      const shift = (step) => (event) => {
        const next = step < 0 ? item.previousElementSibling : item.nextElementSibling;
        if (!next) return;
        if (step < 0) next.before(item);
        else next.after(item);
        renumber(list, item);
        event.currentTarget.focus();
      };
      const [back, on] = list.dataset.sortable === "down" ? "↑↓" : "←→";
      field.after(button(list.dataset.earlier, back, shift(-1)), button(list.dataset.later, on, shift(1)));
      field.classList.add("visually-hidden");
      const frame = item.querySelector(".frame");
      if (!frame) continue;
      check(list, frame);
      frame.draggable = true;
      frame.addEventListener("dragstart", (event) => {
        dragged = item;
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", "");
      });
      item.addEventListener("dragover", (event) => {
        if (!dragged || dragged === item) return;
        event.preventDefault();
        const before = [...list.children].indexOf(dragged) > [...list.children].indexOf(item);
        if (before) item.before(dragged);
        else item.after(dragged);
      });
    }
    list.addEventListener("drop", (event) => event.preventDefault());
    list.addEventListener("dragend", () => {
      if (dragged) renumber(list, dragged);
      dragged = null;
    });
  };

  const start = () => document.querySelectorAll("[data-sortable]").forEach(sortable);
  start();
  new MutationObserver(start).observe(document.getElementById("page"), { childList: true, subtree: true });
})();
