// A long list of boxes to tick: what is typed above it leaves only the boxes whose words have it, and what is ticked.

/** `group` is an element with data-find, the words of the input. */
export function watchLongList(group) {
  const boxes = [...group.children];
  const input = document.createElement("input");
  input.type = "search";
  input.className = "input find";
  input.autocomplete = "off";
  input.placeholder = group.dataset.find;
  input.setAttribute("aria-label", group.dataset.find);
  group.before(input);
  input.addEventListener("input", (event) => {
    // Nothing of the form has changed: its guard and its rules need not hear of it.
    event.stopPropagation();
    const typed = input.value.trim().toLocaleLowerCase();
    for (const box of boxes) {
      const isWanted = box.textContent.toLocaleLowerCase().includes(typed) || box.querySelector(":checked");
      box.classList.toggle("unfound", !isWanted);
    }
  });
  input.addEventListener("keydown", (event) => {
    // Enter chooses nothing here, and must not send the form.
    if (event.key === "Enter") event.preventDefault();
  });
}
