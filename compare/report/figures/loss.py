"""The loss curves of one task, against updates and against seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.task_summary import TaskSummary
from compare.records.results import TaskRecord
from compare.records.run import Run
from compare.report.figures.style import Style, frame, logarithmic, plain, set_title, title

POINTS = 60
LOGARITHMIC_FROM = 5.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Losses, and where each lies on the two horizontal axes.

    Units: `updates` counted from 1; `seconds` of warm training, NaN before it begins.
    """

    updates: NDArray[np.float64]
    seconds: NDArray[np.float64]
    losses: NDArray[np.float64]

    def means(self, window: int) -> "Curve":
        """The mean of each `window` updates, those that are left over in the last."""
        starts = np.arange(0, max(1, len(self.losses) - len(self.losses) % window), window)
        counts = np.diff(np.append(starts, len(self.losses)))
        return Curve(
            *(np.add.reduceat(axis, starts) / counts for axis in (self.updates, self.seconds, self.losses))
        )


@dataclass(frozen=True, slots=True)
class Drawing:
    """One adapter's part of the figure: the curve that counts, and those that show how it varies."""

    label: str
    style: Style
    middle: Curve
    faint: tuple[Curve, ...]


def loss_figure(task: TaskSummary, adapter_styles: Mapping[str, Style]) -> Figure | None:
    """Two panels with every adapter's training loss; None where nobody has any."""
    window = averaging_window(task.record)
    drawings = [
        drawing
        for summary in task.adapters
        if (drawing := _drawing(summary, adapter_styles[summary.adapter], window)) is not None
    ]
    if not drawings:
        return None
    figure = Figure(figsize=(10, 4.8))
    set_title(figure, title(task.record, "training loss"))
    by_updates, by_seconds = figure.subplots(1, 2, sharey=True)
    for drawing in drawings:
        _draw(by_updates, drawing, "updates")
        _draw(by_seconds, drawing, "seconds")
    _scale_losses(by_updates, [drawing.middle.losses for drawing in drawings])
    _scale_seconds(by_seconds, [drawing.middle.seconds for drawing in drawings])
    by_updates.set_ylabel(loss_label(task.record))
    by_updates.set_xlabel("updates")
    by_seconds.set_xlabel("seconds of training (warm: the first call is excluded)")
    for axes in (by_updates, by_seconds):
        axes.grid(color="0.92")
        axes.spines[["top", "right"]].set_visible(False)
    frame(figure, [_handle(drawing) for drawing in drawings], gap=0.3)
    return figure


def averaging_window(record: TaskRecord) -> int:
    """How many updates one point of a curve averages: an epoch where there are many, else a part of one."""
    updates = record.epochs * record.updates_per_epoch
    return max(1, record.updates_per_epoch if record.epochs >= 10 else updates // POINTS)


def loss_label(record: TaskRecord) -> str:
    loss = str(record.model.get("loss", "loss")).replace("_", " ")
    return f"{loss}, nats" if "entropy" in loss else loss


def _drawing(summary: AdapterSummary, style: Style, window: int) -> Drawing | None:
    raw = {run.seed: loss_curve(run) for run in summary.runs if any(epoch.losses for epoch in run.epochs)}
    if not raw:
        return None
    means = {seed: curve.means(window) for seed, curve in raw.items()}
    finished = [means[run.seed] for run in summary.finished if run.seed in means]
    suffix = "" if summary.status == "ok" else f" ({summary.status})"
    return Drawing(
        label=plain(summary.adapter + suffix),
        style=style,
        middle=median_curve(finished or list(means.values())),
        faint=tuple(means.values()) if len(means) > 1 else (),
    )


def loss_curve(run: Run) -> Curve:
    losses = np.concatenate([np.asarray(epoch.losses, dtype=float) for epoch in run.epochs])
    steps = [
        np.full(len(epoch.losses), epoch.train_seconds / max(1, len(epoch.losses))) for epoch in run.epochs
    ]
    seconds = np.cumsum(np.concatenate(steps))
    return Curve(np.arange(1.0, len(losses) + 1), np.where(seconds > 0, seconds, np.nan), losses)


def median_curve(curves: Sequence[Curve]) -> Curve:
    """The median over seeds, as far as all of them go."""
    length = min(len(curve.losses) for curve in curves)
    return Curve(
        curves[0].updates[:length],
        np.median([curve.seconds[:length] for curve in curves], axis=0),
        np.median([curve.losses[:length] for curve in curves], axis=0),
    )


def _draw(axes: Axes, drawing: Drawing, horizontal: str) -> None:
    style, middle = drawing.style, drawing.middle
    for curve in drawing.faint:
        axes.plot(getattr(curve, horizontal), curve.losses, color=style.colour, alpha=0.2, linewidth=0.7)
    points = len(middle.losses)
    axes.plot(
        getattr(middle, horizontal),
        middle.losses,
        color=style.colour,
        linestyle=style.line,
        linewidth=style.width,
        marker=style.marker,
        markersize=6,
        markevery=(min(points - 1, style.place * points // 20), max(1, points // 6)),
    )


def _scale_losses(axes: Axes, losses: Sequence[NDArray[np.float64]]) -> None:
    """Show what the thick curves span, on a logarithmic scale where that is much."""
    together = np.concatenate(losses)
    finite = together[np.isfinite(together)]
    if not len(finite) or finite.min() == finite.max():
        return
    low, high = float(finite.min()), float(finite.max())
    if low > 0 and high / low >= LOGARITHMIC_FROM:
        axes.set_ylim(low / 1.5, high * 1.5)
        logarithmic(axes.yaxis)
    else:
        axes.set_ylim(low - 0.08 * (high - low), high + 0.08 * (high - low))


def _scale_seconds(axes: Axes, seconds: Sequence[NDArray[np.float64]]) -> None:
    """Use a logarithmic scale where the slowest takes many times as long as the fastest."""
    ends = [float(curve[-1]) for curve in seconds]
    if min(ends) > 0 and max(ends) / min(ends) >= LOGARITHMIC_FROM:
        logarithmic(axes.xaxis)


def _handle(drawing: Drawing) -> Line2D:
    style = drawing.style
    return Line2D(
        [],
        [],
        color=style.colour,
        linestyle=style.line,
        linewidth=style.width,
        marker=style.marker,
        label=drawing.label,
    )
