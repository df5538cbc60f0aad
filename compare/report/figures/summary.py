"""The figure that sums up a run: the speed of every adapter on every task."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.statistics import Ratio
from compare.analysis.task_summary import TaskSummary
from compare.report.figures.style import Style, plain
from compare.text import factor, number


def summary_figure(tasks: Sequence[TaskSummary], adapter_styles: Mapping[str, Style]) -> Figure:
    """Warm throughput of every adapter on every task, one panel a task, on one logarithmic scale."""
    rows = [max(1, len(task.adapters)) for task in tasks]
    figure = Figure(figsize=(9, 0.9 + sum(0.34 * row + 0.55 for row in rows)), layout="constrained")
    panels = figure.subplots(len(tasks), 1, sharex=True, squeeze=False, height_ratios=[r + 0.6 for r in rows])
    for axes, task in zip(panels[:, 0], tasks, strict=True):
        axes.set_title(plain(f"{task.record.name}  ({task.record.dataset})"), loc="left", fontsize=10)
        axes.set_yticks(range(len(task.adapters)), [plain(s.adapter) for s in task.adapters])
        axes.set_ylim(len(task.adapters) - 0.4, -0.6)
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        for place, summary in enumerate(task.adapters):
            _draw_speed(axes, place, summary, adapter_styles[summary.adapter])
    panels[-1, 0].set_xscale("log")
    panels[-1, 0].xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    panels[-1, 0].xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    panels[-1, 0].xaxis.set_minor_locator(NullLocator())
    panels[-1, 0].set_xlabel(
        "sequences per second, warm: median and quartiles over rounds and seeds (further right is faster);\n"
        "in the margin the time for the same work, in multiples of the fastest's; hollow: not comparable"
    )
    return figure


def _draw_speed(axes: Axes, place: int, summary: AdapterSummary, style: Style) -> None:
    speed = summary.throughput
    if speed is not None:
        axes.errorbar(
            speed.median,
            place,
            xerr=[[speed.median - speed.lower], [speed.upper - speed.median]],
            color=style.colour,
            marker=style.marker,
            markersize=9,
            markerfacecolor=style.colour if summary.comparable else "white",
            markeredgewidth=1.5,
            capsize=4,
        )
    margin = _times(summary.times_fastest) if summary.times_fastest else summary.status
    if summary.times_fastest is None and speed is not None:
        margin = "not comparable"
    axes.text(1.01, place, margin, transform=axes.get_yaxis_transform(), va="center", fontsize=9)


def _times(times: Ratio) -> str:
    """The time in multiples of the fastest's; a tie where the interval does not tell them apart."""
    tie = times.includes_one and times.low < times.high
    return factor(times.median) + (" ×, a tie" if tie else " ×")
