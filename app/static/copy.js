// A button that copies what it names; where the browser does not allow that, it is marked, to be copied by hand.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const shown = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(shown.value ?? shown.innerText);
    button.textContent = button.dataset.copied;
  } catch {
    if (shown.select) shown.select();
    else getSelection().selectAllChildren(shown);
  }
});
