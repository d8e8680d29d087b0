// Take all values from one of two leads; every choice can still be changed one by one.

for (const button of document.querySelectorAll("[data-takes]")) {
  button.addEventListener("click", () => {
    for (const input of button.form.querySelectorAll(`input[type="radio"][value="${button.dataset.takes}"]`)) {
      input.checked = true;
    }
  });
}
