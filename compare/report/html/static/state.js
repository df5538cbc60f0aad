// What is shown, kept in the address alone: a change goes there, and what the address says is then shown.

let state = read("");

function read(hash) {
  const found = { page: FIRST_PAGE, ...SINGLE };
  for (const name of Object.values(LISTED)) found[name] = new Set();
  for (const name of BY_NAME) found[name] = new Map();
  for (const [key, value] of new URLSearchParams(hash.replace(/^#/, ""))) {
    const dot = key.indexOf(".");
    const [kind, name] = dot < 0 ? [key, ""] : [key.slice(0, dot), key.slice(dot + 1)];
    if (PAGE_KINDS.includes(kind)) found.page = `${kind}=${value}`;
    else if (Object.hasOwn(SINGLE, kind)) found[kind] = value;
    else if (Object.hasOwn(LISTED, kind)) found[LISTED[kind]].add(value);
    else if (BY_NAME.includes(kind) && name) found[kind].set(name, value);
  }
  return found;
}

function written(wanted) {
  const [kind, page] = wanted.page.split("=");
  const entries = [[kind, page]];
  for (const [key, usual] of Object.entries(SINGLE)) {
    if (wanted[key] !== usual) entries.push([key, wanted[key]]);
  }
  for (const [key, name] of Object.entries(LISTED)) {
    for (const value of wanted[name]) entries.push([key, value]);
  }
  for (const kind of BY_NAME) {
    for (const [name, value] of wanted[kind]) if (value) entries.push([`${kind}.${name}`, value]);
  }
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
