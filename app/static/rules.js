// The commission rules: their order by dragging and by buttons, and conditions picked from what Shopify has.

// -- order: <form data-reorder> with <input name="order"> and children [data-number] -----------------------------------

const listOf = (row) => row.parentElement;
const rowsOf = (list) => [...list.querySelectorAll(":scope > [data-number]")];

// The form's field and the arrows follow the rows. What the page says of the saved order is not true of another one.
function followRows(list) {
  const rows = rowsOf(list);
  const order = rows.map((row) => row.dataset.number).join(",");
  list.closest("form").elements.order.value = order;
  for (const one of document.querySelectorAll("[data-as-saved]")) one.hidden = order !== list.dataset.rows;
  for (const row of rows) {
    row.querySelector('[data-move="up"]').disabled = row === rows[0];
    row.querySelector('[data-move="down"]').disabled = row === rows.at(-1);
  }
}

function noteOrder(list) {
  followRows(list);
  const input = list.closest("form").elements.order;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function move(row, up) {
  const other = up ? row.previousElementSibling : row.nextElementSibling;
  if (!other?.dataset.number) return;
  listOf(row).insertBefore(up ? row : other, up ? other : row);
  noteOrder(listOf(row));
  const places = rowsOf(listOf(row));
  const said = document.getElementById("order-said");
  said.textContent = `${row.dataset.name}: ${places.indexOf(row) + 1} of ${places.length}. Not saved yet.`;
}

document.addEventListener("click", (event) => {
  const button = event.composedPath().find((node) => node.dataset?.move);
  if (!button) return;
  const row = button.closest("[data-number]");
  move(row, button.dataset.move === "up");
  // At an end of the list its button is off, and who moves by keyboard would be at the top of the page.
  (button.disabled ? [...row.querySelectorAll("[data-move]")].find((each) => !each.disabled) : button).focus();
});

let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-number]") ?? null;
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest?.("[data-number]");
  if (!over || over === dragged || listOf(over) !== listOf(dragged)) return;
  event.preventDefault();
  const middle = over.getBoundingClientRect().top + over.offsetHeight / 2;
  listOf(over).insertBefore(dragged, event.clientY < middle ? over : over.nextElementSibling);
});
document.addEventListener("dragend", () => {
  if (dragged) noteOrder(listOf(dragged));
  dragged = null;
});
document.addEventListener("reset", (event) => {
  const list = event.target.querySelector?.("[data-rows]");
  if (!list) return;
  const byNumber = Object.fromEntries(rowsOf(list).map((row) => [row.dataset.number, row]));
  for (const number of list.dataset.rows.split(",").filter(Boolean)) list.append(byNumber[number]);
  followRows(list);
  document.getElementById("order-said").textContent = "";
});

// -- pickers: <div data-picker="Product" data-single> with an <input> of codes and a place for what was picked -----------

const codeOf = (gid) => gid.slice(gid.lastIndexOf("/") + 1);
const gidOf = (kind, code) => `gid://shopify/${kind}/${code}`;
const codesOf = (box) => box.querySelector("input").value.split(",").map((code) => code.trim()).filter(Boolean);
const labelsOf = (box) => {
  const input = box.closest("form").elements.labels;
  return [input, JSON.parse(input?.value || "{}")];
};

function show(box) {
  const [, labels] = labelsOf(box);
  const place = box.querySelector("[data-picked]");
  const isClosed = box.closest("[data-closed]") !== null; // by app/auth/readers.py: there to be read
  place.replaceChildren(
    ...codesOf(box).map((code) => {
      const name = labels[gidOf(box.dataset.picker, code)] ?? code;
      const chip = Object.assign(document.createElement(isClosed ? "s-chip" : "s-button"), { textContent: name });
      if (isClosed) return chip;
      chip.setAttribute("icon", "x");
      chip.setAttribute("accessibilitylabel", `Remove ${name}`);
      chip.addEventListener("click", () => take(box, codesOf(box).filter((each) => each !== code)));
      return chip;
    }),
  );
}

function take(box, codes, named = {}) {
  const [input, labels] = labelsOf(box);
  if (input) {
    input.value = JSON.stringify({ ...labels, ...named });
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const field = box.querySelector("input");
  field.dataset.first ??= field.value; // a hidden field's own is gone with the first change
  field.value = codes.join(", ");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  show(box);
}

document.addEventListener("click", async (event) => {
  const button = event.composedPath().find((node) => node.dataset?.pick || node.dataset?.category);
  const box = button?.closest("[data-picker]");
  if (!box) return;
  const single = "single" in box.dataset;
  if (button.dataset.category) {
    const code = codeOf(button.dataset.category);
    const codes = single ? [code] : [...new Set([...codesOf(box), code])];
    take(box, codes, { [button.dataset.category]: button.dataset.name });
    return;
  }
  const kind = box.dataset.picker;
  const picked = await window.shopify.resourcePicker({
    type: button.dataset.pick,
    multiple: !single,
    selectionIds: codesOf(box).map((code) => ({ id: gidOf(kind, code) })),
    filter: { variants: false },
  });
  if (!picked) return;
  const named = Object.fromEntries(picked.map(({ id, title }) => [id, title]));
  take(box, picked.map(({ id }) => codeOf(id)), named);
});

const showAll = () => document.querySelectorAll("[data-picker]").forEach(show);
document.addEventListener("DOMContentLoaded", showAll);
document.addEventListener("htmx:after:swap", showAll);
document.addEventListener("refilled", showAll); // by merchant.js, with what somebody else saved
document.addEventListener("reset", (event) => {
  for (const field of event.target.querySelectorAll("[data-picker] > input[data-first]")) field.value = field.dataset.first;
  setTimeout(showAll);
});
