"""The figure that sums up a run: the time of every adapter for the same work, task by task."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.task_summary import TaskSummary
from compare.report.figures.style import Style, logarithmic, plain, wrapped
from compare.text import factor

MOST_IN_A_COLUMN = 3
"""How many tasks stand above each other before there are two columns of them."""

WIDTH, MARGIN = 10.0, 0.8
"""Of the figure, and of what stands left of a panel, in inches."""

TITLE_SIZE = 9.0


def summary_figure(tasks: Sequence[TaskSummary], adapter_styles: Mapping[str, Style]) -> Figure:
    """Times in multiples of the fastest's with their intervals, a panel a task, on one logarithmic scale."""
    columns = 1 if len(tasks) <= MOST_IN_A_COLUMN else 2
    rows = [tasks[start : start + columns] for start in range(0, len(tasks), columns)]
    width = WIDTH / columns - MARGIN
    sizes = [[0.15 * len(_title(task, width)) + 0.24 * len(task.adapters) for task in row] for row in rows]
    heights = [0.15 + max(row) for row in sizes]
    figure = Figure(figsize=(WIDTH, 0.7 + sum(heights)), layout="constrained")
    panels = figure.subplots(len(rows), columns, sharex=True, squeeze=False, height_ratios=heights)
    for axes, task in zip(panels.flat, tasks, strict=False):
        axes.set_title("\n".join(_title(task, width)), loc="left", fontsize=TITLE_SIZE)
        axes.set_yticks(range(len(task.adapters)), [plain(s.adapter) for s in task.adapters])
        axes.set_ylim(len(task.adapters) - 0.4, -0.6)
        axes.grid(axis="x", color="0.9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0, labelsize=9)
        for place, summary in enumerate(task.adapters):
            _draw_time(axes, place, summary, adapter_styles[summary.adapter])
    times = [s.times_fastest for task in tasks for s in task.ranked if s.times_fastest]
    reached = [each for t in times for each in (t.median, t.low, t.high) if math.isfinite(each)]
    panels[0, 0].set_xlim(0.93 * min(reached, default=1.0), 1.8 * max(reached, default=1.0))
    logarithmic(panels[0, 0].xaxis)
    for axes in panels.flat[max(0, len(tasks) - columns) : len(tasks)]:
        axes.tick_params(labelbottom=True)
    for axes in panels.flat[len(tasks) :]:
        axes.set_axis_off()
    figure.supxlabel(
        "time for the same work, in multiples of the fastest's; lines: 95 % intervals wider than a mark",
        fontsize=9,
    )
    return figure


def _title(task: TaskSummary, width: float) -> list[str]:
    return wrapped(plain(f"{task.record.name}  ({task.record.dataset})"), width, TITLE_SIZE)


def _draw_time(axes: Axes, place: int, summary: AdapterSummary, style: Style) -> None:
    times = summary.times_fastest
    if times is None:
        words = "not comparable" if summary.throughput is not None else summary.status
        axes.annotate(words, (1, place), va="center", fontsize=8, color="0.35")
        return
    if times.has_interval:
        axes.plot([times.low, times.high], [place, place], color=style.colour, linewidth=2)
    axes.plot(times.median, place, color=style.colour, marker=style.marker, markersize=7)
    tie = times.has_interval and times.includes_one and times.low < times.high
    axes.annotate(
        factor(times.median) + (", a tie" if tie else ""),
        (max(times.high, times.median) if times.has_interval else times.median, place),
        (7, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )
