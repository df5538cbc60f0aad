// Histories: a part of the page for each kind of machine and of work, with its figure, its changes and its points.

const MOST_FIGURES = 8;

const MEASURES = {
  speed: { label: "sequences/s", axis: "sequences per second", logarithmic: true, show: number },
  times: { label: "time, × fastest", axis: "time, × the fastest's", logarithmic: true, show: factor },
  result: { label: "result", axis: "", logarithmic: false, show: (value) => number(value, 4) },
};

const measureName = () => (Object.hasOwn(MEASURES, state.measure) ? state.measure : "speed");
const measure = () => MEASURES[measureName()];
const order = () => (Object.hasOwn(data.orders, state.order) ? state.order : "date");
const chosenTask = () => FILTERS[0].values.find((task) => task === state.task) ?? FILTERS[0].values[0];

const lookGroups = [];

function addLooks(place) {
  const measures = Object.entries(MEASURES).map(([value, { label }]) => ({ label, value }));
  const orders = Object.keys(data.orders).map((value) => ({ label: value, value }));
  const adapters = data.adapters.map(({ name, label, colour }) => ({ label, value: name, swatch: swatchOf(colour) }));
  for (const [name, choices, onchoose, isOn] of [
    ["Measure", measures, (value) => go({ measure: value }), (value) => value === measureName()],
    ["In order of", orders, (value) => go({ order: value }), (value) => value === order()],
    ["Adapters", adapters, (value) => go({ hide: toggled(state.hide, value) }), (value) => !state.hide.has(value)],
  ]) {
    const group = choiceGroup(name, choices, onchoose);
    lookGroups.push([group, isOn]);
    place.append(group);
  }
}

/** Points of the chosen task that are left, by kind of work and machine. */
function histories() {
  const found = new Map();
  for (const run of data.runs.filter(isLeft)) {
    for (const row of run.rows) {
      if (row.task !== chosenTask() || !isWanted({ ...row, task: state.task }) || !row[measureName()]) continue;
      if (order() !== "date" && run.versions[order()] === undefined) continue;
      const name = `${row.work}-${row.machine}`;
      if (!found.has(name)) found.set(name, { name, work: row.work, machine: row.machine, points: [] });
      found.get(name).points.push({ run, row });
    }
  }
  return [...found.values()];
}

let shownHistories = new Map();

let shownFor = null;

/** What is shown stays as it is, tables that were opened too, where only a figure's zoom has changed. */
function showHistories(page) {
  for (const [group, isOn] of lookGroups) press(group, isOn);
  const address = written({ ...state, zoom: new Map() });
  if (shownFor === address) return;
  shownFor = address;
  const found = histories();
  shownHistories = new Map(found.map((history) => [history.name, history]));
  const place = page.querySelector(".histories");
  const left = found.length - MOST_FIGURES;
  place.replaceChildren(
    ...(found.length ? [] : [element("p", {}, "No run is left that has such figures: choose others above.")]),
    ...found.slice(0, MOST_FIGURES).flatMap((history) => historyParts(history, found)),
    ...(left > 0 ? [element("p", {}, `${plural(left, "further figure")} of other machines or work: choose a machine above.`)] : []),
  );
}

const drawnFigures = new Map();

function historyParts(history, all) {
  const { name, work, machine, points } = history;
  const runs = distinct(points.map(({ run }) => run));
  if (!drawnFigures.has(name)) drawnFigures.set(name, element("figure", { "data-plot": name, "aria-label": "" }));
  const figure = drawnFigures.get(name);
  figure.setAttribute("aria-label", historyCaption({ name }));
  return [
    element("h2", { id: `history-${name}` }, `${data.works[work].task} on ${machineName(machine)}`),
    element("p", {}, `${plural(runs.length, "run")} of ${workName(data.works[work], all)}.`),
    figure,
    ...changeParts(history),
    element("details", {}, element("summary", {}, `All ${plural(runs.length, "run")} as a table`), pointTable(history, runs)),
  ];
}

/** The data set, and where the same task was also trained in another way, what is different. */
function workName(work, all) {
  const others = all.map((each) => data.works[each.work]).filter((other) => other !== work);
  const names = Object.keys(work.fields).filter((name) => others.some(({ fields }) => fields[name] !== work.fields[name]));
  return [work.dataset, ...names.map((name) => `${name} ${work.fields[name]}`)].join("; ");
}

function historyCaption({ name }) {
  const { machine, work } = shownHistories.get(name);
  return `${data.works[work].task}: ${measureOf(data.works[work])} on ${machineName(machine)}, by ${order()}, with 95 % intervals`;
}

/** What is on the vertical axis; a result by the name of its metric. */
const measureOf = ({ metrics: [{ name, unit }] }) => measure().axis || (unit ? `${name}, ${unit}` : name);

const changesIn = ({ work, machine, points }) =>
  measureName() !== "speed" ? [] : data.changes.filter((change) =>
    change.order === order() && change.work === work && change.machine === machine &&
    points.some(({ run, row }) => run.key === change.run && row.adapter === change.adapter) && !state.hide.has(change.adapter));

function changeParts(history) {
  const changes = changesIn(history);
  if (measureName() !== "speed") return [];
  if (!changes.length) return [element("p", {}, "No change of speed is certain.")];
  const rows = changes.map((change) => {
    const run = runOf(change.run);
    const interval = `${factor(change.ratio)} (${factor(change.low)}–${factor(change.high)})`;
    return [
      labelOf(change.adapter), element("td", {}, link(run)), placeOf(run), cell(interval, "number"),
      change.ratio > 1 ? "faster" : "slower", `${change.before} and ${plural(change.after, "run")}, a sample a ${change.sample}`,
    ];
  });
  return [table("changes", "Changes of speed", ["Adapter", "From run", order(), "Speed, × before", "Finding", "Before and after"], rows)];
}

const placeOf = (run) => (order() === "date" ? run.date.slice(0, 16) : run.versions[order()]);

function pointTable({ points }, runs) {
  const adapters = data.adapters.map(({ name }) => name).filter((name) => points.some(({ row }) => row.adapter === name));
  const rows = runs.map((run) => {
    const own = points.filter((point) => point.run === run);
    const values = adapters.map((name) => own.find(({ row }) => row.adapter === name)?.row[measureName()]);
    return [
      element("td", {}, link(run, own[0].row.task)), placeOf(run),
      ...values.map((value) => cell(value ? withInterval(value, measure().show) : "–", "number")), element("td", {}, raw(run)),
    ];
  });
  return table("points", "All runs", ["Run", order(), ...adapters.map(labelOf), "Raw data"], rows);
}
