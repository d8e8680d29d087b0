// A page for paper: its button opens the browser's own dialogue, which a phone hides behind menus.

document.querySelector("[data-print]")?.addEventListener("click", () => print());
