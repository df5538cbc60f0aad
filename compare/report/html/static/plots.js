// Figures that zoom and show values, drawn when their page is shown; Plotly is loaded for the first of them.

const CONFIG = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };

const figures = new Map();

async function figureOf(place) {
  if (!figures.has(place)) {
    const name = place.dataset.plot;
    const plot = await plotOf(name);
    const known = { figure: place, name, plot, groups: [] };
    figures.set(place, known);
    const drawing = element("div", { class: "drawing" });
    place.replaceChildren(drawing, element("figcaption", {}, place.getAttribute("aria-label")));
    known.drawing = drawing;
    KINDS[plot.kind].controls(known);
  }
  return figures.get(place);
}

/** Draw every figure of a page anew, as the address says. */
async function showPlots(page) {
  for (const place of page.querySelectorAll("figure[data-plot]")) {
    const known = await figureOf(place);
    showControls(known);
    const Plotly = await plotly();
    if (page.hidden) return;
    const first = !known.drawing.classList.contains("js-plotly-plot");
    const [traces, layout] = drawn(known);
    known.drawing.style.height = `${layout.height}px`;
    await Plotly.react(known.drawing, traces, layout, CONFIG);
    if (first) known.drawing.on("plotly_relayout", (change) => keepZoom(known, change));
    const caption = KINDS[known.plot.kind].caption?.(known);
    if (caption) {
      place.querySelector("figcaption").textContent = caption;
      place.setAttribute("aria-label", caption);
    }
    place.dataset.drawn = "true";
  }
}

function drawn(known) {
  const view = chosenView(known);
  const { traces, layout } = KINDS[known.plot.kind];
  const own = layout(view);
  const lines = traces(view);
  const zoom = (state.zoom.get(known.name) ?? "").split(",").map(Number);
  if (zoom.length === 4 && zoom.every(Number.isFinite)) {
    own.xaxis.range = zoom.slice(0, 2);
    own.yaxis.range = zoom.slice(2);
  }
  for (const name of ["x", "y"]) {
    const shown = own[`${name}axis`];
    shown.dtick = tickStep(shown, lines.flatMap((line) => line[name]));
  }
  return [
    lines,
    {
      ...own,
      margin: { l: 16, r: 16, t: 28, b: 16 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, color: colour("--text"), size: 12 },
      hoverlabel: { bgcolor: colour("--raised"), bordercolor: colour("--edge"), font: { color: colour("--text") } },
      showlegend: false,
      hovermode: "closest",
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
    },
  ];
}

/** Between the marks of a logarithmic scale: a power of ten, or 1, 2, 5; Plotly's own choice where little is shown. */
function tickStep({ type, range }, values) {
  if (type !== "log") return undefined;
  const shown = values.filter((value) => value > 0).map(Math.log10);
  const [low, high] = range ?? [shown.reduce((a, b) => Math.min(a, b)), shown.reduce((a, b) => Math.max(a, b))];
  return high - low > 2.5 ? 1 : high - low > 0.7 ? "D2" : undefined;
}

/** An end of what an axis shows, as the address keeps it: a date as milliseconds. */
const placeOn = ({ type }, end) =>
  type === "date" ? Date.parse(end.length > 10 ? `${end.replace(" ", "T")}Z` : end) : Number(end).toPrecision(5);

/** What is zoomed into goes into the address; a double click takes it out. */
function keepZoom(known, change) {
  if (!Object.keys(change).some((name) => /^[xy]axis\.(range|autorange)/.test(name))) return;
  const { xaxis, yaxis } = known.drawing.layout;
  const whole = xaxis.autorange && yaxis.autorange !== false;
  const range = [...xaxis.range.map((end) => placeOn(xaxis, end)), ...yaxis.range.map((end) => placeOn(yaxis, end))];
  const zoom = whole ? "" : range.join(",");
  if ((state.zoom.get(known.name) ?? "") !== zoom) go({ zoom: withEntry(state.zoom, known.name, zoom) });
}
