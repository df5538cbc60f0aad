// From what a figure shows to what Plotly draws. Names are text: its own markup is taken out of them.

const DASHES = ["solid", "dash", "dot", "dashdot"];
const MARKERS = { o: "circle", s: "square", "^": "triangle-up", D: "diamond", v: "triangle-down", P: "cross", X: "x" };
const ERRORS = [[0, "#ffeda0"], [0.5, "#fd8d3c"], [1, "#b10026"]];

const literal = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const styleOf = (adapter) => data.adapters.find(({ name }) => name === adapter);

function curveTraces(view) {
  const hasMedian = view.lines.some(({ role }) => role === "median");
  return view.lines.filter(isOn).map((line) => {
    const style = line.adapter && styleOf(line.adapter);
    return {
      type: "scatter",
      x: line.x,
      y: line.y,
      ...(style ? adapterLook(line, style, hasMedian) : actualLook()),
      meta: [literal(lineName(line)), literal(view.x.label), literal(view.y.label)],
      hovertemplate: `<b>%{meta[0]}</b><br>%{meta[1]}: ${view.x.dates ? "%{x}" : "%{x:.6~g}"}<br>%{meta[2]}: %{y:.5~g}<extra></extra>`,
    };
  });
}

function lineName({ role, adapter, seed }) {
  if (!adapter) return "actual";
  const which = { median: ", median", largest: ", largest so far" }[role] ?? (seed == null ? "" : `, seed ${seed}`);
  return labelOf(adapter) + which;
}

const actualLook = () => ({ mode: "lines", line: { color: colour("--edge"), width: 9 } });

/** A seed's line is thin where there is a median, or where it has too many points for marks. */
function adapterLook({ role, seed, x }, style, hasMedian) {
  const color = inked(style.colour);
  const wide = Math.min(style.width, 4);
  const thin = role === "seed" && (hasMedian || x.length > 100);
  if (role === "seed" && seed == null) return { mode: "markers", marker: { color, size: 3 }, opacity: 0.5 };
  if (thin) return { mode: "lines", line: { color, width: 1 }, opacity: 0.3 };
  const line = { color, width: wide, dash: DASHES[style.place % 4] };
  const marker = { color, size: 6, symbol: MARKERS[style.marker], maxdisplayed: 12 };
  return { mode: "lines+markers", line, marker, opacity: role === "seed" ? 0.8 : 1 };
}

const axis = ({ label, logarithmic, dates }) => ({
  title: { text: literal(label), standoff: 8 },
  type: dates ? "date" : logarithmic ? "log" : "linear",
  automargin: true,
  gridcolor: colour("--line"),
  zeroline: false,
  tickformat: logarithmic ? "~g" : "",
});

function curveLayout(view) {
  const level = view.level;
  const line = { color: colour("--alert"), width: 1.5 };
  const shapes = level ? [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: level.value, y1: level.value, line }] : [];
  const annotations = level
    ? [{
        text: literal(level.label), xref: "paper", x: 1, xanchor: "right", yanchor: "bottom", showarrow: false,
        y: view.y.logarithmic ? Math.log10(level.value) : level.value, font: { color: colour("--alert") },
      }]
    : [];
  return { height: 420, xaxis: axis(view.x), yaxis: axis(view.y), shapes, annotations };
}

function confusionTraces(matrix) {
  const own = (at) => matrix.counts.map((row, r) => row.map((count, c) => at(count, r === c)));
  const shared = { type: "heatmap", x: matrix.labels.map(literal), y: matrix.labels.map(literal), xgap: 1, ygap: 1 };
  const hovertemplate = "true class %{y}<br>taken for %{x}<br>%{text} times<extra></extra>";
  const text = own((count) => (count ? String(count) : ""));
  return [
    { ...shared, z: own((count, right) => (right || !count ? null : count)), colorscale: ERRORS, text, hovertemplate,
      texttemplate: "%{text}", colorbar: { title: { text: "errors" }, thickness: 12 } },
    { ...shared, z: own((_, right) => (right ? 1 : null)), showscale: false, text, hovertemplate,
      colorscale: [[0, colour("--edge")], [1, colour("--edge")]], texttemplate: "%{text}" },
  ];
}

const confusionLayout = () => ({
  height: 520,
  xaxis: { title: { text: "taken for" }, type: "category", automargin: true, constrain: "domain" },
  yaxis: { title: { text: "true class" }, type: "category", autorange: "reversed", automargin: true },
});
