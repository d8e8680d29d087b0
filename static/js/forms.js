// Forms: one submission per press, a warning before typed words are lost, files that are dropped; and the rules of
// conditional fields, fetched only where a form has any.

/** A form with data-guard asks before typed words are lost. */
function guard(form) {
  let dirty = false;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", () => { dirty = false; });
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
}

function watchDrop(area) {
  const input = area.querySelector("input[type=file]");
  const name = area.querySelector("[data-drop-name]");
  const invitation = name.textContent;
  const show = () => {
    const size = [...input.files].reduce((sum, file) => sum + file.size, 0);
    const names = [...input.files].map((file) => file.name).join(", ");
    name.textContent = names ? `${names} (${(size / 1_048_576).toFixed(1)} MB)` : invitation;
  };
  for (const kind of ["dragenter", "dragover"]) {
    area.addEventListener(kind, (event) => {
      event.preventDefault();
      area.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) area.addEventListener(kind, () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", show);
}

function allowAgain(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}

// A second press while the first is under way must not send the form twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  // A download leaves the page where it is: then the form may be sent again.
  setTimeout(() => allowAgain(form), 8000);
  event.submitter?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) allowAgain(form);
});

/** What is fetched because a form of this page asks for it: promises. */
export const fetched = [];

for (const form of document.forms) {
  if (form.querySelector("[data-visible-if], [data-required-if]")) {
    fetched.push(import("./conditions.js").then(({ watchRules }) => watchRules(form)));
  }
  if (form.querySelector("[data-choices-from]")) {
    fetched.push(import("./cascade.js").then(({ watchChoices }) => watchChoices(form)));
  }
  if (form.querySelector("[data-place]")) {
    fetched.push(import("./places.js").then(({ watchPlace }) => form.querySelectorAll("[data-place]").forEach(watchPlace)));
  }
  if (form.querySelector("[data-kept-file]")) {
    fetched.push(import("./files.js").then(({ watchFile }) => form.querySelectorAll("[data-kept-file]").forEach(watchFile)));
  }
  if (form.querySelector("[data-find]")) {
    import("./choices.js").then(({ watchLongList }) => form.querySelectorAll("[data-find]").forEach(watchLongList));
  }
  if ("guard" in form.dataset) guard(form);
}
for (const area of document.querySelectorAll("[data-drop]")) watchDrop(area);
let isKept = false;
try {
  isKept = "unsent" in sessionStorage;
} catch {
  // Storage may be closed to us.
}
if (isKept || document.querySelector("form[data-guard]")) import("./unsent.js");
