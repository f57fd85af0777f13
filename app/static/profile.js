// The preview beside the profile's form says what the form says, as it is typed. Pictures: data-preview in portal.js.
(() => {
  const form = document.querySelector("form[data-mirrored]");
  const preview = document.querySelector("[data-mirror]");
  const mirror = () => {
    for (const place of preview.querySelectorAll("[data-of]")) {
      const words = form.elements[place.dataset.of].value.trim();
      place.textContent = place.dataset.says && words ? place.dataset.says : words;
      (place.closest("[data-around]") ?? place).hidden = !words;
    }
  };
  form.addEventListener("input", mirror);
  form.addEventListener("reset", () => setTimeout(mirror));
  mirror(); // somebody may have begun before
})();
