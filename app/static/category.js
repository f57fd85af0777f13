// Choosing a product's category and what it asks. The answers are kept in one hidden field, as JSON with the server's
// seals, so that drafts carry them like anything else that is typed.
(() => {
  const category = document.querySelector("[data-category]");
  if (!category) return;
  const form = category.closest("form");
  const { category_gid: gid, category_name: name, attributes: field } = form.elements;
  const search = category.querySelector("#category-search");
  const results = category.querySelector("#category-results");
  const asked = category.querySelector("[data-attributes]");

  // -- the category --------------------------------------------------------------------------------------------------

  const options = () => [...results.querySelectorAll("[data-option]")];
  const none = category.querySelector("[data-none]");
  const show = () => {
    category.querySelector("[data-chosen]").textContent = name.value || none.dataset.words;
    none.hidden = !name.value;
  };
  none.addEventListener("click", () => {
    gid.value = name.value = "";
    asked.replaceChildren();
    keep([]);
    changed();
    show();
    search.focus();
  });
  results.addEventListener("click", (event) => {
    const option = event.target.closest("[data-option]");
    if (!option) return;
    [gid.value, name.value] = [option.dataset.gid, option.dataset.name];
    show();
    search.value = "";
    results.replaceChildren();
    search.focus();
    changed();
    ask();
    document.dispatchEvent(new CustomEvent("toast", { detail: { message: spoken("Category: %(category)s", { category: name.value }) } }));
  });
  category.addEventListener("keydown", (event) => {
    if (event.target !== search && !results.contains(event.target)) return;
    const at = options().indexOf(document.activeElement);
    if (event.key === "Escape") { results.replaceChildren(); search.focus(); }
    if (event.key === "Enter" && event.target === search) { event.preventDefault(); options()[0]?.focus(); }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (options()[next] || search).focus();
  });

  // -- what it asks --------------------------------------------------------------------------------------------------

  const read = () => { try { return JSON.parse(field.value || "[]"); } catch { return []; } };
  const changed = () => field.dispatchEvent(new Event("input", { bubbles: true }));
  const keep = (rows) => {
    if (JSON.stringify(rows) === JSON.stringify(read())) return;
    field.value = JSON.stringify(rows);
    changed();
  };
  const say = () => {
    const rows = read();
    for (const each of asked.querySelectorAll("[data-attribute]")) {
      const chosen = rows.filter((row) => row.of === each.dataset.attribute);
      each.querySelector("[data-answer]").textContent = chosen.map((row) => row.value).join(", ");
      for (const box of each.querySelectorAll("[data-value]")) box.checked = chosen.some((row) => row.gid === box.dataset.value);
    }
  };
  const ask = async () => {
    const about = gid.value;
    if (!about) return asked.replaceChildren();
    const answer = await fetch(`${asked.dataset.attributes}?category=${encodeURIComponent(about)}`).catch(() => null);
    const words = answer?.ok ? await answer.text() : "";
    if (gid.value !== about) return; // another was chosen meanwhile, or none
    asked.innerHTML = words;
    window.htmx.process(asked);
    const known = new Set([...asked.querySelectorAll("[data-attribute]")].map((each) => each.dataset.attribute));
    // What another category asked does not fit this one. A list that could not be loaded drops nothing.
    const isLoaded = answer?.ok && !asked.querySelector("[data-again]");
    if (isLoaded) keep(read().filter((row) => known.has(row.of)));
    say();
  };
  asked.addEventListener("change", (event) => {
    const box = event.target.closest("[data-value]");
    if (!box) return;
    const attribute = box.closest("[data-attribute]").dataset;
    const others = read().filter((row) => row.of !== attribute.attribute || row.gid !== box.dataset.value);
    const row = { of: attribute.attribute, name: attribute.name, gid: box.dataset.value, value: box.dataset.words, seal: box.dataset.seal };
    keep(box.checked ? [...others, row] : others);
    say();
  });
  asked.addEventListener("input", (event) => {
    if (!event.target.matches("[data-narrow]")) return;
    const words = event.target.value.trim().toLowerCase();
    for (const item of event.target.closest("[data-attribute]").querySelectorAll(".values li")) item.hidden = !item.textContent.toLowerCase().includes(words);
  });
  asked.addEventListener("click", (event) => { if (event.target.closest("[data-again]")) ask(); });
  document.addEventListener("htmx:after:swap", (event) => { if (asked.contains(event.target)) say(); });
  form.addEventListener("restored", () => { show(); ask(); });
  ask();
})();
