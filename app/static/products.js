// The product form: words get simple formatting, and are shown as search engines will. Without this file the form works
// with plain fields.
(() => {
  const form = document.getElementById("product-form");
  if (!form) return;

  // -- description ---------------------------------------------------------------------------------------------------

  const area = document.querySelector("[data-rich-text] textarea");
  const editor = document.createElement("div");
  editor.className = "rich-text";
  editor.contentEditable = "true";
  editor.setAttribute("role", "textbox");
  editor.setAttribute("aria-multiline", "true");
  editor.setAttribute("aria-label", spoken("Description"));
  if (area.getAttribute("aria-describedby")) editor.setAttribute("aria-describedby", area.getAttribute("aria-describedby"));
  const fill = () => {
    editor.replaceChildren();
    if (/<(p|ul|ol|br|h3|h4|strong|em|blockquote)\b/i.test(area.value)) {
      // The server has cleaned it; what is pasted later is cleaned there again before anybody else sees it.
      editor.innerHTML = area.value;
      return;
    }
    for (const part of area.value.split(/\n\s*\n/)) {
      const paragraph = document.createElement("p");
      paragraph.textContent = part;
      if (part.trim()) editor.append(paragraph);
    }
  };
  fill();
  form.addEventListener("restored", fill);
  const bar = document.createElement("div");
  bar.className = "rich-bar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", spoken("Formatting"));
  for (const [command, label, words] of [["bold", spoken("Bold"), "B"], ["italic", spoken("Italic"), "I"], ["insertUnorderedList", spoken("List"), `• ${spoken("List")}`], ["insertOrderedList", `1. ${spoken("List")}: ${spoken("Numbered list")}`, `1. ${spoken("List")}`]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words;
    button.setAttribute("aria-label", label);
    if (command === "bold") button.style.fontWeight = "700";
    if (command === "italic") button.style.fontStyle = "italic";
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => { editor.focus(); document.execCommand(command); });
    bar.append(button);
  }
  const copy = () => {
    area.value = editor.textContent.trim() ? editor.innerHTML : "";
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  document.execCommand("defaultParagraphSeparator", false, "p");
  editor.addEventListener("input", copy);
  editor.addEventListener("paste", (event) => {
    event.preventDefault();
    document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
  });
  const rich = document.createElement("div");
  rich.className = "rich";
  rich.append(bar, editor);
  const isTyping = document.activeElement === area;
  area.hidden = true;
  area.after(rich);
  if (isTyping) {
    editor.focus();
    getSelection().selectAllChildren(editor);
    getSelection().collapseToEnd();
  }
  area.labels[0]?.addEventListener("click", () => editor.focus());

  // -- search engines ------------------------------------------------------------------------------------------------

  const found = document.querySelector("[data-found]");
  const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const preview = () => {
    const { title, seo_title: seoTitle, seo_description: seoWords } = form.elements;
    found.querySelector(".found-title").textContent = cut(seoTitle.value.trim() || title.value, 70);
    found.querySelector(".found-words").textContent = cut(seoWords.value.trim() || editor.textContent.trim(), 160);
  };
  found.hidden = false;
  preview();
  form.addEventListener("input", preview);

  document.querySelector("[data-focus]")?.focus();
})();
