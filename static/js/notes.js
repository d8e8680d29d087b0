// Notes and follow-ups: colleagues suggested while a name is typed behind an @, and the form that opens takes the
// focus. Without this, names are typed in full and the server finds them.

// What stands from an @ to the caret: a name of at most three words.
const TYPED = /(^|[^\p{L}\p{N}_.])@([\p{L}\p{N}_.'’-]*(?: [\p{L}\p{N}_.'’-]+){0,2})$/u;
const PAUSE = 150;

function suggest(area, address) {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${area.id}_suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "@");
  list.hidden = true;
  area.after(list);
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", list.id);
  let timer = 0;
  let asked = 0;
  let chosen = 0;

  const typed = () => TYPED.exec(area.value.slice(0, area.selectionStart));
  const options = () => [...list.children];

  function close() {
    asked += 1;
    list.hidden = true;
    area.removeAttribute("aria-activedescendant");
  }

  function mark(index) {
    const all = options();
    chosen = (index + all.length) % all.length;
    all.forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
    area.setAttribute("aria-activedescendant", all[chosen].id);
  }

  function take(option) {
    const found = typed();
    if (found) {
      const from = area.selectionStart - found[2].length;
      area.setRangeText(`${option.textContent} `, from, area.selectionStart, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    close();
    area.focus();
  }

  function show(names) {
    list.replaceChildren(...names.map((name, place) => {
      const option = document.createElement("li");
      option.id = `${list.id}_${place}`;
      option.setAttribute("role", "option");
      option.textContent = name;
      return option;
    }));
    list.hidden = !names.length;
    if (names.length) mark(0);
    else close();
  }

  async function ask() {
    const found = typed();
    if (!found) return close();
    const number = ++asked;
    try {
      const response = await fetch(`${address}?text=${encodeURIComponent(found[2])}`, { headers: { Accept: "application/json" } });
      if (response.ok && number === asked) show((await response.json()).names);
    } catch {
      // Without a connection names are typed in full.
    }
  }

  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  // Pressed by its key, it takes the focus.
  area.addEventListener("click", () => area.focus());
  area.addEventListener("blur", () => setTimeout(close, PAUSE));
  area.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") mark(chosen + 1);
    else if (event.key === "ArrowUp") mark(chosen - 1);
    else if (event.key === "Enter" || event.key === "Tab") take(options()[chosen]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    event.preventDefault();
    take(option);
  });
}

for (const form of document.querySelectorAll("[data-mentions-url]")) {
  const area = form.querySelector("[data-mentions]");
  if (area) suggest(area, form.dataset.mentionsUrl);
}

for (const part of document.querySelectorAll("details.quick")) {
  part.addEventListener("toggle", () => {
    if (part.open) part.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
}
const wanted = location.hash === "#plan" && document.querySelector("details.quick#plan");
if (wanted) wanted.open = true;
