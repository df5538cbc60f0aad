"""What the models of one task came to: forecasts against the actual values, or confusion matrices."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.task_summary import TaskSummary
from compare.report.figures.style import Style, frame, plain, set_title, title
from tasks.interface import Forecast

ERRORS = "YlOrRd"

WIDEST_ROW = 3
"""How many matrices stand side by side before there are two rows of them."""


def forecast_figure(task: TaskSummary, adapter_styles: Mapping[str, Style]) -> Figure | None:
    """Every adapter's forecast over the actual curve, of its first finished seed; None without any."""
    drawn = [
        (summary.adapter, run.seed, run.forecast)
        for summary in task.adapters
        for run in [run for run in summary.finished if run.forecast][:1]
        if run.forecast
    ]
    if not drawn:
        return None
    seeds = ", ".join(map(str, sorted({seed for _, seed, _ in drawn})))
    actual = drawn[0][2]
    figure = Figure(figsize=(9, 4.6))
    set_title(figure, title(task.record, f"{actual.kind} against actual, seed {seeds}"))
    axes = figure.subplots()
    handles = axes.plot(
        _positions(actual), actual.actual, color="0.82", linewidth=10, label="actual", solid_capstyle="round"
    )
    handles += [
        _draw_forecast(axes, plain(adapter), forecast, adapter_styles[adapter])
        for adapter, _, forecast in drawn
    ]
    axes.set_xlabel(plain(actual.x_label))
    axes.set_ylabel(plain(actual.y_label))
    if actual.dates:
        dates = ConciseDateFormatter(axes.xaxis.get_major_locator())  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_formatter(dates)
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
    frame(figure, handles)
    return figure


def confusion_figure(task: TaskSummary) -> Figure | None:
    """One matrix per adapter, summed over the seeds that it finished; None where there is none."""
    drawn = {s.adapter: counts for s in task.adapters if (counts := confusion_counts(s)) is not None}
    if not drawn:
        return None
    labels = next(run.confusion.labels for s in task.adapters for run in s.finished if run.confusion)
    worst = max(1, *(int(_errors(counts).max()) for counts in drawn.values()))
    width = len(drawn) if len(drawn) <= WIDEST_ROW else 2
    height = math.ceil(len(drawn) / width)
    tall = 4.5 * height + 1.6
    figure = Figure(figsize=(4.6 * width, tall))
    set_title(figure, title(task.record, "confusion matrices, summed over seeds"))
    panels = figure.subplots(height, width, squeeze=False).flat
    for (adapter, counts), axes in zip(drawn.items(), panels, strict=False):
        _draw_confusion(axes, counts, labels, worst)
        axes.set_title(f"{plain(adapter)}: {_errors(counts).sum():,} errors of {counts.sum():,}", fontsize=10)
    for axes in panels:
        axes.set_axis_off()
    names = 0.4 + 0.09 * min(12, max(len(label) for label in labels))
    figure.subplots_adjust(
        names / (4.6 * width), 1.3 / tall, 0.98, 1 - 0.85 / tall, wspace=(names + 0.1) / 4.2, hspace=0.2
    )
    figure.colorbar(
        ScalarMappable(Normalize(0, worst), ERRORS),
        cax=figure.add_axes((0.2, 0.55 / tall, 0.6, 0.15 / tall)),
        orientation="horizontal",
        label="errors (grey: right)",
        ticks=MaxNLocator(integer=True),
    )
    return figure


def _positions(forecast: Forecast) -> NDArray[Any]:
    x = np.asarray(forecast.x)
    return (x * 1e6).round().astype("datetime64[us]") if forecast.dates else x


def _draw_forecast(axes: Axes, label: str, forecast: Forecast, style: Style) -> Line2D:
    return axes.plot(
        _positions(forecast),
        forecast.predicted,
        color=style.colour,
        linestyle=style.line,
        linewidth=style.width,
        marker=style.marker,
        markersize=6,
        markevery=(style.place * 2, max(1, len(forecast.x) // 8)),
        label=label,
    )[0]


def _draw_confusion(axes: Axes, counts: NDArray[np.int64], labels: tuple[str, ...], worst: int) -> None:
    errors = _errors(counts)
    size = len(counts)
    axes.imshow(np.ma.masked_where(errors == 0, errors), cmap=ERRORS, vmin=0, vmax=worst)
    axes.imshow(
        np.ma.masked_where(~np.eye(size, dtype=bool), np.ones((size, size))), cmap="Greys", vmin=0, vmax=4
    )
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark = row != column and count > 0.6 * worst
            axes.text(
                column,
                row,
                str(count),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if dark else "black",
            )
    axes.set_xticks(range(size), [plain(label) for label in labels])
    axes.set_yticks(range(size), [plain(label) for label in labels])
    axes.set_xlabel("taken for")
    axes.set_ylabel("true class")


def confusion_counts(summary: AdapterSummary) -> NDArray[np.int64] | None:
    matrices = [np.asarray(run.confusion.counts) for run in summary.finished if run.confusion]
    return np.sum(matrices, axis=0) if matrices else None


def _errors(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return counts - np.diag(np.diag(counts))
