// Any adapter as the baseline: ratios were computed for each of them, and are only chosen here.

const baselineGroups = [];

function baselineChoices() {
  const fastest = { label: "the fastest of each task", value: "" };
  const choices = [fastest, ...data.baselines.map((name) => ({ label: labelOf(name), value: name }))];
  const group = choiceGroup("Baseline", choices, (baseline) => go({ baseline }));
  baselineGroups.push(group);
  return group;
}

/** An adapter that is none, as in an address of another run, stands for the fastest. */
const chosenBaseline = () => (data.baselines.includes(state.baseline) ? state.baseline : "");

function timesOf(row) {
  const baseline = chosenBaseline();
  if (!baseline) return row.fastest;
  return Object.hasOwn(row.times, baseline) ? row.times[baseline] : null;
}

function showBaseline() {
  const baseline = chosenBaseline();
  for (const group of baselineGroups) press(group, (value) => value === baseline);
  for (const table of document.querySelectorAll("table.speeds")) {
    table.querySelector(".baseline").textContent = baseline ? labelOf(baseline) : "fastest";
    for (const line of table.tBodies[0].rows) {
      const row = data.rows[line.dataset.row];
      const times = timesOf(row);
      const cell = line.querySelector(".time");
      cell.textContent = times?.text ?? "–";
      cell.dataset.value = times?.median ?? "";
      line.querySelector(".finding").textContent = times?.finding ?? "–";
      line.classList.toggle("chosen", row.adapter === baseline);
    }
  }
}
