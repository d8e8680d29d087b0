// The correction grid by keyboard: Enter and the arrows go up and down a column, as in a spreadsheet.

function neighbour(cell, step) {
  const column = [...cell.closest("table").querySelectorAll(`[data-column="${CSS.escape(cell.dataset.column)}"]`)];
  return column[column.indexOf(cell) + step];
}

function nextProblem(grid, from) {
  const bad = [...grid.querySelectorAll("[aria-invalid=true]")];
  return bad.find((cell) => from.compareDocumentPosition(cell) & Node.DOCUMENT_POSITION_FOLLOWING) ?? bad[0];
}

document.addEventListener("keydown", (event) => {
  const cell = event.target;
  if (!cell.matches?.("[data-grid] [data-column]") || event.isComposing) return;
  const moves = cell.matches("select") ? {} : { ArrowDown: 1, ArrowUp: -1 };
  if (event.key === "Enter") moves.Enter = event.shiftKey ? -1 : 1;
  const wanted = event.key === "F8" ? nextProblem(cell.closest("[data-grid]"), cell) : neighbour(cell, moves[event.key]);
  if (!(event.key in moves) && event.key !== "F8") return;
  event.preventDefault();
  wanted?.focus();
  wanted?.select?.();
});

// A changed cell is marked, and no longer counts as wrong until the server has looked again.
document.addEventListener("input", (event) => {
  const cell = event.target;
  if (!cell.matches("[data-grid] [data-column]")) return;
  const changed = cell.value !== (cell.defaultValue ?? cell.dataset.was);
  cell.closest("td").classList.toggle("changed", changed);
});
