// What is large lies beside the page: the run's results.

function saveResults() {
  element("a", { href: "results.json", download: "results.json" }).click();
}

/** What a reader can take with them of one row. */
const rawData = () => [button("All runs as JSON", saveResults)];
