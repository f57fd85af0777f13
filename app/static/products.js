// The product form: pictures go straight to the shop with a progress bar, words get simple formatting.
// Without this file the form works with plain fields and a plain upload.
(() => {
  const form = document.getElementById("product-form");
  if (!form) return;
  const say = (words) => document.dispatchEvent(new CustomEvent("toast", { detail: { message: words } }));

  // -- pictures ------------------------------------------------------------------------------------------------------

  const askJson = async (url, options) => {
    const answer = await fetch(url, { ...options, headers: { Accept: "application/json", ...options.headers } });
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => ({}));
    throw new Error(told.errors?.pictures || told.message || spoken("The picture could not be added. Try again in a moment."));
  };

  const send = (target, file, onProgress) => new Promise((resolve, reject) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(target.fields)) body.append(name, value);
    body.append("file", file);
    const request = new XMLHttpRequest();
    request.open(target.method, target.url);
    request.timeout = 10 * 60 * 1000;
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => (request.status < 300 ? resolve() : reject(new Error(spoken("The picture was not accepted. Try another file."))));
    request.onerror = request.ontimeout = () => reject(new Error(spoken("The connection broke while the picture was sent. Add it again.")));
    request.send(body);
  });

  const addRow = (file) => {
    const row = document.createElement("div");
    row.className = "upload";
    const words = document.createElement("span");
    words.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", spoken("Sending %(file)s", { file: file.name }));
    row.append(words, bar);
    document.querySelector("[data-uploads]").append(row);
    return { row, words, bar };
  };

  const upload = async (base, file) => {
    const { row, words, bar } = addRow(file);
    try {
      const wish = JSON.stringify({ name: file.name, type: file.type, size: file.size });
      const target = await (await askJson(`${base}/target`, { method: "POST", body: wish, headers: { "Content-Type": "application/json" } })).json();
      await send(target, file, (part) => { bar.value = part; });
      const kept = await askJson(base, { method: "POST", body: new URLSearchParams({ ticket: target.ticket }) });
      showPictures(await kept.text());
      row.remove();
    } catch (error) {
      bar.remove();
      row.classList.add("error");
      words.textContent = `${file.name}: ${error.message}`;
      const again = document.createElement("button");
      again.type = "button";
      again.className = "button small";
      again.textContent = document.querySelector("[data-uploads]").dataset.again;
      again.addEventListener("click", () => { row.remove(); upload(base, file); });
      row.append(again);
    }
  };

  // Descriptions typed meanwhile stay: they belong to the form, not to the fragment.
  const showPictures = (html) => {
    const typed = new Map([...document.querySelectorAll("#picture-list input")].map((input) => [input.name, input]));
    const box = document.createElement("template");
    box.innerHTML = html;
    const list = box.content.querySelector("#picture-list");
    for (const input of list.querySelectorAll("input")) {
      const held = typed.get(input.name);
      if (held) [input.value, input.checked] = [held.value, held.checked];
    }
    document.getElementById("picture-list").replaceWith(list);
    window.htmx.process(list);
  };

  const drop = document.querySelector("[data-drop]");
  const start = async (files) => { for (const file of files) await upload(drop.dataset.drop, file); };
  const takeFiles = () => {
    const input = drop.querySelector("input");
    const take = () => {
      const files = [...input.files];
      input.value = "";
      start(files);
    };
    input.addEventListener("change", take);
    take();
    drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      start([...event.dataTransfer.files].filter((file) => file.type.startsWith("image/")));
    });
  };
  takeFiles();

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
