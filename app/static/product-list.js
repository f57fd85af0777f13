// The list of products: only the field that the chosen action needs.
(() => {
  const form = document.getElementById("bulk");
  const choice = form?.querySelector("[data-bulk]");
  if (!choice) return;
  const show = () => {
    for (const label of form.querySelectorAll("[data-for]")) label.classList.toggle("wanted", label.dataset.for === choice.value);
  };
  choice.addEventListener("change", show);
  show();
})();
