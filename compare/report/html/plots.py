"""What the interactive figures of a report are drawn from, thinned to what a screen can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

POINTS = 500
"""How many points of a curve are kept, about: a few for each of a figure's columns of pixels."""

DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One curve: of an adapter from one seed, the `median` over its seeds, or the `actual` values.

    `largest` is the largest value so far, of those that a parity check found.
    """

    role: Literal["seed", "median", "actual", "largest"]
    adapter: str | None = None
    seed: int | None = None
    x: list[float]
    y: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Units: of `dates`, milliseconds since 1970, UTC."""

    label: str
    logarithmic: bool = False
    dates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A horizontal line: a target, or the edge of a band."""

    label: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way of looking at a figure, by name."""

    name: str
    x: Axis
    y: Axis
    lines: list[Line]
    level: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """How often each class, a row, was taken for each, a column; `labels` are the classes' names."""

    name: str
    adapter: str
    labels: list[str]
    counts: list[list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """An interactive figure: one of its views is shown at a time."""

    title: str
    kind: Literal["curves", "confusion"]
    views: list[View] | list[Matrix]


def thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """The smallest and the largest value of each stretch, so that no peak is lost; a short curve as it is."""
    if len(y) <= POINTS:
        return rounded(x), rounded(y)
    edges = np.linspace(0, len(y), POINTS // 2 + 1).astype(int)
    kept = {0, len(y) - 1}
    for start, end in pairwise(edges):
        part = y[start:end]
        kept |= {int(start + np.argmin(part)), int(start + np.argmax(part))}
    places = sorted(kept)
    return rounded(x[places]), rounded(y[places])


def rounded(values: Sequence[float] | NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in values]
