// The list of products: ticking a whole page, and only the field that the chosen action needs.
(() => {
  const form = document.getElementById("bulk");
  const choice = form?.querySelector("[data-bulk]");
  if (!choice) return;
  const show = () => {
    for (const label of form.querySelectorAll("[data-for]")) label.classList.toggle("wanted", label.dataset.for === choice.value);
  };
  choice.addEventListener("change", show);
  form.querySelector("[data-tick-all]").addEventListener("change", (event) => {
    for (const box of form.querySelectorAll("input[name=product]")) box.checked = event.target.checked;
  });
  show();
})();
