// A file in a form: one that is too large is told before it is sent, and taking out what is kept follows the choice.

export function watchFile(box) {
  const input = box.querySelector("input[type=file]");
  const removed = box.querySelector("input[type=checkbox]");
  const note = box.querySelector("[data-file-note]");
  const most = Number(box.dataset.maxBytes);
  input.addEventListener("change", () => {
    const [file] = input.files;
    const tooLarge = file && file.size > most;
    note.textContent = tooLarge ? box.dataset.tooLarge : "";
    if (tooLarge) input.value = "";
    else if (file && removed) removed.checked = false;
  });
}
