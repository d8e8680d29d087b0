// Runs before the first paint, so that a stored choice does not flash: colours and the folded rail.
(function () {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    if (localStorage.getItem("rail") === "folded") root.dataset.rail = "folded";
  } catch {
    // Storage may be closed to us; the defaults hold.
  }
})();
