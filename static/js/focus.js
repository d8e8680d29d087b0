// Where the keyboard is after a part of the page was put in anew: at what stands in the place of what was pressed, and
// not at the top of the page. What has an id is found again by htmx itself.

const FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
let lost = null;

const focusable = (part) => [...part.querySelectorAll(FOCUSABLE)].filter((one) => !one.disabled && one.checkVisibility());
const nameOf = (one) => one.getAttribute("aria-label") || one.textContent.trim();

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const pressed = document.activeElement;
  const index = focusable(detail.target).indexOf(pressed);
  lost = index < 0 ? null : { index, name: nameOf(pressed), id: detail.target.id };
});
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (!lost || document.activeElement !== document.body) return;
  const part = document.getElementById(lost.id) ?? detail.elt;
  const found = focusable(part);
  const same = lost.name && found.find((one) => nameOf(one) === lost.name);
  (same || found[Math.min(lost.index, found.length - 1)])?.focus({ preventScroll: true });
  lost = null;
});
