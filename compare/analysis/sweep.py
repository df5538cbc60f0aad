"""What the points of a sweep come to: along one axis of sizes, who is fastest, and how figures grow."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats

from compare.records.sweep import Size, SweepPoint

CENTRE = Size(hidden=128, batch=128, time_steps=28)
"""The step of `mnist-rows`."""

AXES: dict[str, tuple[int, ...]] = {
    "hidden": (16, 32, 64, 128, 256, 512),
    "batch": (1, 8, 32, 128, 512),
    "time_steps": (7, 14, 28, 56, 112),
}
"""Field of `Size` -> the values that it takes while the others stay at the centre."""

LABELS = {"hidden": "hidden units H", "batch": "batch size B", "time_steps": "time steps T"}
"""Field of `Size` -> what it is called."""


def along(points: Sequence[SweepPoint], adapter: str, field: str) -> list[SweepPoint]:
    """An adapter's points on one axis, in order, those without a time left out."""
    chosen = [
        point
        for point in points
        if point.adapter == adapter
        and point.seconds
        and replace(point.size, **{field: getattr(CENTRE, field)}) == CENTRE
    ]
    return sorted(chosen, key=lambda point: int(getattr(point.size, field)))


def fastest(points: Sequence[SweepPoint], field: str) -> list[tuple[str, list[int]]]:
    """Along an axis, who was fastest from which values to which: (adapter, values in a row)."""
    spans: list[tuple[str, list[int]]] = []
    for value in AXES[field]:
        size = replace(CENTRE, **{field: value})
        here = [point for point in points if point.size == size and point.seconds]
        if not here:
            continue
        first = min(here, key=lambda point: float(np.median(point.seconds))).adapter
        if spans and spans[-1][0] == first:
            spans[-1][1].append(value)
        else:
            spans.append((first, [value]))
    return spans


def exponent(values: Sequence[float], figures: Sequence[float]) -> float:
    """The power of the value by which a figure grows, over the upper half of the values; NaN below two."""
    upper = slice(len(values) // 2 - 1 if len(values) > 2 else 0, None)
    if len(values) < 2:
        return float("nan")
    fit = stats.linregress(np.log(values[upper]), np.log(figures[upper]))
    return float(fit.slope)
