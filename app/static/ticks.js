// Lists whose rows can be ticked: a whole page at once, and nothing is done before something is ticked.
(() => {
  document.addEventListener("change", (event) => {
    const all = event.target.closest?.("[data-tick-all]");
    if (!all) return;
    for (const box of all.form.querySelectorAll(`input[name=${all.dataset.tickAll}]`)) box.checked = all.checked;
  });
  document.addEventListener("change", (event) => {
    if (event.target.checked) event.target.form?.querySelector("[data-none-ticked]")?.setAttribute("hidden", "");
  });

  // Without a tick the printer would get all that waits: ask rather than guess.
  document.addEventListener("submit", (event) => {
    const warning = event.target.querySelector("[data-none-ticked]");
    if (!warning) return;
    warning.hidden = event.target.querySelector(`input[name=${warning.dataset.noneTicked}]:checked`) !== null;
    if (!warning.hidden) event.preventDefault();
  });
})();
