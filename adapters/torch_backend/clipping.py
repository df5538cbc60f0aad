"""The ways of clipping a gradient, all parameters in one flat tensor, in place."""

from collections.abc import Callable

import torch
from torch import Tensor

from adapters.interface import TrainSpec
from adapters.torch_backend.optimizers import within_range

Clip = Callable[[Tensor], object]


def clips(train: TrainSpec, dtype: torch.dtype) -> tuple[Clip, ...]:
    """What is done to a gradient before it is used; nothing where the spec asks for nothing."""
    value, norm = train.clip_value, train.clip_norm
    return (
        *(() if value is None else (by_value(within_range(value, dtype)),)),
        *(() if norm is None else (by_norm(norm),)),
    )


def by_value(limit: float) -> Clip:
    """Every element to [−c, c]."""
    return lambda gradient: gradient.clamp_(-limit, limit)


def by_norm(limit: float) -> Clip:
    """g ← g·c/max(‖g‖, c); the norm in float64, where no square of a float32 number overflows."""

    def clip(gradient: Tensor) -> object:
        norm = torch.linalg.vector_norm(gradient, dtype=torch.float64)
        return gradient.mul_(limit / norm.clamp(min=limit))

    return clip
