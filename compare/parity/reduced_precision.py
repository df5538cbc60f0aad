"""Whether rounding alone explains how far losses in fewer digits are from those in float64."""

from dataclasses import dataclass, field

import numpy as np

from adapters.dtypes import ROUNDINGS
from adapters.interface import Array
from compare.analysis.loss_agreement import distances
from compare.parity.probe import Observations


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundingFound:
    """By update the difference and the band, and where the former leaves the latter, counted from 1."""

    dtype: str = ""
    losses: list[float] = field(default_factory=list)
    band: list[float] = field(default_factory=list)
    left_at: int | None = None


def rounding(observed: Observations) -> RoundingFound:
    """An adapter held against itself: what it does in float64 is compared with the others elsewhere.

    The band is `ROUNDINGS` times as wide as a unit in the last place of every parameter has moved the losses
    so far.
    """
    if observed.reduced is None:
        return RoundingFound()
    exact = observed.losses.astype(np.float64)
    found = _apart(observed.reduced.losses, exact)
    moved = np.max([_apart(each, exact) for each in observed.reduced.moved], axis=0)
    band = ROUNDINGS * np.maximum.accumulate(moved)
    outside = ~(found <= band)
    return RoundingFound(
        dtype=observed.reduced.dtype,
        losses=[float(f"{value:.3g}") for value in found],
        band=[float(f"{value:.3g}") for value in band],
        left_at=int(np.argmax(outside)) + 1 if outside.any() else None,
    )


def _apart(losses: Array, exact: Array) -> Array:
    """In multiples of max(1, |loss|)."""
    return distances(losses.astype(np.float64), exact)[1]
