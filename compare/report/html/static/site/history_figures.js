// A history as Plotly draws it: a line with intervals for each adapter, a ring where its speed changed.

const WIDTH = 0.8;

function historyTraces({ name }) {
  const history = shownHistories.get(name);
  const changes = changesIn(history);
  const shown = data.adapters.filter(({ name: adapter }) => !state.hide.has(adapter));
  const places = placesOf(history.points.map(({ run }) => run));
  return shown.flatMap((style) => {
    const points = history.points.filter(({ row }) => row.adapter === style.name);
    points.sort((a, b) => (places.get(a.run) < places.get(b.run) ? -1 : 1));
    return points.length ? [line(style, points, places), marks(style, points, places, changes)] : [];
  });
}

/** Where each run stands: at its date, or around the number of its version, side by side with others of it. */
function placesOf(runs) {
  if (order() === "date") return new Map(runs.map((run) => [run, run.date]));
  return new Map(data.orders[order()].flatMap((version, at) => {
    const own = distinct(runs.filter((run) => run.versions[order()] === version));
    return own.map((run, place) => [run, at + WIDTH * ((place + 0.5) / own.length - 0.5)]);
  }));
}

function line(style, points, places) {
  const color = inked(style.colour);
  const values = points.map(({ row }) => row[measureName()]);
  const far = (end) => values.map((value) => (value.low === null ? 0 : Math.abs(value[end] - value.middle)));
  return {
    type: "scatter",
    mode: "lines+markers",
    x: points.map(({ run }) => places.get(run)),
    y: values.map(({ middle }) => middle),
    line: { color, width: 1.2, dash: DASHES[style.place % 4] },
    marker: { color, size: 6, symbol: MARKERS[style.marker] },
    error_y: { type: "data", symmetric: false, array: far("high"), arrayminus: far("low"), color, thickness: 1, width: 2 },
    meta: [literal(labelOf(style.name))],
    customdata: points.map(({ run, row }, at) => [literal(run.name), literal(withInterval(values[at], measure().show)), reportOf(run, row.task), literal(placeOf(run))]),
    hovertemplate: "<b>%{meta[0]}</b>, %{customdata[0]}<br>%{customdata[3]}<br>%{customdata[1]}<extra></extra>",
  };
}

/** A ring around the first run after each change of an adapter. */
function marks(style, points, places, changes) {
  const own = points.flatMap(({ run, row }) => {
    const change = changes.find((each) => each.run === run.key && each.adapter === style.name);
    return change ? [{ run, row, change }] : [];
  });
  return {
    type: "scatter",
    mode: "markers",
    x: own.map(({ run }) => places.get(run)),
    y: own.map(({ row }) => row.speed.middle),
    marker: { symbol: "circle-open", size: 18, color: colour("--alert"), line: { width: 2.5 } },
    meta: [literal(labelOf(style.name))],
    customdata: own.map(({ run, row, change }) => [
      literal(run.name), `${factor(change.ratio)} (${factor(change.low)}–${factor(change.high)})`, reportOf(run, row.task),
    ]),
    hovertemplate: "<b>%{meta[0]}: a change</b> with %{customdata[0]}<br>speed, × before: %{customdata[1]}<extra></extra>",
  };
}

function historyLayout({ name }) {
  const versions = data.orders[order()];
  const x = order() === "date" ? { type: "date" } : {
    type: "linear", title: { text: literal(order()) }, tickvals: versions.map((_, at) => at), ticktext: versions.map(literal),
  };
  return {
    height: 380,
    xaxis: { automargin: true, gridcolor: colour("--line"), zeroline: false, ...x },
    yaxis: axis({ label: measureOf(data.works[shownHistories.get(name).work]), logarithmic: measure().logarithmic }),
  };
}

const KINDS = {
  history: { traces: historyTraces, layout: historyLayout, controls: openOnClick, caption: historyCaption },
};

const plotOf = async (name) => ({ kind: "history", views: [{ name }] });

/** A click on a point opens the report of its run, at the task. */
function openOnClick({ drawing, figure }) {
  drawing.before(element("p", { class: "hint" }, "A click on a point opens its run's report."));
  whenDrawn(figure, drawing);
}

function whenDrawn(figure, drawing) {
  new MutationObserver((_, observer) => {
    if (!figure.dataset.drawn) return;
    observer.disconnect();
    drawing.on("plotly_click", ({ points }) => location.assign(points[0].customdata[2]));
  }).observe(figure, { attributes: true });
}
