// Which runs are left: by task, adapter, machine, version and date, on all pages alike.

const runOf = (key) => data.runs.find((run) => run.key === key);
const machineName = (key) => data.machines[key]?.name ?? key;
const reportOf = (run, task = "") => `runs/${run.place}/report.html${task ? `#${data.pages[task]}` : ""}`;
const rawOf = (run) => `runs/${run.place}/results.json`;

const distinct = (values) => [...new Set(values)];
const rowsOfAll = data.runs.flatMap(({ rows }) => rows);
const allVersions = distinct(
  data.runs.flatMap(({ versions }) => Object.entries(versions).map(([name, version]) => `${name} ${version}`)),
).sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));

const FILTERS = [
  { key: "task", label: "Task", values: distinct(rowsOfAll.map(({ task }) => task)) },
  { key: "adapter", label: "Adapter", values: data.adapters.map(({ name }) => name), show: labelOf },
  { key: "machine", label: "Machine", values: Object.keys(data.machines), show: machineName },
  { key: "version", label: "Version", values: allVersions },
];

const isWanted = (row) =>
  (!state.task || row.task === state.task) &&
  (!state.adapter || row.adapter === state.adapter) &&
  (!state.machine || row.machine === state.machine);

const isLeft = (run) =>
  (!(state.task || state.adapter || state.machine) || run.rows.some(isWanted)) &&
  (!state.version || Object.entries(run.versions).some(([name, version]) => `${name} ${version}` === state.version)) &&
  (!state.since || run.date.slice(0, 10) >= state.since) &&
  (!state.until || run.date.slice(0, 10) <= state.until);

/** Of the rows of the table of runs; every other table is shown whole. */
const isTaken = ({ dataset: { run } }) => run === undefined || isLeft(runOf(run));

const filterBars = [];

function addFilters(place) {
  const inputs = FILTERS.map(({ key, label, values, show }) => choice(label, [["", "all"], ...named(values, show)], (value) => go({ [key]: value })));
  const dates = [["since", "From"], ["until", "To"]].map(([key, label]) => dateInput(label, (value) => go({ [key]: value })));
  const nothing = Object.fromEntries([...FILTERS.map(({ key }) => key), "since", "until"].map((key) => [key, ""]));
  place.append(...inputs.map(({ field }) => field), ...dates.map(({ field }) => field), button("Show all", () => go(nothing)));
  const keys = [...FILTERS.map(({ key }) => key), "since", "until"];
  filterBars.push([...inputs, ...dates].map(({ input }, at) => ({ input, key: keys[at] })));
}

function showFilters() {
  for (const { input, key } of filterBars.flat()) if (input.value !== state[key]) input.value = state[key];
}

const named = (values, show = (value) => value) => values.map((value) => [value, show(value)]);

/** A choice of one value, with its label; `options` are values and what they are called. */
function choice(label, options, onchoose) {
  const input = element("select", { onchange: () => onchoose(input.value) }, ...options.map(([value, text]) => element("option", { value }, text)));
  return { input, field: element("label", {}, element("span", {}, label), input) };
}

function dateInput(label, onchoose) {
  const input = element("input", { type: "date", onchange: () => onchoose(input.value) });
  return { input, field: element("label", {}, element("span", {}, label), input) };
}
