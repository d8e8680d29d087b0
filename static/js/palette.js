// The command palette: a combobox over the entries the page carries as JSON, and a search of leads.

const dialog = document.getElementById("palette");

function build(entries) {
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const nothing = dialog.querySelector(".nothing");
  let shown = [];
  let chosen = 0;

  // Every word that was typed must begin a word of the entry, or stand inside it.
  function matches(entry, words) {
    const label = entry.label.toLocaleLowerCase();
    return words.every((word) => label.includes(word));
  }

  function found(typed) {
    const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const hits = entries.filter((entry) => matches(entry, words));
    if (typed && dialog.dataset.searchUrl) {
      const url = new URL(dialog.dataset.searchUrl, location.href);
      url.searchParams.set("search", typed);
      hits.push({ label: `${dialog.dataset.searchLabel} “${typed}”`, url: url.href, group: dialog.dataset.searchGroup });
    }
    return hits;
  }

  function option(entry, index) {
    const item = document.createElement("li");
    item.id = `palette-option-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(index === chosen));
    item.dataset.index = index;
    const label = document.createElement("span");
    label.textContent = entry.label;
    const group = document.createElement("span");
    group.className = "group";
    group.textContent = entry.keys || entry.group || "";
    item.append(label, group);
    return item;
  }

  function show() {
    list.replaceChildren(...shown.map(option));
    nothing.hidden = shown.length > 0;
    list.hidden = shown.length === 0;
    if (shown.length) input.setAttribute("aria-activedescendant", `palette-option-${chosen}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function ask() {
    shown = found(input.value.trim());
    chosen = 0;
    show();
  }

  function move(step) {
    if (!shown.length) return;
    chosen = (chosen + step + shown.length) % shown.length;
    show();
  }

  function go(entry) {
    if (!entry) return;
    dialog.close();
    location.assign(entry.url);
  }

  dialog.addEventListener("opened", () => {
    input.value = "";
    ask();
    input.focus();
  });
  input.addEventListener("input", ask);
  input.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) move(steps[event.key]);
    else if (event.key === "Enter") go(shown[chosen]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => go(shown[event.target.closest("[role=option]")?.dataset.index]));
}

if (dialog) build(JSON.parse(document.getElementById("palette-entries")?.textContent || "[]"));
