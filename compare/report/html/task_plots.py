"""The interactive figures of a run, each by the name of the file in whose place it stands."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from compare.analysis.task_summary import TaskSummary
from compare.records.parity import ParityResult
from compare.report.figures.loss import (
    LOGARITHMIC_FROM,
    Curve,
    averaging_window,
    loss_curve,
    loss_label,
    median_curve,
)
from compare.report.figures.metric import metric_curve
from compare.report.figures.parity import LOWEST
from compare.report.figures.predictions import confusion_counts
from compare.report.html.plots import Axis, Level, Line, Matrix, Plot, View, rounded, thinned
from compare.report.tables.table import with_unit
from compare.text import slug
from compare.tolerances import FLOAT32_BAND, FLOAT64_BAND

SECONDS = "seconds of training (warm: the first call is excluded)"


def plots(tasks: Sequence[TaskSummary], proofs: Sequence[ParityResult]) -> dict[str, Plot]:
    """Every figure that can be drawn; a figure that has no line is left out."""
    found = {
        f"{slug(task.record.name)}-{kind}": plot
        for task in tasks
        for kind, plot in _task_plots(task)
        if plot is not None
    }
    for name in dict.fromkeys(proof.task for proof in proofs):
        drawn = [proof for proof in proofs if proof.task == name and proof.losses]
        if drawn:
            found[f"{slug(name)}-lockstep"] = _parity(name, drawn)
    return found


def _task_plots(task: TaskSummary) -> Iterator[tuple[str, Plot | None]]:
    yield "loss", _loss(task)
    yield "progress", _progress(task)
    yield "forecast", _forecast(task)
    yield "confusion", _confusion(task)


def _loss(task: TaskSummary) -> Plot | None:
    """The means over some updates, of each seed and their median over the seeds; and every update."""
    window = averaging_window(task.record)
    middles: dict[str, Curve] = {}
    means: dict[tuple[str, int], Curve] = {}
    raw: dict[tuple[str, int], Curve] = {}
    for summary in task.adapters:
        curves = {run.seed: loss_curve(run) for run in summary.runs if any(e.losses for e in run.epochs)}
        if curves:
            own = {seed: curve.means(window) for seed, curve in curves.items()}
            finished = [own[run.seed] for run in summary.finished if run.seed in own]
            middles[summary.adapter] = median_curve(finished or list(own.values()))
            means |= {(summary.adapter, seed): curve for seed, curve in own.items()}
            raw |= {(summary.adapter, seed): curve for seed, curve in curves.items()}
    if not raw:
        return None
    by_updates, by_seconds = (_loss_lines(means, middles, axis) for axis in ("updates", "seconds"))
    losses = Axis(label=loss_label(task.record), logarithmic=_spans_much(by_updates))
    updates, seconds = Axis(label="updates"), Axis(label=SECONDS, logarithmic=_ends_differ(by_seconds))
    return Plot(
        title=f"{task.record.name}: training loss",
        kind="curves",
        views=[
            View(name="against updates", x=updates, y=losses, lines=by_updates),
            View(name="against seconds", x=seconds, y=losses, lines=by_seconds),
            View(name="every update", x=updates, y=losses, lines=_loss_lines(raw, {}, "updates")),
        ],
    )


def _loss_lines(
    seeds: Mapping[tuple[str, int], Curve], middles: Mapping[str, Curve], axis: Literal["updates", "seconds"]
) -> list[Line]:
    """A line for each adapter and seed, then, to lie above them, one for each adapter's median."""
    lines = []
    for (adapter, seed), curve in seeds.items():
        x, y = thinned(getattr(curve, axis), curve.losses)
        lines.append(Line(role="seed", adapter=adapter, seed=seed, x=x, y=y))
    for adapter, curve in middles.items():
        x, y = thinned(getattr(curve, axis), curve.losses)
        lines.append(Line(role="median", adapter=adapter, x=x, y=y))
    return lines


def _progress(task: TaskSummary) -> Plot | None:
    metric = task.record.metrics[0]
    lines = [
        Line(role="seed", adapter=summary.adapter, seed=run.seed, x=rounded(x), y=rounded(y))
        for summary in task.adapters
        for run in summary.finished
        for x, y in [metric_curve(run, metric)]
        if x
    ]
    if not lines:
        return None
    view = View(
        name="seconds",
        x=Axis(label=SECONDS, logarithmic=_ends_differ(lines)),
        y=Axis(label=with_unit(metric.name, metric.unit), logarithmic=_spans_much(lines)),
        lines=lines,
        level=None
        if metric.target is None
        else Level(label=f"target {metric.target:g}", value=metric.target),
    )
    return Plot(title=f"{task.record.name}: {metric.name} on held-out data", kind="curves", views=[view])


def _forecast(task: TaskSummary) -> Plot | None:
    drawn = [(run, run.forecast) for summary in task.adapters for run in summary.finished if run.forecast]
    if not drawn:
        return None
    first = drawn[0][1]
    x = [1000.0 * each for each in first.x] if first.dates else rounded(first.x)
    lines = [Line(role="actual", x=x, y=rounded(first.actual))]
    for run, forecast in drawn:
        y = rounded(forecast.predicted)
        lines.append(Line(role="seed", adapter=run.adapter, seed=run.seed, x=x, y=y))
    across = Axis(label=first.x_label, dates=first.dates)
    view = View(name=first.kind, x=across, y=Axis(label=first.y_label), lines=lines)
    return Plot(title=f"{task.record.name}: {first.kind} against actual", kind="curves", views=[view])


def _confusion(task: TaskSummary) -> Plot | None:
    matrices = [
        Matrix(
            name=summary.adapter,
            adapter=summary.adapter,
            labels=list(next(run.confusion.labels for run in summary.finished if run.confusion)),
            counts=counts.tolist(),
        )
        for summary in task.adapters
        if (counts := confusion_counts(summary)) is not None
    ]
    if not matrices:
        return None
    title = f"{task.record.name}: confusion matrices, summed over seeds"
    return Plot(title=title, kind="confusion", views=matrices)


def _parity(task: str, proofs: Sequence[ParityResult]) -> Plot:
    views = [
        View(
            name=name,
            x=Axis(label="updates"),
            y=Axis(label=f"difference in the loss, {unit}", logarithmic=True),
            lines=[line for proof in proofs for line in _differences(proof, getattr(proof, losses))],
            level=Level(label=f"band {band:g}", value=band),
        )
        for name, losses, unit, band in (
            ("float64", "losses", "relative", FLOAT64_BAND),
            ("float32", "losses_float32", "in multiples of max(1, loss)", FLOAT32_BAND),
        )
    ]
    title = f"{task}: difference of the losses from those of {proofs[0].reference}"
    return Plot(title=title, kind="curves", views=views)


def _differences(proof: ParityResult, losses: Sequence[float]) -> Iterator[Line]:
    """Each update's, and the largest so far."""
    shown = np.maximum(np.asarray(losses, dtype=float), LOWEST)
    updates = np.arange(1.0, len(shown) + 1)
    x, y = thinned(updates, shown)
    yield Line(role="seed", adapter=proof.adapter, x=x, y=y)
    x, y = thinned(updates, np.maximum.accumulate(shown))
    yield Line(role="largest", adapter=proof.adapter, x=x, y=y)


def _spans_much(lines: Sequence[Line]) -> bool:
    """Whether the values, all above zero, span so much that a logarithmic scale shows them better."""
    values = np.concatenate([line.y for line in lines])
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0 and finite.max() / finite.min() >= LOGARITHMIC_FROM)


def _ends_differ(lines: Sequence[Line]) -> bool:
    """Whether the slowest takes many times as long as the fastest."""
    ends = [line.x[-1] for line in lines if line.x and np.isfinite(line.x[-1])]
    return bool(ends) and min(ends) > 0 and max(ends) / min(ends) >= LOGARITHMIC_FROM
