// After a call or message was opened from a lead's page, the page is read anew once it is looked at again: there
// the outcome is asked for. Without this, the reader reloads the page.

const form = document.querySelector("form[data-reach]");
let isPressed = false;

function again() {
  const typed = [...document.querySelectorAll("form[data-guard] textarea, form[data-guard] input[type=text]")];
  // What is being written is not thrown away.
  if (isPressed && !typed.some((each) => each.value !== each.defaultValue)) window.location.reload();
}

if (form) {
  form.addEventListener("submit", () => {
    isPressed = true;
  });
  window.addEventListener("focus", again);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") again();
  });
}
