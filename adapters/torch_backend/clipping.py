"""The ways of clipping a gradient, all parameters in one flat tensor, in place."""

from collections.abc import Callable

import torch
from torch import Tensor

from adapters.interface import TrainSpec
from adapters.torch_backend.optimizers import within_range

Clip = Callable[[Tensor], object]


def clipping(train: TrainSpec, dtype: torch.dtype) -> Clip | None:
    """What is done to a gradient before it is used; None where the spec asks for nothing."""
    if train.clip_value is not None:
        return by_value(within_range(train.clip_value, dtype))
    return None if train.clip_norm is None else by_norm(train.clip_norm)


def by_value(limit: float) -> Clip:
    """Every element to [−c, c]."""
    return lambda gradient: gradient.clamp_(-limit, limit)


def by_norm(limit: float) -> Clip:
    """g ← g·c/max(‖g‖, c); the norm in float64, where no square of a float32 number overflows."""

    def clip(gradient: Tensor) -> object:
        norm = torch.linalg.vector_norm(gradient, dtype=torch.float64)
        return gradient.mul_(limit / norm.clamp(min=limit))

    return clip
