// What `python -m compare diff` says of two runs, from what the site keeps of each: see run_diff.py and significance.py.

const SPEED = "sequences/s";
const FEWEST = 3;

function changesBetween(before, after) {
  const first = rowsByTask(before);
  const second = rowsByTask(after);
  return distinct([...first.keys(), ...second.keys()]).flatMap((task) => {
    const [old, recent] = [first.get(task) ?? new Map(), second.get(task) ?? new Map()];
    const shared = [...old.keys()].filter((adapter) => recent.has(adapter));
    const sound = shared.filter((adapter) => isSound(old.get(adapter), recent.get(adapter)));
    const blocks = blockChanges(sound, old, recent);
    return distinct([...old.keys(), ...recent.keys()]).flatMap((adapter) =>
      rowChanges(old.get(adapter), recent.get(adapter), blocks).map((change) => ({ task, adapter, ...change })),
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

function rowChanges(before, after, blocks) {
  const all = { measure: "all", row: after ?? before };
  if (!before || !after) {
    return [{ ...all, finding: "not comparable", reason: `only in the ${before ? "first" : "second"} run` }];
  }
  if (!before.ok || !after.ok) {
    const finding = before.ok ? "fails now" : after.ok ? "works now" : "not comparable";
    return [{ ...all, finding, reason: (after.ok ? before : after).reason }];
  }
  const other = otherWork(data.works[before.work], data.works[after.work]);
  const epochs = before.epochs === after.epochs ? "" : `${before.epochs} and ${after.epochs} epochs`;
  return [
    speedChange(before, after, blocks),
    ...data.works[after.work].metrics.map((metric) => metricChange(metric, before, after, other || epochs)),
  ];
}

const isSound = (before, after) => before.ok && after.ok && !obstacle(before, after);

/** Why two speeds cannot be compared; empty where they can. */
function obstacle(before, after) {
  const machine = otherMachine(data.machines[before.machine].facts, data.machines[after.machine].facts);
  const few = Math.min(before.rounds, after.rounds) < 2 ? "fewer than two rounds" : "";
  return otherWork(data.works[before.work], data.works[after.work]) || before.obstacle || after.obstacle || machine || few;
}

function otherWork(before, after) {
  if (before.dataset !== after.dataset) return `other data: ${before.dataset} and ${after.dataset}`;
  const names = Object.keys(before.fields).filter((name) => before.fields[name] !== after.fields[name]);
  return names.length ? `other ${names.join(" and ")}` : "";
}

const otherMachine = (before, after) =>
  Object.keys(before).filter((name) => before[name] !== after[name])
    .map((name) => `other ${name}: ${before[name] ?? "None"} and ${after[name] ?? "None"}`).join("; ");

function speedChange(before, after, blocks) {
  const shared = { measure: SPEED, row: after, before: before.rate, after: after.rate };
  const reason = obstacle(before, after);
  if (reason) return { ...shared, finding: "not comparable", reason };
  if (blocks) {
    const own = blocks.own.get(after.adapter);
    const finding = findingInBlocks(own, blocks.machine);
    const alone = finding === "cannot tell" && speedFinding(own) === "no change";
    return { ...shared, finding, ratio: ofSpeeds(own), reason: alone ? "against the others, no change" : "" };
  }
  const kind = ["seeds", "processes"].find((each) => Math.min(count(before[each]), count(after[each])) >= FEWEST);
  if (!kind) return { ...shared, finding: "cannot tell", reason: "fewer than three processes" };
  const times = ratioOfTimes(Object.values(before[kind]), Object.values(after[kind]));
  return { ...shared, finding: speedFinding(times), ratio: ofSpeeds(times) };
}

const count = (blocks) => Object.keys(blocks).length;

/** From times to speeds, the second in multiples of the first. */
const ofSpeeds = ({ middle, low, high }) => ({ middle: 1 / middle, low: 1 / high, high: 1 / low });

function speedFinding({ low, high }) {
  const [least, most] = [1 / (1 + data.threshold), 1 + data.threshold];
  if (low > most) return "slower";
  if (high < least) return "faster";
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
  const sure = seeds.length === 1 ? Math.abs(middle) > 2 * noise : Math.abs(middle) > halfWidth(differences);
  return { ...change, finding: !sure ? "cannot tell" : middle > 0 ? "less accurate" : "more accurate" };
}

function halfWidth(values) {
  const error = Math.sqrt(variance(values) / values.length);
  return error > 0 ? student(values.length - 1) * error : 0;
}
