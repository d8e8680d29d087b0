// The console: names its landmarks, and helps with the form of a field.
// Without this script every setting of a field is shown, and the server says what does not suit its type.

// The theme's frame has no landmarks of its own.
function nameLandmarks() {
  document.querySelector("#main")?.setAttribute("role", "main");
  const menu = document.querySelector("#nav-sidebar");
  menu?.setAttribute("role", "navigation");
  menu?.setAttribute("aria-label", "Console");
}

// Its scrolled panes all have the same name.
function tellPanesApart() {
  for (const [index, pane] of document.querySelectorAll(".simplebar-content-wrapper").entries()) {
    pane.setAttribute("aria-label", `${pane.getAttribute("aria-label")} ${index + 1}`);
  }
}

function rowOf(name) {
  return document.querySelector(`.field-line.field-${name}`);
}

function isFilled(row) {
  return [...row.querySelectorAll("input, textarea, select")].some((input) =>
    input.type === "checkbox" ? input.checked : input.type !== "hidden" && input.value.trim() !== "",
  );
}

function showSuited(type, suits) {
  for (const [name, kinds] of Object.entries(suits)) {
    const row = rowOf(name);
    if (!row) continue;
    // What is filled in stays visible, so that nobody wonders where a refused setting is.
    row.classList.toggle("is-unsuited", type !== "" && !kinds.includes(type) && !isFilled(row));
  }
}

/** What the chosen type is for, below its help. */
function tellExample(choice, examples) {
  const row = rowOf("type");
  if (!row) return;
  let told = document.getElementById("type-example");
  if (!told) {
    told = document.createElement("p");
    told.id = "type-example";
    told.className = "console-faint";
    choice.closest("div").after(told);
    choice.setAttribute("aria-describedby", `${choice.getAttribute("aria-describedby") ?? ""} type-example`.trim());
  }
  told.textContent = examples[choice.value] ?? "";
}

function keyFrom(label) {
  const words = label.normalize("NFKD").replace(/[^\x00-\x7f]/g, "").toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const key = words.join("_").slice(0, 60).replace(/_+$/, "");
  return key === "" || /^[a-z]/.test(key) ? key : `field_${key}`;
}

function watchType() {
  const carrier = document.querySelector("[data-suits]");
  if (!carrier) return;
  const suits = JSON.parse(carrier.dataset.suits);
  // Once published the type is only shown, and the page says which it is.
  const choice = document.querySelector("select#id_type");
  const update = () => {
    showSuited(choice ? choice.value : carrier.dataset.type, suits);
    if (choice) tellExample(choice, JSON.parse(carrier.dataset.typeExamples));
  };
  choice?.addEventListener("change", update);
  update();
}

function watchLabel() {
  const label = document.querySelector("#id_label");
  const key = document.querySelector("#id_key");
  if (!label || !key || key.value !== "") return;
  let untouched = true;
  key.addEventListener("input", () => {
    untouched = key.value === "";
  });
  label.addEventListener("input", () => {
    if (untouched) key.value = keyFrom(label.value);
  });
}

// Many fields: those whose row holds the word, and the sections that have one.
function watchFind() {
  const box = document.querySelector("[data-find]");
  if (!box) return;
  const rows = [...document.querySelectorAll(`${box.dataset.find} [data-row]`)];
  const found = box.querySelector("[data-found]");
  box.hidden = rows.length < 10;
  box.querySelector("input").addEventListener("input", (event) => {
    const word = event.target.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(word);
    for (const body of new Set(rows.map((row) => row.parentElement))) {
      body.previousElementSibling.hidden = [...body.children].every((row) => row.hidden);
    }
    const number = rows.filter((row) => !row.hidden).length;
    found.textContent = number ? (word ? `${number} / ${rows.length}` : "") : found.dataset.none;
  });
  // Searching is no reason to save an order.
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

// Once the preview of a form was asked for, it follows what is typed; a live one is there from the start.
function watchPreview() {
  const button = document.querySelector("[data-preview]");
  const form = button?.form;
  if (!form) return;
  const frame = document.querySelector("[data-preview-frame]");
  const isLive = button.dataset.preview === "live";
  frame.hidden = !isLive;
  let waiting = 0;
  let asked = isLive;
  form.addEventListener("submit", (event) => {
    if (event.submitter !== button) return;
    asked = true;
    frame.hidden = false;
    // The theme takes any submission for saving, and would warn of nothing after it.
    if (typeof preventLeaving === "function") setTimeout(() => addEventListener("beforeunload", preventLeaving));
  });
  form.addEventListener("change", () => {
    clearTimeout(waiting);
    if (asked) waiting = setTimeout(() => form.requestSubmit(button), 400);
  });
  if (isLive) form.requestSubmit(button);
}

// A second press while the first is on its way would be refused for what the first has done.
function sendOnce() {
  for (const form of document.querySelectorAll("#field_form, [data-once]")) {
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (event.submitter?.formTarget) return;
      if (sent) event.preventDefault();
      sent = true;
    });
    addEventListener("pageshow", () => {
      sent = false;
    });
  }
}

window.addEventListener("load", tellPanesApart);
document.addEventListener("DOMContentLoaded", () => {
  nameLandmarks();
  watchType();
  watchLabel();
  sendOnce();
  watchPreview();
  watchFind();
});
