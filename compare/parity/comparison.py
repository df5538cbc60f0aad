"""How far what two adapters answered is apart, and what that means."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from adapters.interface import Array
from compare.analysis.loss_agreement import distances
from compare.parity.finite_differences import Slope
from compare.parity.probe import Observations
from compare.parity.reduced_precision import rounding
from compare.records.parity import ParityResult, ParityVerdict
from compare.tolerances import FLOAT32_BAND, FLOAT64_BAND, FLOOR, GRADIENT_BAND

_SMALLEST = float(np.finfo(np.float64).eps)


def relative(ours: Array, theirs: Array) -> Array:
    """|a − b| / max(|b|, FLOOR · max|b|), element by element."""
    scale = np.maximum(np.abs(theirs), FLOOR * np.abs(theirs).max())
    return np.asarray(np.abs(ours - theirs) / np.maximum(scale, _SMALLEST))


def slope_differences(
    gradients: Mapping[str, Array], slopes: Mapping[str, tuple[Slope, ...]]
) -> dict[str, float]:
    """|g·v − s| / |g| for each parameter's gradient g, the worst of the slopes s along directions v.

    Where |g| is small the scale is FLOOR times that of the largest gradient.
    """
    norms = {
        name: max(float(np.linalg.norm(gradient)), *(abs(slope.value) for slope in slopes[name]))
        for name, gradient in gradients.items()
    }
    return {
        name: max(abs(float(np.sum(gradient * s.direction)) - s.value) for s in slopes[name])
        / _scale(norms[name], norms.values())
        for name, gradient in gradients.items()
    }


def gradient_differences(ours: Mapping[str, Array], theirs: Mapping[str, Array]) -> dict[str, float]:
    """|g − r| / |r| for each parameter's gradient; the floor of the scale as in `slope_differences`."""
    norms = {name: float(np.linalg.norm(gradient)) for name, gradient in theirs.items()}
    return {
        name: float(np.linalg.norm(ours[name] - gradient)) / _scale(norms[name], norms.values())
        for name, gradient in theirs.items()
        if name in ours
    }


def parity_result(
    task: str,
    adapter: str,
    ours: Observations,
    reference: str,
    theirs: Observations,
    slopes: Mapping[str, tuple[Slope, ...]],
) -> ParityResult:
    """The record of one adapter in float64 and float32; of the reference gradients alone are checked."""
    against_slopes = slope_differences(ours.gradients, slopes)
    if adapter == reference:
        return ParityResult(
            task=task,
            adapter=adapter,
            reference=reference,
            verdict=verdict_of([], against_slopes.values(), None),
            slopes=against_slopes,
        )
    losses = relative(ours.losses, theirs.losses)
    parameters = {
        name: float(relative(value, theirs.parameters[name]).max()) for name, value in ours.parameters.items()
    }
    predictions = rounded(float(relative(ours.predictions, theirs.predictions).max()))
    gradients = gradient_differences(ours.gradients, theirs.gradients)
    _, float32 = distances(ours.losses_float32.astype(np.float64), theirs.losses_float32.astype(np.float64))
    left_at = int(np.argmax(float32 > FLOAT32_BAND)) + 1 if (float32 > FLOAT32_BAND).any() else None
    return ParityResult(
        task=task,
        adapter=adapter,
        reference=reference,
        verdict=verdict_of(
            [*losses, *parameters.values(), predictions],
            [*against_slopes.values(), *gradients.values()],
            left_at,
        ),
        losses=[rounded(value) for value in losses],
        parameters=parameters,
        predictions=predictions,
        slopes=against_slopes,
        gradients=gradients,
        losses_float32=[rounded(value) for value in float32],
        left_at=left_at,
    )


def with_rounding(result: ParityResult, ours: Observations) -> ParityResult:
    """The record with what the adapter did in fewer digits, held against itself."""
    found = rounding(ours)
    return replace(
        result,
        verdict=result.verdict if found.left_at is None else "DIFFERENT",
        dtype=found.dtype,
        losses_reduced=found.losses,
        band_reduced=found.band,
        reduced_left_at=found.left_at,
    )


def verdict_of(float64: Iterable[float], gradients: Iterable[float], left_at: int | None) -> ParityVerdict:
    """In plain words: anything outside a band of float64 is another computation."""
    same = all(value <= FLOAT64_BAND for value in float64)
    if not same or not all(value <= GRADIENT_BAND for value in gradients):
        return "DIFFERENT"
    return "in lockstep" if left_at is None else "drifts within float32 rounding"


def rounded(value: float) -> float:
    """Three digits, which say all that a difference can."""
    return float(f"{value:.3g}")


def _scale(norm: float, norms: Iterable[float]) -> float:
    return max(norm, FLOOR * max(norms), _SMALLEST)
