// What every page does beyond links and forms. Each concern lives in a module of its own.
import "./chrome.js";
import "./toasts.js";
import "./keyboard.js";
import "./palette.js";
import "./forms.js";
import "./focus.js";
