"""Both ways of clipping a gradient, which comes as a sum over the batch: so do the limits."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from adapters.interface import Array, TrainSpec


def clipping(train: TrainSpec, batch: int, dtype: np.dtype[Any]) -> Callable[[Array], object] | None:
    """What clips a flat gradient in place; None where nothing is clipped."""
    if train.clip_value is not None:
        limit = train.clip_value * batch
        return partial(_clip_value, np.array(-limit, dtype), np.array(limit, dtype))
    if train.clip_norm is not None:
        return partial(_clip_norm, train.clip_norm * batch)
    return None


def _clip_value(least: Array, most: Array, gradient: Array) -> None:
    np.clip(gradient, least, most, out=gradient)


def _clip_norm(limit: float, gradient: Array) -> None:
    """g ← g·c/max(‖g‖, c); the norm in float64 where its square is beyond float32."""
    with np.errstate(over="ignore"):
        norm = math.sqrt(gradient.dot(gradient))
        if norm == math.inf:
            norm = float(np.linalg.norm(gradient.astype(np.float64)))
    if norm > limit:
        gradient *= limit / norm
