// Messages: those the server rendered, and those that parts of the page ask for. Errors stay until dismissed.

const READING_TIME = 6000;
const region = document.querySelector("[data-toasts]");

function leaveInTime(toast) {
  if (toast.matches(".bad, .warn")) return;
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), READING_TIME); };
  const stop = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", start);
  start();
}

export function toast(text, tone = "info") {
  if (!region) return;
  const box = document.createElement("div");
  box.className = `toast ${tone}`;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button ghost icon-only small";
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", region.dataset.close);
  close.textContent = "×";
  box.append(words, close);
  region.append(box);
  leaveInTime(box);
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".toast, .notice")?.remove();
});

// A response may carry HX-Trigger: {"toast": {"text": "...", "tone": "good"}}.
document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.tone));
document.addEventListener("htmx:responseError", (event) => {
  const sorry = region?.dataset.failed;
  const said = event.detail.xhr.getResponseHeader("X-Message");
  if (said || sorry) toast(said || sorry, "bad");
});
document.addEventListener("htmx:sendError", () => {
  if (region?.dataset.offline) toast(region.dataset.offline, "bad");
});

for (const box of document.querySelectorAll(".toast")) leaveInTime(box);
