// The admin's own manners: navigation on phones, messages, forms that ask before they leave.

const burger = document.querySelector(".burger");
const side = document.querySelector(".side");

function toggleSide(open) {
  document.body.classList.toggle("nav-open", open);
  burger.setAttribute("aria-expanded", String(open));
}
burger.addEventListener("click", () => toggleSide(!document.body.classList.contains("nav-open")));
side.addEventListener("click", (event) => event.target.closest("a") && toggleSide(false));
document.addEventListener("keydown", (event) => event.key === "Escape" && toggleSide(false));
document.addEventListener("click", (event) => {
  const menu = document.querySelector(".who[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

/** Show a message at the bottom. `action` is a label; `on(name)` hears "onAction" and "onDismiss". */
window.showToast = ({ id = "", message, duration = 5000, isError = false, action, on = () => {} }) => {
  const toast = document.createElement("div");
  toast.className = isError ? "toast bad" : "toast";
  toast.dataset.toast = id;
  const text = document.createElement("span");
  text.textContent = message;
  toast.append(text);
  const end = () => {
    if (!toast.isConnected) return;
    toast.remove();
    on("onDismiss");
  };
  if (action) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: action });
    button.addEventListener("click", () => {
      on("onAction");
      end();
    });
    toast.append(button);
  }
  const close = Object.assign(document.createElement("button"), { type: "button", textContent: "×", ariaLabel: "Dismiss" });
  close.addEventListener("click", end);
  toast.append(close);
  document.getElementById("toasts").append(toast);
  window.setTimeout(end, duration);
};

const here = new URL(window.location.href);
if (here.searchParams.has("toast") && !document.getElementById("app-frame")) {
  window.showToast({ message: here.searchParams.get("toast").slice(0, 200) });
  here.searchParams.delete("toast");
  window.history.replaceState(null, "", here);
}
