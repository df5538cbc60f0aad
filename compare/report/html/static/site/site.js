// A site: every page follows what the address says of the runs that are left.

async function showDocument(page) {
  showFilters();
  showTables();
  showTicks();
  if (page.id === "page=compare") showPair();
  if (page.id === "page=history") {
    showHistories(page);
    await showPlots(page);
  }
}

function prepare(page) {
  for (const place of page.querySelectorAll(".filters")) addFilters(place);
  for (const place of page.querySelectorAll(".looks")) addLooks(place);
  for (const place of page.querySelectorAll(".pair")) addPair(place);
  enhanceTables(page);
  addTicks(page);
}
