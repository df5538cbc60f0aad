// Tables that sort and filter; how is in the address, under the table's name.

const FEWEST_TO_FILTER = 6;

const tables = [];

function enhanceTables(page) {
  page.querySelectorAll("table").forEach((table, place) => {
    const name = table.dataset.table || `${page.id.split("=")[1]}-${place + 1}`;
    const rows = [...table.tBodies[0].rows];
    repeatFirstCells(rows);
    const shown = element("span", { class: "count" });
    const known = { page, table, name, rows, shown, filter: null };
    if (rows.length > 1) headers(known).forEach((header) => addSorting(known, header));
    const tools = element("div", { class: "tools" });
    if (rows.length >= FEWEST_TO_FILTER) tools.append(addFilter(known), shown);
    if (table.dataset.csv) {
      const label = `Download this table as ${table.dataset.csv.split("/").pop()}`;
      tools.append(button("CSV", () => download(table.dataset.csv), { "aria-label": label, title: label }));
    }
    table.parentElement.tabIndex = 0;
    table.parentElement.setAttribute("role", "region");
    table.parentElement.setAttribute("aria-label", `Table ${name}`);
    table.parentElement.before(tools);
    tables.push(known);
  });
}

const headers = ({ table }) => [...table.tHead.rows[0].cells];

/** A first cell that is empty stands for the one above it; it is seen once rows have another order. */
function repeatFirstCells(rows) {
  let above = null;
  for (const row of rows) {
    const cell = row.cells[0];
    if (cell.textContent.trim() || !above) {
      above = cell;
      continue;
    }
    cell.append(...[...above.childNodes].map((node) => node.cloneNode(true)));
    cell.classList.add("repeated");
  }
}

function addSorting(known, header) {
  header.dataset.key ??= String(header.cellIndex);
  header.scope = "col";
  const sort = button("", () => {
    const [key, descending] = sorting(known);
    const value = key !== header.dataset.key ? header.dataset.key : descending ? "" : `${key}-`;
    go({ sort: withEntry(state.sort, known.name, value) });
  }, { class: "sort" });
  sort.append(...header.childNodes);
  header.append(sort);
}

function addFilter(known) {
  known.filter = element("input", {
    type: "search",
    placeholder: "Filter rows",
    "aria-label": `Filter the rows of table ${known.name}`,
    oninput: () =>
      go({ filter: withEntry(state.filter, known.name, known.filter.value) }, { replace: true }),
  });
  return known.filter;
}

/** The column by which a table is sorted, by its key, and whether from the largest down. */
function sorting({ name }) {
  const value = state.sort.get(name) ?? "";
  return [value.replace(/-$/, ""), value.endsWith("-")];
}

function showTables() {
  for (const known of tables) {
    sortTable(known);
    filterTable(known);
  }
}

function sortTable(known) {
  const [key, descending] = sorting(known);
  const column = headers(known).findIndex((header) => header.dataset.key === key);
  for (const header of headers(known)) {
    if (header.dataset.key === undefined) continue;
    if (header.dataset.key === key) header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    else header.removeAttribute("aria-sort");
  }
  const order = [...known.rows];
  if (column >= 0) {
    const values = new Map(order.map((row) => [row, sortValue(row.cells[column])]));
    order.sort((a, b) => compareValues(values.get(a), values.get(b), descending));
  }
  known.table.classList.toggle("sorted", column >= 0);
  if (order.some((row, place) => row !== known.table.tBodies[0].rows[place])) {
    known.table.tBodies[0].append(...order);
  }
}

/** A number where a cell begins with one, null where it has nothing, else its text. */
function sortValue(cell) {
  const text = (cell.dataset.value ?? cell.textContent).trim().replace(/^<\s*/, "");
  if (text === "" || text === "–") return null;
  const start = text.replace(/−/g, "-").match(/^[+-]?(\d[\d,]*)?\.?\d+(e[+-]?\d+)?/i);
  return start ? Number(start[0].replace(/,/g, "")) : text.toLowerCase();
}

/** What is missing comes last, whichever way. */
function compareValues(a, b, descending) {
  if (a === null || b === null) return (a === null) - (b === null);
  const numbers = typeof a === "number" && typeof b === "number";
  const order = numbers ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
  return descending ? -order : order;
}

function filterTable({ name, rows, filter, shown }) {
  const wanted = filter ? (state.filter.get(name) ?? "") : "";
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  if (filter && filter.value !== wanted) filter.value = wanted;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !(isTaken(row) && words.every((word) => text.includes(word)));
  }
  const left = rows.filter((row) => !row.hidden).length;
  shown.textContent = left < rows.length ? `${left} of ${rows.length} rows` : "";
}
