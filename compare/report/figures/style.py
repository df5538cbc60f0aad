"""What the figures of a report have in common."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axis import Axis, XAxis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from matplotlib.typing import LineStyleType

from compare.records.results import TaskRecord
from compare.text import one_line

matplotlib.rcdefaults()  # a report looks the same whatever matplotlibrc says


LETTER, LINE = 0.58, 1.2
"""How wide a letter is and how high a line, in multiples of the letters' size."""

TITLE_SIZES, TITLE_POINTS = (11.0, 9.0, 7.0, 6.0), 35.0


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


_STYLES: tuple[tuple[str, LineStyleType, str, float], ...] = (
    ("#E69F00", "-", "o", 5.0),
    ("#0072B2", (0, (4, 1.5)), "s", 2.4),
    ("#000000", (0, (1, 2)), "^", 1.6),
    ("#009E73", (0, (6, 2, 1, 2)), "D", 1.4),
    ("#CC79A7", "-", "v", 1.0),
    ("#56B4E9", (0, (8, 4)), "P", 1.0),
    ("#D55E00", (0, (1, 4)), "X", 1.0),
)


def styles(adapters: Iterable[str]) -> dict[str, Style]:
    """One style an adapter: earlier ones wide and light, later ones thin and broken, so that all can be seen.

    Source: colours that are told apart with any colour vision, Okabe & Ito 2008.
    """
    names = dict.fromkeys(adapters)
    return {
        name: Style(colour=colour, line=line, marker=marker, width=width, place=place)
        for place, (name, (colour, line, marker, width)) in enumerate(
            zip(names, cycle(_STYLES), strict=False)
        )
    }


def plain(text: str) -> str:
    """One line that Matplotlib shows as it is, dollar signs included."""
    return one_line(text).replace("$", r"\$")


def title(record: TaskRecord, what: str) -> str:
    return f"{plain(record.name)}: {what}\ndata: {plain(record.dataset)}"


def set_title(figure: Figure, text: str) -> None:
    """Title a figure in letters that leave room for all of it, over as many lines as it takes."""
    for size in TITLE_SIZES:
        lines = wrapped(text, figure.get_figwidth(), size)
        if len(lines) * LINE * size <= TITLE_POINTS:
            break
    figure.suptitle("\n".join(lines), fontsize=size)


def wrapped(text: str, width: float, size: float) -> list[str]:
    """The lines of a text in letters of this size; a word that is too long for a line is broken.

    Units: width in inches, size in points.
    """
    letters = int(72 * width / (LETTER * size))
    return [part for line in text.split("\n") for part in textwrap.wrap(line, letters)]


def frame(figure: Figure, handles: Sequence[Artist], columns: int = 5, gap: float = 0.9) -> None:
    """Set the margins of a figure whose ticks are numbers, and a legend below its panels.

    Margins that are known beforehand: to measure every label takes as long as to draw the figure.
    Units: `gap` between panels side by side, in inches.
    """
    (width, height), panels = figure.get_size_inches(), figure.axes
    across = max(1, len({round(axes.get_position().x0, 6) for axes in panels}))
    rows = -(-len(handles) // columns)
    left, right, bottom = 0.95, 0.25, 0.65 + 0.22 * rows
    top = 0.6 + (0.2 if any(axes.get_title() for axes in panels) else 0.0)
    figure.subplots_adjust(
        left=left / width,
        right=1 - right / width,
        bottom=bottom / height,
        top=1 - top / height,
        wspace=gap * across / max(width - left - right - gap * (across - 1), 1.0),
        hspace=0.08,
    )
    figure.legend(handles=list(handles), loc="lower center", ncols=columns, frameon=False, handlelength=4)


def logarithmic(axis: Axis) -> None:
    """A logarithmic scale with plain numbers at whole powers of ten, and between them where these are few."""
    (axis.axes.set_xscale if isinstance(axis, XAxis) else axis.axes.set_yscale)("log")
    low, high = axis.get_view_interval()
    decades = math.log10(high / low) if 0 < low < high else 0.0
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 1.5 else (1, 3) if decades < 3 else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
