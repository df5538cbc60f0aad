// What stands behind a row: the command that makes it, its raw data, the code of its adapter.

const dialog = document.getElementById("row");

function addRowButtons(page) {
  for (const line of page.querySelectorAll("tr[data-row]")) {
    nameButton(line.querySelector(".adapter"), line.dataset.row);
  }
  const task = data.tasks.find(({ address }) => address === page.id)?.name;
  for (const table of page.querySelectorAll("table:not(.speeds)")) {
    const column = [...table.tHead.rows[0].cells].findIndex((cell) => cell.textContent.trim() === "Adapter");
    if (task === undefined || column < 0) continue;
    for (const line of table.tBodies[0].rows) {
      const label = line.cells[column].textContent.trim();
      const place = data.rows.findIndex((row) => row.task === task && labelOf(row.adapter) === label);
      if (place >= 0) nameButton(line.cells[column], String(place));
    }
  }
}

function nameButton(cell, place) {
  const { adapter, task } = data.rows[place];
  const title = `Command, raw data and code of ${labelOf(adapter)} on ${task}`;
  cell.replaceChildren(button(labelOf(adapter), () => go({ row: place }), { class: "link", title, "aria-haspopup": "dialog" }));
}

async function showRow() {
  const row = data.rows[state.row === "" ? NaN : Number(state.row)];
  if (!row) {
    if (dialog.open) dialog.close();
    return;
  }
  const sources = (await packedJson("sources"))[row.adapter] ?? {};
  dialog.replaceChildren(
    button("Close", () => dialog.close(), { class: "close" }),
    element("h2", { id: "row-title" }, `${labelOf(row.adapter)} on ${row.task}`),
    element("p", {}, [row.status, row.reason, row.versions, row.dataset].filter(Boolean).join("; "), "."),
    element("h3", {}, "Command"),
    command(row.command),
    element("p", {}, "Its ratios come from rounds together with the other adapters, by the command of the whole run:"),
    command(data.command),
    element("h3", {}, "Raw data"),
    element("p", { class: "tools" }, ...rawData(row)),
    element("h3", {}, "Code of the adapter"),
    ...codeOf(sources),
  );
  if (!dialog.open) dialog.showModal();
}

function command(text) {
  const shown = element("div", { class: "command" }, element("pre", { tabindex: "0" }, text));
  if (navigator.clipboard) {
    shown.append(button("Copy", () => navigator.clipboard.writeText(text).then(() => tell("Copied"), () => tell("Not copied"))));
  }
  return shown;
}

function codeOf(sources) {
  const files = Object.entries(sources);
  if (!files.length) return [element("p", {}, "It belongs to no installed package, and is not in this file.")];
  return files.map(([name, text], place) =>
    element("details", { open: place === 0 }, element("summary", {}, name), element("pre", { tabindex: "0" }, text)),
  );
}

dialog.addEventListener("close", () => {
  if (state.row) go({ row: "" });
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
