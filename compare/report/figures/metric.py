"""What training has come to after so many seconds: the held-out metric, and when it met its target."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.task_summary import TaskSummary
from compare.records.run import Run
from compare.report.figures.style import Style, frame, logarithmic, plain, set_title, title
from tasks.interface import Metric

LOGARITHMIC_FROM = 5.0
TARGET = "#D55E00"


def metric_figure(task: TaskSummary, adapter_styles: Mapping[str, Style]) -> Figure | None:
    """The first metric against seconds of training, every seed; None where nothing can be drawn."""
    metric = task.record.metrics[0]
    figure = Figure(figsize=(9, 4.6))
    set_title(figure, title(task.record, plain(metric.name)))
    axes = figure.subplots()
    handles = [
        handle
        for summary in task.adapters
        if (handle := _draw(axes, summary, metric, adapter_styles[summary.adapter])) is not None
    ]
    if not handles:
        return None
    values = np.concatenate([np.asarray(line.get_ydata(), float) for line in axes.get_lines()])
    if values.min() > 0 and values.max() / values.min() >= LOGARITHMIC_FROM:
        logarithmic(axes.yaxis)
    ends = [float(np.asarray(line.get_xdata())[-1]) for line in axes.get_lines()]
    if max(ends) / min(ends) >= LOGARITHMIC_FROM:
        logarithmic(axes.xaxis)
    if metric.target is not None:
        handles.append(
            axes.axhline(metric.target, color=TARGET, linewidth=1.2, label=f"target {metric.target:g}")
        )
    if metric.naive is not None:
        handles.append(
            axes.axhline(
                metric.naive, color="0.45", linestyle=":", linewidth=1.2, label=f"naive {metric.naive:g}"
            )
        )
    axes.set_xlabel("seconds of training (warm: the first call is excluded)")
    axes.set_ylabel(plain(f"{metric.name} ({metric.unit})" if metric.unit else metric.name))
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
    frame(figure, handles, columns=6)
    return figure


def _draw(axes: Axes, summary: AdapterSummary, metric: Metric, style: Style) -> Line2D | None:
    """A line for each seed, and what stands for them in the legend; None where nothing was measured."""
    curves = [curve for run in summary.finished if len((curve := metric_curve(run, metric))[0])]
    for seconds, values in curves:
        axes.plot(
            seconds,
            values,
            color=style.colour,
            linestyle=style.line,
            linewidth=min(style.width, 2.4),
            marker=style.marker,
            markersize=6,
            markevery=max(1, len(seconds) // 6),
            alpha=1.0 if len(curves) == 1 else 0.7,
        )
    if not curves:
        return None
    return Line2D(
        [],
        [],
        color=style.colour,
        linestyle=style.line,
        linewidth=min(style.width, 2.4),
        marker=style.marker,
        label=plain(summary.adapter),
    )


def metric_curve(run: Run, metric: Metric) -> tuple[list[float], list[float]]:
    """Seconds and values at the ends of those epochs that took warm training time and have a value."""
    seconds = np.cumsum([epoch.train_seconds for epoch in run.epochs])
    points = [
        (float(time), epoch.metrics[metric.name])
        for time, epoch in zip(seconds, run.epochs, strict=True)
        if time > 0 and math.isfinite(epoch.metrics.get(metric.name, math.nan))
    ]
    return [time for time, _ in points], [value for _, value in points]
