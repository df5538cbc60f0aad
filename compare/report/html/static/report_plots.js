// The figures of a report: curves, confusion matrices, and the one that sums up the run.

const SUMMARY = "summary";

const KINDS = {
  curves: { traces: curveTraces, layout: curveLayout, controls: addChoices },
  confusion: { traces: confusionTraces, layout: confusionLayout, controls: addChoices },
  times: { traces: timesTraces, layout: timesLayout, controls: addBaselines, caption: timesCaption },
};

const plotOf = async (name) =>
  name === SUMMARY ? { kind: "times", views: [{}] } : (await packedJson("plots"))[name];

function addBaselines({ figure }) {
  figure.querySelector(".drawing").before(baselineChoices());
  showBaseline();
}
