"""How far two arrays are apart, and from where on it counts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from adapters.interface import Array
from compare.tolerances import FLOAT64_BAND, FLOOR

FLOAT32_BAND = 1e-4
"""For one stage in float32; a curve has the band of its own perturbation."""

BANDS = {"float64": FLOAT64_BAND, "float32": FLOAT32_BAND}
FIT_BANDS = {"float64": 1e-9, "float32": 3e-5}
"""Within which a mistake reproduces what a program does, in its dtype."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that was compared, its largest relative difference, and where that lies."""

    name: str
    difference: float
    where: str = ""
    first: float | None = None
    second: float | None = None


def relative(first: Array, second: Array, scale: float = 0.0) -> Array:
    """|a − b| in multiples of the largest magnitude, or of a scale where that is larger; infinite for NaN.

    Shapes: those of both.
    """
    largest = max(_largest(first), _largest(second), scale)
    apart = np.abs(np.asarray(first, np.float64) - second)
    with np.errstate(invalid="ignore"):
        found = apart / largest if largest else apart
    return np.where(np.isnan(found), np.inf, found)


def rows(first: Mapping[str, Array], second: Mapping[str, Array]) -> list[Row]:
    """By name, in multiples of each array's magnitude, or of a thousandth of the largest of all."""
    floor = FLOOR * max((_largest(value) for value in first.values()), default=0.0)
    return [row(name, value, second[name], floor) for name, value in first.items()]


def row(name: str, first: Array, second: Array, scale: float = 0.0) -> Row:
    """The largest difference of two arrays of one shape."""
    if first.size == 0:
        return Row(name=name, difference=0.0)
    apart = relative(first, second, scale)
    place = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return Row(
        name=name,
        difference=float(apart[place]),
        where=f"[{', '.join(str(each) for each in place)}]",
        first=float(first[place]),
        second=float(second[place]),
    )


def close(first: Array, second: Array, band: float) -> bool:
    """Whether two arrays are of one shape and equal within a band."""
    return first.shape == second.shape and (not first.size or float(relative(first, second).max()) <= band)


def _largest(value: Array) -> float:
    return float(np.abs(value).max()) if value.size else 0.0
