// What `python -m compare diff` says of two runs, from what the site keeps of each: see run_diff.py, significance.py.

const SPEED = "sequences/s";

function changesBetween(before, after) {
  const first = rowsByTask(before);
  const second = rowsByTask(after);
  return distinct([...first.keys(), ...second.keys()]).flatMap((task) => {
    const [old, recent] = [first.get(task) ?? new Map(), second.get(task) ?? new Map()];
    return distinct([...old.keys(), ...recent.keys()]).flatMap((adapter) =>
      rowChanges(old.get(adapter), recent.get(adapter)).map((change) => ({ task, adapter, ...change })),
    );
  });
}

function rowsByTask({ rows }) {
  const found = new Map();
  for (const row of rows) {
    if (!found.has(row.task)) found.set(row.task, new Map());
    found.get(row.task).set(row.adapter, row);
  }
  return found;
}

function rowChanges(before, after) {
  const all = { measure: "all", row: after ?? before };
  if (!before || !after) {
    return [{ ...all, finding: "not comparable", reason: `only in the ${before ? "first" : "second"} run` }];
  }
  if (!before.ok || !after.ok) {
    const finding = before.ok ? "fails now" : after.ok ? "works now" : "not comparable";
    return [{ ...all, finding, reason: (after.ok ? before : after).reason }];
  }
  const other = otherWork(data.works[before.work], data.works[after.work]);
  const left = before.departed || after.departed ? "left the reference's losses" : "";
  const machine = otherMachine(data.machines[before.machine].facts, data.machines[after.machine].facts);
  const epochs = before.epochs === after.epochs ? "" : `${before.epochs} and ${after.epochs} epochs`;
  return [
    speedChange(before, after, other || left || machine),
    ...data.works[after.work].metrics.map((metric) => metricChange(metric, before, after, other || epochs)),
  ];
}

function otherWork(before, after) {
  if (before.dataset !== after.dataset) return `other data: ${before.dataset} and ${after.dataset}`;
  const names = Object.keys(before.fields).filter((name) => before.fields[name] !== after.fields[name]);
  return names.length ? `other ${names.join(" and ")}` : "";
}

const otherMachine = (before, after) =>
  Object.keys(before).filter((name) => before[name] !== after[name])
    .map((name) => `other ${name}: ${before[name] ?? "None"} and ${after[name] ?? "None"}`).join("; ");

function speedChange(before, after, obstacle) {
  const shared = { measure: SPEED, row: after, before: before.rate, after: after.rate };
  const samples = ["seeds", "processes"].find((kind) => before[kind] && after[kind]);
  const few = Math.min(before.rounds, after.rounds) < 2 ? "fewer than two rounds" : "";
  if (obstacle || few) return { ...shared, finding: "not comparable", reason: obstacle || few };
  if (!samples) return { ...shared, finding: "cannot tell", reason: "fewer than three processes" };
  const ratio = ratioOfMeans(before[samples], after[samples]);
  return { ...shared, finding: speedFinding(ratio), ratio };
}

/** The second speed in multiples of the first, by Welch's t on the logarithms of times. */
function ratioOfMeans(first, second) {
  const [a, b] = [first, second].map(({ sd, count }) => (sd * sd) / count);
  const middle = first.mean - second.mean;
  const freedom = (a + b) ** 2 / ((a * a) / (first.count - 1) + (b * b) / (second.count - 1));
  const half = a + b > 0 ? student(freedom) * Math.sqrt(a + b) : 0;
  return { middle: Math.exp(middle), low: Math.exp(middle - half), high: Math.exp(middle + half) };
}

function speedFinding({ low, high }) {
  const [least, most] = [1 / (1 + data.threshold), 1 + data.threshold];
  if (high < least) return "slower";
  if (low > most) return "faster";
  return least <= low && high <= most ? "no change" : "cannot tell";
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

const errorOf = ({ better, unit }) => (value) => (better === "lower" ? value : unit === "%" ? 100 - value : -value);

function metricChange(metric, before, after, obstacle) {
  const [first, second] = [before, after].map(({ results }) => results[metric.name] ?? {});
  const seeds = Object.keys(first).filter((seed) => Object.hasOwn(second, seed));
  const change = {
    measure: metric.unit ? `${metric.name}, ${metric.unit}` : metric.name,
    row: after,
    before: seeds.length ? mean(seeds.map((seed) => first[seed])) : null,
    after: seeds.length ? mean(seeds.map((seed) => second[seed])) : null,
  };
  const reason = obstacle || (seeds.length ? "" : "no seed in both");
  if (reason) return { ...change, finding: "not comparable", reason };
  const error = errorOf(metric);
  const differences = seeds.map((seed) => error(second[seed]) - error(first[seed]));
  const middle = mean(differences);
  if (Math.abs(middle) <= data.threshold * Math.abs(mean(seeds.map((seed) => error(first[seed]))))) {
    return { ...change, finding: "no change" };
  }
  const noise = before.noise[metric.name] ?? Infinity;
  const sure = seeds.length === 1 ? Math.abs(middle) > 2 * noise : Math.abs(middle) > halfWidth(differences, middle);
  return { ...change, finding: !sure ? "cannot tell" : middle > 0 ? "less accurate" : "more accurate" };
}

function halfWidth(values, middle) {
  const sum = values.reduce((total, value) => total + (value - middle) ** 2, 0);
  const error = Math.sqrt(sum / (values.length - 1) / values.length);
  return error > 0 ? student(values.length - 1) * error : 0;
}
