// The resource picker: choose products, variants or collections of this shop, for the framed app.

const picker = document.getElementById("picker");
const search = document.getElementById("picker-search");
const list = document.getElementById("picker-list");
const add = document.getElementById("picker-add");

async function find(type, query) {
  const answer = await fetch(`${document.body.dataset.base}/resources/${type}.json?q=${encodeURIComponent(query)}`);
  if (!answer.ok) throw new Error(`The list could not be read (${answer.status})`);
  return (await answer.json()).resources;
}

function row(resource, picked, multiple) {
  const label = document.createElement("label");
  label.className = "pick";
  const input = Object.assign(document.createElement("input"), { type: multiple ? "checkbox" : "radio", name: "pick", value: resource.id, checked: picked.has(resource.id) });
  const picture = document.createElement("s-thumbnail");
  picture.setAttribute("size", "small");
  if (resource.image) picture.setAttribute("src", resource.image);
  const title = Object.assign(document.createElement("span"), { textContent: resource.title });
  label.append(input, picture, title);
  input.addEventListener("change", () => {
    if (!multiple) picked.clear();
    if (input.checked) picked.set(resource.id, resource);
    else picked.delete(resource.id);
    add.disabled = picked.size === 0;
  });
  return label;
}

/** Resolves with what was picked, or undefined when the person cancels. Options as App Bridge's resourcePicker. */
window.pickResources = async ({ type = "product", action = "add", multiple = false, query = "", selectionIds = [] } = {}) => {
  const before = new Set(selectionIds.map(({ id }) => id));
  const picked = new Map((await find(type, "")).filter(({ id }) => before.has(id)).map((resource) => [resource.id, resource]));
  const show = async () => {
    const found = await find(type, search.value);
    const empty = Object.assign(document.createElement("p"), { className: "pick", textContent: "Nothing found" });
    list.replaceChildren(...(found.length ? found.map((resource) => row(resource, picked, Boolean(multiple))) : [empty]));
  };
  picker.heading = `${action === "select" ? "Select" : "Add"} ${type}s`;
  add.textContent = action === "select" ? "Select" : "Add";
  add.disabled = picked.size === 0;
  search.value = query;
  search.oninput = show;
  await show();
  picker.showOverlay();
  return new Promise((resolve) => {
    let chosen;
    add.onclick = () => {
      chosen = [...picked.values()];
      picker.hideOverlay();
    };
    document.getElementById("picker-cancel").onclick = () => picker.hideOverlay();
    picker.addEventListener("afterhide", () => resolve(chosen), { once: true });
  });
};
