"""Where the time of an update goes: a stack an adapter, its limits beside it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from compare.analysis.profile import PARTS, REST, Stack
from compare.report.figures.style import plain
from compare.text import number

COLOURS: Mapping[str, str] = {
    "products": "#0072B2",
    "functions": "#56B4E9",
    "optimizer": "#009E73",
    "indexing": "#F0E442",
    "calls": "#E69F00",
    "rest": "#BBBBBB",
}
"""By part. Source: colours that are told apart with any colour vision, Okabe & Ito 2008."""


class Limit(NamedTuple):
    """A line beside each bar: where `seconds` finds it, what it is called, and how it is drawn."""

    seconds: Callable[[Stack], float | None]
    label: str
    style: Mapping[str, Any]


LIMITS = (
    Limit(lambda stack: stack.rate_seconds, "products at the machine's rate", {"color": "#D55E00"}),
    Limit(
        lambda stack: stack.product_seconds,
        "products in the best library",
        {"color": "#000000", "linestyle": (0, (2, 1))},
    ),
)
ROOM = 1.35
"""How much wider than the longest bar the panel is, for what is written beside that."""

HEIGHT = 0.7
"""Of a bar, where adapters are 1 apart."""


def profile_figure(stacks: Sequence[Stack]) -> Figure | None:
    """One bar an adapter of one task, from 0; a rest below 0 is not drawn. None where no parts were timed."""
    shown = [stack for stack in stacks if stack.parts]
    if not shown:
        return None
    figure = Figure(figsize=(9, 1.8 + 0.5 * len(shown)), layout="constrained")
    axes = figure.subplots()
    for place, stack in enumerate(shown):
        left = 0.0
        seconds = {**{part: value.median for part, value in stack.parts.items()}, "rest": stack.rest}
        for part, colour in COLOURS.items():
            width = 1e6 * max(0.0, seconds[part])
            axes.barh(place, width, HEIGHT, left, color=colour, edgecolor="white", linewidth=0.5)
            left += width
        low, high = place - HEIGHT / 2, place + HEIGHT / 2
        for limit in LIMITS:
            if (found := limit.seconds(stack)) is not None:
                axes.plot([1e6 * found] * 2, [low - 0.1, high + 0.1], linewidth=2, **limit.style)
        whole = 1e6 * stack.whole.median
        axes.plot([whole] * 2, [low, high], color="0.3", linewidth=1)
        axes.annotate(
            f"{number(whole)}, bound by {plain(stack.bound)}" if stack.bound else number(whole),
            (max(left, whole), place),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(range(len(shown)), [plain(stack.adapter) for stack in shown])
    axes.invert_yaxis()
    axes.set_xlim(0, ROOM * axes.get_xlim()[1])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.set_xlabel(f"{plain(shown[0].task)}: µs an update")
    axes.grid(axis="x", color="0.92", zorder=-1)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    names = {**PARTS, "rest": REST}
    handles = [
        *(Patch(color=colour, label=names[part]) for part, colour in COLOURS.items()),
        *(
            Line2D([], [], label=limit.label, linewidth=2, **limit.style)
            for limit in LIMITS
            if any(limit.seconds(stack) is not None for stack in shown)
        ),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, handlelength=4)
    return figure
