// A button that copies what it names, and says so for a moment; where the browser does not allow that, it is marked, to be copied by hand.
// On the portal's pages it is hidden until it does something: what it names may be shown this one time.
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const shown = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(shown.value ?? shown.innerText);
    const label = button.lastChild; // an icon stays before it
    button.dataset.label ??= label.data;
    label.data = button.dataset.copied;
    setTimeout(() => (label.data = button.dataset.label), 2000);
  } catch {
    if (shown.select) shown.select();
    else getSelection().selectAllChildren(shown);
  }
});
