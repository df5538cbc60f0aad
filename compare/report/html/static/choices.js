// What a figure shows: the adapters and seeds that are switched on, and one of its views.

function addChoices(known) {
  const { plot, name } = known;
  const lines = plot.kind === "curves" ? plot.views.flatMap(({ lines }) => lines) : [];
  const drawn = new Set(lines.map(({ adapter }) => adapter).filter(Boolean));
  const adapters = data.adapters.filter(({ name }) => drawn.has(name));
  known.groups = [];
  if (adapters.length) {
    const choices = adapters.map(({ name, label, colour }) => ({ label, value: name, swatch: swatchOf(colour) }));
    const group = choiceGroup("Adapters", choices, (value) => go({ hide: toggled(state.hide, value) }));
    known.groups.push([group, (value) => !state.hide.has(value)]);
  }
  const seeds = [...new Set(lines.map(traceSeed).filter((seed) => seed !== ""))];
  if (seeds.length > 1) {
    const choices = seeds.map((seed) => ({ label: seed, value: seed }));
    const group = choiceGroup("Seeds", choices, (value) => go({ hideSeed: toggled(state.hideSeed, value) }));
    known.groups.push([group, (value) => !state.hideSeed.has(value)]);
  }
  if (plot.views.length > 1) {
    const choices = plot.views.map((view) => ({ label: labelOf(view.name), value: view.name }));
    const changes = (value) => ({ view: withEntry(state.view, name, value), zoom: withEntry(state.zoom, name, "") });
    const group = choiceGroup(plot.kind === "confusion" ? "Adapter" : "View", choices, (value) => go(changes(value)));
    known.groups.push([group, (value) => chosenView(known).name === value]);
  }
  known.figure.querySelector(".drawing").before(...known.groups.map(([group]) => group));
}

/** By what a line is switched on and off beside its adapter: its seed, or that it is the median. */
const traceSeed = ({ role, seed }) => (role === "median" ? "median" : seed == null ? "" : String(seed));

const chosenView = ({ plot, name }) =>
  plot.views.find((view) => view.name === state.view.get(name)) ?? plot.views[0];

const isOn = (line) => !(state.hide.has(line.adapter) || state.hideSeed.has(traceSeed(line)));

function showControls({ groups }) {
  for (const [group, isPressed] of groups) press(group, isPressed);
}
