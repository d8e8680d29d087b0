// The frame: colours, the folded rail, menus that close, dialogs that open.

const root = document.documentElement;

export function remember(name, value) {
  try {
    if (value) localStorage.setItem(name, value);
    else localStorage.removeItem(name);
  } catch {
    // Storage may be closed to us; the choice then lasts for this page.
  }
}

function showThemeChoice() {
  const chosen = root.dataset.theme || "";
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  }
}

function chooseTheme(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  remember("theme", theme);
  showThemeChoice();
}

function showFold() {
  for (const button of document.querySelectorAll("[data-fold]")) {
    button.setAttribute("aria-pressed", String(root.dataset.rail === "folded"));
  }
}

function toggleFold() {
  if (root.dataset.rail === "folded") delete root.dataset.rail;
  else root.dataset.rail = "folded";
  remember("rail", root.dataset.rail);
  showFold();
}

export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  for (const other of document.querySelectorAll("dialog[open]")) other.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  dialog.showModal();
  // What is filled in comes first, not the button that closes.
  dialog.querySelector(".body form :is(input:not([type=hidden]), select, textarea)")?.focus();
  dialog.dispatchEvent(new Event("opened"));
}

document.addEventListener("click", (event) => {
  const target = event.target;
  const opener = target.closest("[data-opens]");
  if (opener) return openDialog(opener.dataset.opens);
  const closer = target.closest("[data-closes]");
  if (closer) return closer.closest("dialog")?.close();
  const theme = target.closest("[data-theme-choice]");
  if (theme) return chooseTheme(theme.dataset.themeChoice);
  if (target.closest("[data-fold]")) return toggleFold();
  if (target instanceof HTMLDialogElement && target.matches(".dialog")) {
    // Only the backdrop reports the dialog itself as the target and lies outside its box.
    const box = target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) target.close();
    return;
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.target.matches("input, select, textarea")) {
    const items = [...menu.querySelectorAll(".menu-item:is(a, button)")].filter((item) => item.offsetParent);
    if (!items.length) return;
    const step = event.key === "ArrowDown" ? 1 : -1;
    const index = items.indexOf(document.activeElement);
    items[index < 0 ? 0 : (index + step + items.length) % items.length].focus();
    event.preventDefault();
  }
});

// The page's own error summary takes the focus, so that a screen reader starts there.
document.querySelector("[data-focus]")?.focus();
showThemeChoice();
showFold();
