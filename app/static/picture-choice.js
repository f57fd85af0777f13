// Which picture shows a variant: the choices follow the list of pictures while it changes, each with a look at what is
// chosen. Without this file there are the pictures that the page came with.
(() => {
  const page = document.getElementById("page");
  const image = (item) => item.querySelector(".frame img");
  // An option's text comes back without the spaces that nobody sees: compared with them it never were as wanted.
  const tidy = (words) => words.replace(/\s+/g, " ").trim();
  const name = (item, at) => {
    const words = tidy(item.querySelector("input[name^=alt_]").value).slice(0, 40);
    return words ? tidy(`${at + 1}: ${words}`) : String(at + 1);
  };

  const show = (select, items) => {
    const chosen = items.find((item) => item.dataset.picture === select.value);
    const look = select.previousElementSibling;
    const seen = chosen && image(chosen);
    look.hidden = !seen;
    if (seen && look.src !== seen.src) look.src = seen.src;
  };

  const offer = (select, items) => {
    const wanted = items.map((item, at) => [item.dataset.picture, name(item, at)]);
    const held = [...select.options].slice(1);
    if (JSON.stringify(held.map((option) => [option.value, option.text])) === JSON.stringify(wanted)) return;
    const chosen = select.value;
    const first = held.find((option) => option.defaultSelected)?.value;
    select.length = 1;
    for (const [value, words] of wanted) select.add(new Option(words, value, value === first, value === chosen));
  };

  const refresh = () => {
    const items = [...document.querySelectorAll("#picture-list [data-picture]")];
    for (const select of document.querySelectorAll("[data-picture-choice]")) {
      offer(select, items);
      show(select, items);
    }
  };

  refresh();
  page.addEventListener("change", refresh);
  document.getElementById("product-form").addEventListener("restored", refresh);
  new MutationObserver(refresh).observe(page, { childList: true, subtree: true });
})();
