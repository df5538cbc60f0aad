// What is shown, kept in the address alone: a change goes there, and what the address says is then shown.
//
// #task=sine-lstm&baseline=torch&sort.speeds=rate-&filter.speeds=jax&hide=numpy&hide-seed=1&view.x=seconds

const LISTED = { hide: "hide", "hide-seed": "hideSeed" };
const BY_NAME = ["sort", "filter", "view", "zoom"];

let state = read("");

function read(hash) {
  const found = { page: "page=report", at: "", baseline: data.baseline, row: "" };
  for (const name of Object.values(LISTED)) found[name] = new Set();
  for (const name of BY_NAME) found[name] = new Map();
  for (const [key, value] of new URLSearchParams(hash.replace(/^#/, ""))) {
    const dot = key.indexOf(".");
    const [kind, name] = dot < 0 ? [key, ""] : [key.slice(0, dot), key.slice(dot + 1)];
    if (kind === "page" || kind === "task") found.page = `${kind}=${value}`;
    else if (["at", "baseline", "row"].includes(kind)) found[kind] = value;
    else if (Object.hasOwn(LISTED, kind)) found[LISTED[kind]].add(value);
    else if (BY_NAME.includes(kind) && name) found[kind].set(name, value);
  }
  return found;
}

function written(wanted) {
  const [kind, page] = wanted.page.split("=");
  const entries = [[kind, page]];
  if (wanted.at) entries.push(["at", wanted.at]);
  if (wanted.baseline !== data.baseline) entries.push(["baseline", wanted.baseline]);
  for (const [key, name] of Object.entries(LISTED)) {
    for (const value of wanted[name]) entries.push([key, value]);
  }
  for (const kind of BY_NAME) {
    for (const [name, value] of wanted[kind]) if (value) entries.push([`${kind}.${name}`, value]);
  }
  if (wanted.row) entries.push(["row", wanted.row]);
  return `#${new URLSearchParams(entries)}`;
}

/** Change what is shown; a step that "back" undoes, unless it replaces the one before. */
function go(changes, { replace = false } = {}) {
  const address = written({ ...state, ...changes });
  if (replace) location.replace(address);
  else location.hash = address;
}

const withEntry = (map, key, value) => new Map(map).set(key, value);

function toggled(set, value) {
  const changed = new Set(set);
  if (!changed.delete(value)) changed.add(value);
  return changed;
}
