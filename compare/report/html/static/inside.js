// What is large lies packed inside the page: Plotly's program, and the run's results.

let plotlyLoading = null;

/** Plotly's program, which the page's own policy allows by its hash. */
function plotly() {
  plotlyLoading ??= unpack("plotly").then((response) => response.text()).then((program) => {
    document.head.append(element("script", {}, program));
    return window.Plotly;
  });
  return plotlyLoading;
}

async function saveResults() {
  save("results.json", await (await unpack("results")).arrayBuffer(), "application/json");
}

/** What a reader can take with them of one row. */
const rawData = (row) => [
  button("Runs as JSON", () => saveRuns(row)),
  button("Timed rounds as CSV", () => saveRounds(row)),
];

async function runsOf({ task, adapter }) {
  const { runs } = await packedJson("results");
  return runs.filter((run) => run.task === task && run.adapter === adapter);
}

const fileName = (row, ending) => `${row.task}-${row.adapter}`.replace(/[^\w.-]+/g, "-") + ending;

async function saveRuns(row) {
  save(fileName(row, ".json"), JSON.stringify(await runsOf(row), null, 1), "application/json");
}

async function saveRounds(row) {
  const names = ["process", "index", "warm_up", "sequences", "seconds"];
  const lines = (await runsOf(row)).flatMap(({ seed, rounds }) =>
    rounds.map((round) => [seed, ...names.map((name) => round[name])].join(",")),
  );
  save(fileName(row, "-rounds.csv"), [["seed", ...names].join(","), ...lines, ""].join("\n"), "text/csv");
}
