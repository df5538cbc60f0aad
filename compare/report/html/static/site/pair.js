// Two runs, chosen here or ticked in the list, and what differs between them.

const pairInputs = {};
const BAD = ["slower", "less accurate", "fails now"];

function addPair(place) {
  const options = [["", "choose a run"], ...[...data.runs].reverse().map((run) => [run.key, `${run.name}, ${run.date.slice(0, 16)}`])];
  for (const [key, label] of [["first", "Before"], ["second", "After"]]) {
    const { input, field } = choice(label, options, (value) => go({ [key]: value }));
    pairInputs[key] = input;
    place.append(field);
  }
  place.append(button("Swap", () => go({ first: state.second, second: state.first })));
}

function showPair() {
  for (const [key, input] of Object.entries(pairInputs)) input.value = runOf(state[key]) ? state[key] : "";
  const [before, after] = [runOf(state.first), runOf(state.second)];
  const place = document.querySelector(".comparison");
  if (before && after) {
    place.replaceChildren(...comparison(before, after));
    tell(place.firstElementChild.textContent);
  } else place.replaceChildren(element("p", {}, "Choose two runs, or tick them in the list of runs."));
}

function comparison(before, after) {
  const changes = changesBetween(before, after);
  const counts = distinct(changes.map(({ finding }) => finding))
    .map((finding) => `${changes.filter((change) => change.finding === finding).length} ${finding}`);
  return [
    element("p", {}, link(after), " against ", link(before), `: ${counts.join(", ") || "nothing to compare"} (from ${100 * data.threshold} % on).`),
    ...(changes.length ? [differenceTable(before, after, changes)] : []),
    element("p", {}, "Change: the second speed in multiples of the first, with its 95 % interval."),
    ...remarks(before, after, changes),
    element("p", {}, "Raw data: ", raw(before), ", ", raw(after), "."),
  ];
}

const link = (run, task = "") => element("a", { href: reportOf(run, task) }, run.name);
const raw = (run) => element("a", { href: rawOf(run), "aria-label": `results.json of ${run.name}` }, "results.json");

function differenceTable(before, after, changes) {
  const body = changes.map((change) => {
    const { task, adapter, measure, finding, ratio, reason } = change;
    const bad = BAD.includes(finding);
    return [
      task, labelOf(adapter), measure,
      element("td", {}, bad ? element("strong", {}, finding) : finding, reason ? `: ${reason}` : ""),
      cell(ratio ? `${factor(ratio.middle)} (${factor(ratio.low)}–${factor(ratio.high)})` : "–", "number"),
      cell(number(change.before, digits(change)), "number"), cell(number(change.after, digits(change)), "number"),
    ];
  });
  return table("differences", `${after.name} against ${before.name}`, ["Task", "Adapter", "Figure", "Finding", "Change", "Before", "After"], body);
}

const digits = ({ measure }) => (measure === SPEED ? 3 : 4);
const cell = (text, kind = "") => element("td", { class: kind }, text);

/** A table in a box that scrolls; cells are text or made already. */
function table(name, label, heads, rows) {
  const head = element("tr", {}, ...heads.map((text, at) => element("th", { scope: "col", class: rows[0]?.[at]?.className }, text)));
  const body = rows.map((cells) => element("tr", {}, ...cells.map((each) => (each instanceof Element ? each : cell(each)))));
  const made = element("table", { "data-table": name }, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { class: "box", tabindex: "0", role: "region", "aria-label": label }, made);
}

function remarks(before, after, changes) {
  const names = distinct([...Object.keys(before.versions), ...Object.keys(after.versions)]);
  const changed = names.filter((name) => before.versions[name] !== after.versions[name]);
  const lines = [
    ...["slower", "faster"].flatMap((word) => machineRemark(word, changes)),
    ...changed.map((name) => `${name}: ${before.versions[name] ?? "absent"} before, ${after.versions[name] ?? "absent"} after.`),
  ];
  return lines.length ? [element("ul", {}, ...lines.map((line) => element("li", {}, line)))] : [];
}

function machineRemark(word, changes) {
  const tasks = distinct(changes.filter(({ finding }) => finding === `${word} machine`).map(({ task }) => task));
  const why = `all adapters became ${word} by the same factor: the machine did, or what they all share.`;
  return tasks.length ? [`${tasks.join(", ")}: ${why}`] : [];
}

/** A box to tick in each row of the list of runs; a third tick replaces the second. */
function addTicks(page) {
  for (const line of page.querySelectorAll("tr[data-run]")) {
    const { run } = line.dataset;
    const box = element("input", {
      type: "checkbox", "aria-label": `Compare ${runOf(run).name}`, onchange: () => go(ticked(run)),
    });
    line.cells[0].prepend(box, " ");
  }
}

function ticked(run) {
  if (state.first === run) return { first: state.second, second: "" };
  if (state.second === run) return { second: "" };
  return state.first ? { second: run } : { first: run };
}

function showTicks() {
  for (const line of document.querySelectorAll("tr[data-run]")) {
    line.querySelector("input").checked = [state.first, state.second].includes(line.dataset.run);
  }
}
