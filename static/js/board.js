// The board: a card goes to another column by dragging, by its menu, or by the left and right arrows. The server has the
// last word: what it refuses goes back, and says why.

const board = document.querySelector("[data-board]");
const told = document.querySelector("[data-board-told]");
const token = JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";

function tell(text, isBad) {
  told.textContent = "";
  requestAnimationFrame(() => (told.textContent = text));
  if (isBad) document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "warn" } }));
}

function recount(column, step) {
  const count = column.querySelector("h2 .count");
  // An estimate stays one.
  if (/^\d+$/.test(count.textContent)) count.textContent = String(Number(count.textContent) + step);
}

async function move(card, column) {
  const from = card.closest("[data-column]");
  const value = column.dataset.column;
  if (from === column || !value || card.classList.contains("moving")) return;
  const next = card.nextElementSibling;
  const list = from.querySelector("[data-cards]");
  const focused = card.contains(document.activeElement);
  const take = (target, before) => {
    target.insertBefore(card, before);
    if (focused) card.querySelector(".board-link").focus();
  };
  take(column.querySelector("[data-cards]"), column.querySelector("[data-cards]").firstElementChild);
  recount(from, -1);
  recount(column, 1);
  card.classList.add("moving");
  let answer = { message: board.dataset.unreachable || "" };
  let done = false;
  try {
    const response = await fetch(card.dataset.moveUrl, {
      method: "POST",
      headers: { "X-CSRFToken": token, Accept: "application/json" },
      body: new URLSearchParams({ to: value, version: card.dataset.version }),
    });
    // Whoever is signed out is led to the sign-in page: with the whole page, and back to this board.
    if (response.redirected) return location.reload();
    const isAnswer = response.headers.get("Content-Type")?.startsWith("application/json");
    answer = isAnswer ? await response.json() : { message: board.dataset.refused };
    done = isAnswer && response.ok;
  } catch {
    // Told below: nothing was moved, or nobody knows.
  }
  card.classList.remove("moving");
  if (done) {
    card.dataset.version = answer.version;
    for (const input of card.querySelectorAll("[name=version]")) input.value = answer.version;
    for (const menu of card.querySelectorAll("details[open]")) menu.open = false;
  } else {
    take(list, next?.isConnected ? next : null);
    recount(from, 1);
    recount(column, -1);
  }
  tell(answer.message, !done);
}

let dragged = null;
board?.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-card]");
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
board?.addEventListener("dragend", () => {
  dragged = null;
  for (const column of board.querySelectorAll(".over")) column.classList.remove("over");
});
board?.addEventListener("dragover", (event) => {
  const column = event.target.closest("[data-column]");
  if (!dragged || !column?.dataset.column) return;
  event.preventDefault();
  for (const each of board.querySelectorAll(".over")) if (each !== column) each.classList.remove("over");
  column.classList.add("over");
});
board?.addEventListener("drop", (event) => {
  const column = event.target.closest("[data-column]");
  if (!dragged || !column) return;
  event.preventDefault();
  move(dragged, column);
});

board?.addEventListener("keydown", (event) => {
  const link = event.target.closest(".board-link");
  if (!link || event.altKey || event.ctrlKey || event.metaKey) return;
  const card = link.closest(".board-card");
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const other = event.key === "ArrowUp" ? card.previousElementSibling : card.nextElementSibling;
    other?.querySelector(".board-link, a")?.focus();
    event.preventDefault();
  } else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && card.matches("[data-card]")) {
    const column = card.closest("[data-column]");
    const other = event.key === "ArrowLeft" ? column.previousElementSibling : column.nextElementSibling;
    if (other) move(card, other);
    event.preventDefault();
  }
});

board?.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-move-form]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const column = [...board.querySelectorAll("[data-column]")].find((each) => each.dataset.column === event.submitter.value);
  const card = form.closest("[data-card]");
  form.closest("details").open = false;
  card.querySelector(".board-link").focus();
  if (column) move(card, column);
});
