// The figure that sums up a run: times in multiples of the baseline's, a line for each task and adapter.

/** Lines from the top: a task's name, then its adapters. */
function timesLines() {
  return data.tasks.flatMap(({ name }) => [
    { task: name },
    ...data.rows.filter((row) => row.task === name).map((row) => ({ row, times: timesOf(row) })),
  ]);
}

function timesTraces() {
  const shown = timesLines().map((line, place) => ({ ...line, place })).filter(({ times }) => times);
  return shown.map(({ row, times, place }) => {
    const style = styleOf(row.adapter);
    const color = inked(style.colour);
    const known = times.low !== null;
    return {
      type: "scatter",
      mode: "markers+text",
      x: [times.median],
      y: [place],
      marker: { color, size: 10, symbol: MARKERS[style.marker] },
      error_x: {
        visible: known, type: "data", symmetric: false, color, thickness: 2, width: 5,
        array: [known ? times.high - times.median : 0], arrayminus: [known ? times.median - times.low : 0],
      },
      text: [`  ${times.text.split(" ")[0]}`],
      textposition: "middle right",
      cliponaxis: false,
      meta: [literal(`${labelOf(row.adapter)} on ${row.task}`), literal(times.text), literal(times.finding)],
      hovertemplate: "<b>%{meta[0]}</b><br>time × %{meta[1]}<br>%{meta[2]}<extra></extra>",
    };
  });
}

const baselinesOwn = () => (chosenBaseline() ? `${labelOf(chosenBaseline())}'s` : "the fastest's");

const timesCaption = () =>
  `Time for the same work on every task, in multiples of ${baselinesOwn()}, with the 95 % interval`;

function timesLayout() {
  const lines = timesLines();
  const medians = lines.filter(({ times }) => times).map(({ times }) => times.median);
  const low = Math.log10(Math.min(1, ...medians));
  const high = Math.log10(Math.max(1.1, ...medians));
  const names = lines.map(({ task, row, times }) =>
    task !== undefined ? `<b>${literal(task)}</b>` : literal(labelOf(row.adapter)) + (times ? "" : " –"),
  );
  return {
    height: 90 + 22 * lines.length,
    xaxis: {
      ...axis({ label: `time, × ${baselinesOwn()}`, logarithmic: true }),
      range: [low - 0.06 * (high - low) - 0.03, high + 0.16 * (high - low) + 0.03],
    },
    yaxis: {
      tickvals: lines.map((_, place) => place), ticktext: names, range: [lines.length - 0.4, -0.6],
      automargin: true, showgrid: false, zeroline: false, fixedrange: true,
    },
    shapes: [{
      type: "line", yref: "paper", x0: 1, x1: 1, y0: 0, y1: 1, layer: "below",
      line: { color: colour("--edge"), width: 1 },
    }],
  };
}
