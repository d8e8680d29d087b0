// What every page does beyond links and forms. Each concern lives in a module of its own.
import "./chrome.js";
import "./toasts.js";
import "./keyboard.js";
import "./palette.js";
import "./focus.js";
import { fetched } from "./forms.js";

// After the other modules, and htmx, which begins at the same event. See early.js.
document.addEventListener("DOMContentLoaded", async () => {
  await Promise.allSettled([...fetched, new Promise((resolve) => setTimeout(resolve))]);
  document.dispatchEvent(new Event("listening"));
});
