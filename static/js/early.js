// Runs before the first paint, so that a stored choice does not flash: colours and the folded rail. And on a slow line
// somebody chooses and types before the page's modules listen: they are told of it once they do.
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

  const missed = [];
  const note = ({ target, type }) => {
    if (!missed.some((one) => one.target === target && one.type === type)) missed.push({ target, type });
  };
  for (const type of ["input", "change"]) document.addEventListener(type, note);
  document.addEventListener("listening", () => {
    root.classList.add("listening");
    for (const type of ["input", "change"]) document.removeEventListener(type, note);
    for (const { target, type } of missed) target.dispatchEvent(new Event(type, { bubbles: true }));
  });
})();
