// Charts from the tables behind them. A bar leads where its row leads; colours are the page's tokens, also when it turns
// dark; without Chart.js, or with nothing to draw, the table alone is there.

const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = [];

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function rowsOf(card) {
  return [...card.querySelectorAll("tr[data-count]")].map((row) => ({
    label: row.dataset.label,
    count: Number(row.dataset.count),
    url: row.dataset.url || "",
  }));
}

function settings(card, rows) {
  const kind = card.dataset.chart;
  const ranking = kind === "ranking";
  const value = ranking ? "x" : "y";
  const data = rows.map((row) => row.count);
  const datasets = [{ data, backgroundColor: token("--accent"), borderRadius: 3, maxBarThickness: 48, order: 2 }];
  if (kind === "share") {
    const target = Number(card.dataset.target);
    datasets.push({ type: "line", data: rows.map(() => target), borderColor: token("--warn"), borderDash: [6, 4], borderWidth: 2, pointRadius: 0, order: 1 });
  }
  const ticks = { color: token("--ink-soft"), font: { size: 11 } };
  const scales = {
    x: { grid: { display: ranking, color: token("--line") }, ticks: { ...ticks, maxRotation: 45, autoSkip: !ranking } },
    y: { grid: { display: !ranking, color: token("--line") }, ticks: { ...ticks, autoSkip: !ranking } },
  };
  scales[value].beginAtZero = true;
  scales[value].ticks.precision = 0;
  if (kind === "share") scales.y.max = 100;
  return {
    type: "bar",
    data: { labels: rows.map((row) => row.label), datasets },
    options: {
      indexAxis: ranking ? "y" : "x",
      // What is there is there at once.
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      scales,
      plugins: { legend: { display: false } },
      onClick: (_event, [hit]) => {
        if (hit && rows[hit.index].url) location.assign(rows[hit.index].url);
      },
      onHover: (event, [hit]) => {
        event.native.target.classList.toggle("leads-on", Boolean(hit && rows[hit.index].url));
      },
    },
  };
}

function draw() {
  for (const chart of drawn.splice(0)) chart.destroy();
  if (!window.Chart) return;
  for (const card of document.querySelectorAll("[data-chart]")) {
    const rows = rowsOf(card).slice(0, 60);
    const place = card.querySelector(".chart-place");
    place.hidden = rows.length < 2;
    card.classList.toggle("has-chart", rows.length > 1);
    if (rows.length < 2) continue;
    drawn.push(new window.Chart(place.querySelector("canvas"), settings(card, rows)));
    const behind = card.querySelector("details.behind");
    if (behind && !behind.dataset.folded) {
      behind.dataset.folded = "true";
      behind.open = rows.length <= 8;
    }
  }
}

draw();
dark.addEventListener("change", draw);
new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
addEventListener("beforeprint", () => {
  for (const behind of document.querySelectorAll("details.behind, details.how")) behind.open = true;
  for (const chart of drawn) chart.resize();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});
// What a job has counted is shown by the page itself, drawn anew.
document.addEventListener("job-finished", () => location.reload());
