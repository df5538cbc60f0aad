"""What the figures of a report have in common, and the one that sums up."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from matplotlib.typing import LineStyleType

from compare.analysis.adapter_summary import Standing
from compare.analysis.statistics import Ratio
from compare.analysis.task_summary import TaskStandings
from compare.records.results import TaskRecord
from compare.storage.atomic import write_bytes
from compare.text import factor, number

RESOLUTION = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How one adapter is drawn in every figure.

    Units: `width` in points; `place` counts the adapters from 0.
    """

    colour: str
    line: LineStyleType
    marker: str
    width: float
    place: int


_LOOKS: tuple[tuple[str, LineStyleType, str, float], ...] = (
    ("#E69F00", "-", "o", 5.0),
    ("#0072B2", (0, (4, 1.5)), "s", 2.4),
    ("#000000", (0, (1, 2)), "^", 1.6),
    ("#009E73", (0, (6, 2, 1, 2)), "D", 1.4),
    ("#CC79A7", "-", "v", 1.0),
    ("#56B4E9", (0, (8, 4)), "P", 1.0),
    ("#D55E00", (0, (1, 4)), "X", 1.0),
)


def styles(tasks: Sequence[TaskStandings], others: Iterable[str] = ()) -> dict[str, Style]:
    """One style per adapter: earlier ones wide and light, later ones thin and broken, so that all show.

    Source: colours that are told apart with any colour vision, Okabe & Ito 2008.
    """
    names = dict.fromkeys([*(standing.adapter for task in tasks for standing in task.adapters), *others])
    looks = (_LOOKS[place % len(_LOOKS)] for place in range(len(names)))
    return {
        name: Style(colour=colour, line=line, marker=marker, width=width, place=place)
        for place, (name, (colour, line, marker, width)) in enumerate(zip(names, looks, strict=True))
    }


def plain(text: str) -> str:
    """One line that Matplotlib shows as it is, dollar signs included."""
    return " ".join(text.split()).replace("$", r"\$")


def title(record: TaskRecord, what: str) -> str:
    return f"{plain(record.name)}: {what}\ndata: {plain(record.dataset)}"


def legend_below(figure: Figure, handles: Sequence[Line2D], columns: int = 4) -> None:
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, handlelength=4)


def save(figure: Figure, path: Path) -> Path:
    """Write a PNG, whole or not at all."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=RESOLUTION, metadata={"Software": None})
    write_bytes(path, buffer.getvalue())
    return path


def summary_figure(tasks: Sequence[TaskStandings]) -> Figure:
    """Warm throughput of every adapter on every task, one panel a task, on one logarithmic scale."""
    looks = styles(tasks)
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
        for place, standing in enumerate(task.adapters):
            _draw_speed(axes, place, standing, looks[standing.adapter])
    panels[-1, 0].set_xscale("log")
    panels[-1, 0].xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    panels[-1, 0].xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    panels[-1, 0].xaxis.set_minor_locator(NullLocator())
    panels[-1, 0].set_xlabel(
        "sequences per second, warm: median and quartiles over rounds and seeds (further right is faster);\n"
        "in the margin the time for the same work, in multiples of the fastest's; hollow: not comparable"
    )
    return figure


def _draw_speed(axes: Axes, place: int, standing: Standing, look: Style) -> None:
    speed = standing.throughput
    if speed is not None:
        axes.errorbar(
            speed.median,
            place,
            xerr=[[speed.median - speed.lower], [speed.upper - speed.median]],
            color=look.colour,
            marker=look.marker,
            markersize=9,
            markerfacecolor=look.colour if standing.comparable else "white",
            markeredgewidth=1.5,
            capsize=4,
        )
    margin = _times(standing.times_fastest) if standing.times_fastest else standing.status
    if standing.times_fastest is None and speed is not None:
        margin = "not comparable"
    axes.text(1.01, place, margin, transform=axes.get_yaxis_transform(), va="center", fontsize=9)


def _times(times: Ratio) -> str:
    """The time in multiples of the fastest's; a tie where the interval does not tell them apart."""
    tie = times.holds_one and times.low < times.high
    return factor(times.median) + (" ×, a tie" if tie else " ×")
