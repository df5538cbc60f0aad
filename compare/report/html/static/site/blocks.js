// How times changed inside blocks: what all adapters share is the machine's; see block_changes.py.

/** By adapter its own change beyond the machine's, and that; null where this cannot be told. */
function blockChanges(adapters, before, after) {
  const kind = adapters.length < 2 ? undefined : ["seeds", "processes"].find((each) =>
    [before, after].every((rows) => blocksOf(adapters, rows, each)[0].length >= FEWEST));
  if (!kind) return null;
  const [earlier, later] = [before, after].map((rows) => blocksOf(adapters, rows, kind));
  const levels = earlier.map(mean);
  const [first, second] = [earlier, later].map((times) => times.map((own, at) => own.map((time) => time - levels[at])));
  const own = new Map(adapters.map((adapter, at) => {
    const [old, recent] = others(first, second, at);
    return [adapter, ratioOfTimes(minus(first[at], old), minus(second[at], recent))];
  }));
  if ([...own.values()].some(({ high }) => high < 1 / (1 + data.threshold))) return null;
  return { own, machine: ratioOfTimes(medians(first), medians(second)) };
}

/** Each adapter's logarithms for the blocks that all of them have. */
function blocksOf(adapters, rows, kind) {
  const times = adapters.map((adapter) => rows.get(adapter)[kind]);
  const shared = Object.keys(times[0]).filter((block) => times.every((each) => Object.hasOwn(each, block)));
  return times.map((each) => shared.map((block) => each[block]));
}

/** What the other adapters took in each block of both runs: the median, or of two the less changed. */
function others(first, second, at) {
  let rest = [first, second].map((times) => times.filter((_, place) => place !== at));
  if (rest[0].length === 2) {
    const changes = [0, 1].map((place) => Math.abs(mean(rest[1][place]) - mean(rest[0][place])));
    rest = rest.map((times) => [times[changes[0] <= changes[1] ? 0 : 1]]);
  }
  return rest.map(medians);
}

const minus = (times, other) => times.map((time, block) => time - other[block]);

/** The median over adapters, block by block. */
const medians = (times) => times[0].map((_, block) => middleOf(times.map((own) => own[block])));

function middleOf(values) {
  const ordered = [...values].sort((a, b) => a - b);
  const half = (ordered.length - 1) / 2;
  return (ordered[Math.floor(half)] + ordered[Math.ceil(half)]) / 2;
}

/** Times after in multiples of those before, with the 95 % interval by Welch's t on logarithms. */
function ratioOfTimes(before, after) {
  const middle = mean(after) - mean(before);
  const [a, b] = [before, after].map((times) => variance(times) / times.length);
  const freedom = (a + b) ** 2 / ((a * a) / (before.length - 1) + (b * b) / (after.length - 1));
  const half = a + b > 0 ? student(freedom) * Math.sqrt(a + b) : 0;
  return { middle: Math.exp(middle), low: Math.exp(middle - half), high: Math.exp(middle + half) };
}

function variance(values) {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/** What an adapter's own change means, beside what all have in common. */
function findingInBlocks(own, machine) {
  const [found, shared] = [own, machine].map(speedFinding);
  if (found === "slower" || shared === "no change") return found;
  return { slower: "slower machine", faster: "faster machine" }[shared] ?? "cannot tell";
}
