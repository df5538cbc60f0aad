"""The loss curves, and how far rounding alone drives them apart."""

from typing import TYPE_CHECKING

import numpy as np

from adapters.interface import Array
from compare.port.records.differences import BANDS
from compare.port.records.result import Curves
from compare.port.request import Opened, PortRequest, both
from compare.port.side import Side
from compare.tolerances import FLOOR

if TYPE_CHECKING:
    from compare.port.observation import Observed

PERTURBED_RUNS = 3
MARGIN = 20.0
"""How many times as far apart as one program and itself, perturbed, two programs may be."""

LEAST_ULPS = 64.0


def curves(first: Array, second: Array, band: float) -> Curves:
    """Two loss curves, by update."""
    return Curves(
        first=[float(each) for each in first],
        second=[float(each) for each in second],
        difference=[float(each) for each in apart(first, second)],
        band=[band] * len(first),
    )


def apart(first: Array, second: Array) -> Array:
    """|a − b| in multiples of the loss, or of a thousandth of the largest; infinite for NaN.

    Shapes: (U,).
    """
    scale = np.maximum(np.abs(first), FLOOR * np.nanmax(np.abs(first), initial=0.0))
    found = np.abs(first - second) / np.where(scale > 0, scale, 1.0)
    return np.where(np.isnan(found), np.where(np.isnan(first) & np.isnan(second), 0.0, np.inf), found)


def growth(side: Side, unit: float, plain: Array, values: dict[str, Array]) -> Array:
    """How far a perturbation of one unit, a share of each number, has grown, update by update.

    Shapes: (U,).
    """
    largest = np.zeros(len(plain))
    for seed in range(PERTURBED_RUNS):
        generator = np.random.default_rng(seed)
        moved = {
            name: value * (1 + unit * generator.choice([-1.0, 1.0], value.shape)).astype(value.dtype)
            for name, value in values.items()
        }
        side.begin_with(moved)
        largest = np.maximum(largest, apart(plain, side.train(len(plain))))
    return np.maximum.accumulate(largest)


def band_of_growth(observed: "Observed") -> Curves:
    """The same curves against a band that grows as a perturbation does.

    It is one unit in the last place or, where rounding moves the outputs further before any update, as far.
    """
    curve, opened, least = observed.curve, observed.opened, BANDS[observed.opened.dtype]
    rounding = [each.difference for each in observed.outputs if each.difference <= least]
    unit = max([float(np.finfo(opened.dtype).eps), *rounding])
    grown = MARGIN * growth(opened.sides[0], unit, np.array(curve.first), opened.values)
    band = np.maximum(least, grown)
    return Curves(
        first=curve.first, second=curve.second, difference=curve.difference, band=[float(b) for b in band]
    )


def float32_curves(request: PortRequest, opened: Opened) -> Curves:
    """Both in float32, against what rounding explains; ends with both programs in float32."""
    both(lambda side: side.open("float32"), opened.sides)
    both(lambda side: side.take(opened.batches), opened.sides)
    own = {name: value.astype(np.float32) for name, value in opened.own.items()}
    values = {name: value.astype(np.float32) for name, value in opened.values.items()}
    there = {k: v.astype(np.float32) for k, v in opened.matching.handed_over(values, own).items()}
    for side, given in zip(opened.sides, (values, there), strict=True):
        side.begin_with(given)
    first, second = both(lambda side: side.train(request.updates), opened.sides)
    grown = MARGIN * growth(opened.sides[0], float(np.finfo(np.float32).eps), first, values)
    band = np.maximum(LEAST_ULPS * np.finfo(np.float32).eps, grown)
    found = curves(first, second, 0.0)
    return Curves(
        first=found.first, second=found.second, difference=found.difference, band=[float(b) for b in band]
    )
