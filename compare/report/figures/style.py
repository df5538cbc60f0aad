"""What the figures of a report have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import LineStyleType

from compare.records.results import TaskRecord

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
    return " ".join(text.split()).replace("$", r"\$")


def title(record: TaskRecord, what: str) -> str:
    return f"{plain(record.name)}: {what}\ndata: {plain(record.dataset)}"


def legend_below(figure: Figure, handles: Sequence[Line2D], columns: int = 4) -> None:
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, handlelength=4)
