// The list of leads: what stands beside the table and depends on what it shows. Search, filters and sorting replace the
// table alone and put themselves into the address.

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-same-search]");
  if (link) link.search = location.search;
});

document.addEventListener("htmx:afterSettle", () => {
  for (const count of document.querySelectorAll("[data-chip-count]")) {
    count.textContent = document.querySelectorAll("#leads .chip").length || "";
  }
});
