// The list of leads: what stands beside the table and depends on what it shows. Search, filters and sorting replace the
// table alone and put themselves into the address.

const form = document.querySelector("form.filters");

// Links that take the list along go with the address as it is now. `own` says that the address is the whole list.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-same-search]");
  if (!link || !location.search) return;
  const now = new URLSearchParams(location.search);
  // An address that only names a view is written out by the server already, in the link as it was drawn.
  if (link.dataset.sameSearch === "own" && now.has("view") && !now.has("own") && now.get("view") !== "all") return;
  link.search = location.search;
});

function showChosen() {
  for (const count of document.querySelectorAll("[data-chip-count]")) {
    count.textContent = document.querySelectorAll("#leads .chip").length || "";
  }
  showPicked();
}

// Sorting changes the address, and the next search must not forget it.
function keepSort() {
  const sort = new URLSearchParams(location.search).get("sort");
  if (!form || !sort) return;
  let input = form.querySelector("input[name=sort]");
  if (!input) {
    input = Object.assign(document.createElement("input"), { type: "hidden", name: "sort" });
    form.prepend(input);
  }
  input.value = sort;
}

document.addEventListener("htmx:afterSettle", () => {
  showChosen();
  keepSort();
});

let asking;

// Columns: one place earlier or later, by buttons that keep the focus.
document.querySelector("[data-columns]")?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  event.preventDefault();
  const item = button.closest("li");
  const other = button.dataset.move === "-1" ? item.previousElementSibling : item.nextElementSibling;
  if (!other || !other.querySelector(":checked")) return;
  if (button.dataset.move === "-1") other.before(item);
  else other.after(item);
  button.focus();
  const told = document.querySelector("[data-told]");
  const place = [...item.parentElement.children].indexOf(item) + 1;
  told.textContent = `${item.querySelector("label").textContent.trim()} ${told.dataset.words} ${place}`;
  // Several moves are one question to the server.
  clearTimeout(asking);
  asking = setTimeout(() => item.querySelector("input").dispatchEvent(new Event("change", { bubbles: true })), 400);
});

// What is chosen stands before what is not, a new one last of them.
document.querySelector("[data-columns]")?.addEventListener("change", (event) => {
  const box = event.target;
  if (!event.isTrusted || box.name !== "columns") return;
  const item = box.closest("li");
  const others = [...item.parentElement.children].filter((each) => each !== item);
  const firstLeft = others.find((each) => !each.querySelector(":checked"));
  if (firstLeft) firstLeft.before(item);
  else item.parentElement.append(item);
  box.focus();
});

// Picked rows.
const picks = () => [...document.querySelectorAll("#leads input[name=pick]")];

function showPicked() {
  const bar = document.querySelector("[data-picked]");
  if (!bar) return;
  const number = picks().filter((pick) => pick.checked).length;
  bar.classList.toggle("some", number > 0);
  const words = bar.querySelector(".count");
  words.dataset.start ??= words.textContent;
  words.textContent = number ? `${number} ${words.dataset.words}` : words.dataset.start;
  for (const button of bar.querySelectorAll("button")) button.disabled = !number;
  const all = document.querySelector("[data-pick-all]");
  if (all) {
    all.checked = number > 0 && number === picks().length;
    all.indeterminate = number > 0 && !all.checked;
  }
}

let last = null;
document.addEventListener("click", (event) => {
  const pick = event.target.closest("input[name=pick]");
  if (!pick) return;
  // With Shift, all from the one picked before to this one.
  if (event.shiftKey && last?.isConnected) {
    const all = picks();
    const [from, to] = [all.indexOf(last), all.indexOf(pick)].sort((a, b) => a - b);
    for (const each of all.slice(from, to + 1)) each.checked = pick.checked;
  }
  last = pick;
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) {
    for (const pick of picks()) pick.checked = event.target.checked;
  }
  if (event.target.matches("[data-pick-all], input[name=pick]")) showPicked();
});
showPicked();
