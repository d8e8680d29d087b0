// What somebody typed while the sign-in had ended: it was sent, met the sign-in page and is stored nowhere. It is kept
// in this tab until the same person has the same page before them again, and stands in its form then. It is about people,
// and others use the machine: it goes with who signs out, and after an hour.
import { toast } from "./toasts.js";

const KEY = "unsent";
// Only pages behind sign-in say whose they are.
const person = document.body.dataset.person ?? "";
// Who belongs to several organisations has the same address in each.
const page = `${document.body.dataset.organization ?? ""} ${location.pathname}`;
const LONGEST = 3_600_000;

function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    if (!kept || Date.now() - kept.at < LONGEST) return kept;
    write(null);
  } catch {
    // What is kept there is nothing of ours.
  }
  return null;
}

function write(kept) {
  try {
    if (kept) sessionStorage.setItem(KEY, JSON.stringify(kept));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Storage may be closed to us, or full; then what was typed is the browser's to keep.
  }
}

/** Keep what a form sends, until it is known whether it arrived. */
function keep(form) {
  const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
  write({ person, page, at: Date.now(), action: form.getAttribute("action") ?? "", fields });
}

function fill(form, fields) {
  for (const element of form.elements) {
    const sent = fields.filter(([name]) => name === element.name).map(([, value]) => value);
    if (!element.name || element.name === "csrfmiddlewaretoken" || element.type === "file") continue;
    if (element.type === "checkbox" || element.type === "radio") element.checked = sent.includes(element.value);
    else if (element.multiple) for (const option of element.options) option.selected = sent.includes(option.value);
    else if (sent.length) element.value = sent[0];
    else continue;
    for (const kind of ["input", "change"]) element.dispatchEvent(new Event(kind, { bubbles: true }));
  }
  form.closest("details")?.setAttribute("open", "");
}

/** Give back what met the sign-in page; forget what arrived. */
function giveBack(forms) {
  const kept = read();
  if (!kept) return;
  // Sign-in and errors stand on plain pages, which know the words that go with what comes back.
  const words = document.querySelector("[data-back]")?.dataset.back;
  if (!person) {
    setTimeout(read, kept.at + LONGEST - Date.now());
    return write({ ...kept, words: words ?? kept.words });
  }
  if (!kept.words || kept.person !== person) return write(null);
  const form = [...forms].find((each) => "guard" in each.dataset && (each.getAttribute("action") ?? "") === kept.action);
  if (page !== kept.page || !form) return;
  fill(form, kept.fields);
  write(null);
  toast(kept.words, "info");
}

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if ("forget" in event.target.dataset) write(null);
  else if (person && "guard" in event.target.dataset) keep(event.target);
});
giveBack(document.forms);
