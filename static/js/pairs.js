// The queue by keys: m merges, n says not the same, s skips, all of the pair that is current. The keys themselves are
// pressed by keyboard.js, which looks for data-shortcut: it stands on the buttons of the current pair alone.

const pairs = [...document.querySelectorAll("[data-pairs] > li")];

function makeCurrent(pair, { focus = true } = {}) {
  for (const each of pairs) {
    each.toggleAttribute("data-current", each === pair);
    for (const button of each.querySelectorAll("[data-key]")) {
      if (each === pair) button.dataset.shortcut = button.dataset.key;
      else delete button.dataset.shortcut;
    }
  }
  if (!focus) return;
  pair.querySelector("[data-key]")?.focus({ preventScroll: true });
  pair.scrollIntoView({ block: "nearest" });
}

for (const [index, pair] of pairs.entries()) {
  pair.querySelector('[data-key="s"]')?.addEventListener("click", () => {
    if (index + 1 < pairs.length) makeCurrent(pairs[index + 1]);
    else document.querySelector("[data-older]")?.click();
  });
}
if (pairs.length) makeCurrent(pairs[0], { focus: false });
