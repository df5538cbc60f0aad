// A report: its tables take any baseline, and what stands behind a row is shown.

async function showDocument(page) {
  showBaseline();
  showTables();
  await showRow();
  await showPlots(page);
}

function prepare(page) {
  addRowButtons(page);
  enhanceTables(page);
  for (const table of page.querySelectorAll("table.speeds")) table.parentElement.before(baselineChoices());
}

/** No row is left out but by a filter's words. */
const isTaken = () => true;
