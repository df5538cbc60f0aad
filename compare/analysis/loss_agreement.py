"""Whether the adapters of one task computed the same, by their losses over the first epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from compare.records.run import Run, Status
from compare.tolerances import FLOAT32_BAND

TRAINED: tuple[Status, ...] = ("ok", "interrupted")
"""An interrupted run has trained as far as it came."""

AgreementResult = Literal["reference", "within", "left", "not compared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far an adapter's losses are from the reference's over the first epoch, the worst seed counting.

    Units: `largest_relative` is relative to max(1, |reference loss|); `left_at` is the first update,
    counted from 1, outside the band, and `left_seed` the seed in which that happened.
    """

    adapter: str
    reference: str | None
    result: AgreementResult
    seeds: int = 0
    largest_absolute: float | None = None
    largest_relative: float | None = None
    left_at: int | None = None
    left_seed: int | None = None


def agreements(runs: Sequence[Run], bands: Sequence[float] | None = None) -> tuple[Agreement, ...]:
    """Compare each adapter of one task with the reference: NumPy's where it is ok, else the first that is.

    An adapter is within the band while |difference| ≤ FLOAT32_BAND · max(1, |reference loss|); where there
    are `bands`, that of each update takes the place of FLOAT32_BAND, and nothing is compared beyond the last.
    A diverged run is compared too: where its losses end or stop being finite, it leaves the band.
    """
    reference = _reference(runs)
    theirs = {
        run.seed: _first_epoch(run)
        for run in runs
        if run.adapter == reference and run.status in TRAINED and run.epochs
    }
    return tuple(
        _agreement(adapter, reference, theirs, [run for run in runs if run.adapter == adapter], bands)
        for adapter in dict.fromkeys(run.adapter for run in runs)
    )


def _reference(runs: Sequence[Run]) -> str | None:
    ok = [run.adapter for run in runs if run.status in TRAINED and run.epochs]
    return "numpy" if "numpy" in ok else next(iter(ok), None)


def _agreement(
    adapter: str,
    reference: str | None,
    theirs: dict[int, NDArray[np.float64]],
    runs: Sequence[Run],
    bands: Sequence[float] | None,
) -> Agreement:
    if adapter == reference:
        return Agreement(adapter=adapter, reference=reference, result="reference", seeds=len(theirs))
    end = None if bands is None else len(bands)
    compared = [
        (run.seed, *distances(_first_epoch(run)[:end], theirs[run.seed][:end]))
        for run in runs
        if run.seed in theirs and (run.status in ("ok", "diverged") or (run.status in TRAINED and run.epochs))
    ]
    if not compared or end == 0:
        return Agreement(adapter=adapter, reference=reference, result="not compared")
    exits = [
        (int(np.argmax(outside)) + 1, seed)
        for seed, _, relative in compared
        if (outside := ~(relative <= (FLOAT32_BAND if bands is None else bands[: len(relative)]))).any()
    ]
    left_at, left_seed = min(exits, default=(None, None))
    return Agreement(
        adapter=adapter,
        reference=reference,
        result="left" if exits else "within",
        seeds=len(compared),
        largest_absolute=_largest([absolute for _, absolute, _ in compared]),
        largest_relative=_largest([relative for _, _, relative in compared]),
        left_at=left_at,
        left_seed=left_seed,
    )


def _first_epoch(run: Run) -> NDArray[np.float64]:
    return np.asarray(run.epochs[0].losses if run.epochs else [], dtype=float)


def distances(
    ours: NDArray[np.float64], theirs: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Absolute and relative differences; NaN where only one of the curves goes on."""
    length = max(len(ours), len(theirs))
    padded = [np.pad(curve, (0, length - len(curve)), constant_values=np.nan) for curve in (ours, theirs)]
    absolute = np.abs(padded[0] - padded[1])
    return absolute, absolute / np.maximum(1.0, np.abs(padded[1]))


def _largest(differences: Sequence[NDArray[np.float64]]) -> float | None:
    together = np.concatenate(differences)
    finite = together[np.isfinite(together)]
    return float(finite.max()) if len(finite) else None
