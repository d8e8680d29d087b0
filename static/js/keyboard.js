// Keys: "/" searches, "g" and a letter goes to a place, "?" shows the list, data-shortcut presses a button.
// Single keys can be switched off (WCAG 2.1.4); they never act while something is being typed.
import { openDialog, remember } from "./chrome.js";

const CHORD_TIME = 1200;
let chordUntil = 0;

function singleKeysOn() {
  try {
    return localStorage.getItem("keys") !== "off";
  } catch {
    return true;
  }
}

function typing(element) {
  return element.isContentEditable || element.matches("input:not([type=checkbox], [type=radio]), textarea, select");
}

function goTo(letter) {
  const entries = JSON.parse(document.getElementById("palette-entries")?.textContent || "[]");
  const entry = entries.find((candidate) => candidate.keys === `g ${letter}`);
  if (entry) location.assign(entry.url);
}

function search() {
  const field = document.querySelector("[data-search]");
  if (!field) return openDialog("palette");
  field.focus();
  field.select();
}

function press(key) {
  const target = [...document.querySelectorAll(`[data-shortcut="${CSS.escape(key)}"]`)].find((one) => one.offsetParent);
  target?.click();
  return Boolean(target);
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return openDialog("palette");
  }
  const busy = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target);
  if (busy || document.querySelector("dialog[open]") || !singleKeysOn()) return;
  const key = event.key;
  if (performance.now() < chordUntil) {
    chordUntil = 0;
    return goTo(key.toLowerCase());
  }
  if (key === "/") search();
  else if (key === "?") openDialog("keys");
  else if (key === "g") {
    chordUntil = performance.now() + CHORD_TIME;
    return;
  } else if (!press(key)) return;
  event.preventDefault();
});

const list = document.querySelector("[data-keys]");
for (const target of document.querySelectorAll("[data-shortcut]")) {
  const name = document.createElement("dt");
  name.textContent = target.getAttribute("aria-label") || target.textContent.trim();
  const keys = document.createElement("dd");
  const key = document.createElement("kbd");
  key.textContent = target.dataset.shortcut;
  keys.append(key);
  list?.append(name, keys);
}

const choice = document.querySelector("[data-single-keys]");
if (choice) {
  choice.checked = singleKeysOn();
  choice.addEventListener("change", () => remember("keys", choice.checked ? "" : "off"));
}
