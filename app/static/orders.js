// A vendor's orders: a column pasted from a spreadsheet, one carrier for all, and the printer.
(() => {
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  for (const each of document.querySelectorAll("[data-needs-script]")) each.hidden = false;

  const form = () => document.getElementById("chosen");
  document.addEventListener("input", (event) => {
    const name = event.target.dataset?.fill;
    if (name) for (const field of form().querySelectorAll(`input[name=${name}]`)) field.value = event.target.value;
  });

  // One cell a line goes into one row after the other; a second column beside the number is the carrier, or the other way round.
  document.addEventListener("paste", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || !["carrier", "tracking"].includes(field.name)) return;
    const lines = event.clipboardData.getData("text").replace(/\r/g, "").replace(/\n+$/, "").split("\n");
    if (lines.length < 2 && !lines[0].includes("\t")) return;
    event.preventDefault();
    const fields = (name) => [...field.form.querySelectorAll(`input[name=${name}]`)];
    const first = fields(field.name).indexOf(field);
    const other = field.name === "carrier" ? "tracking" : "carrier";
    lines.forEach((line, at) => {
      const cells = line.split("\t").map((cell) => cell.trim());
      for (const [name, value] of [[field.name, cells[0]], [other, cells[1]]]) {
        const target = fields(name)[first + at];
        if (target && value !== undefined) target.value = value.slice(0, target.maxLength);
      }
    });
  });
})();
