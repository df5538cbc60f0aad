"""What is read out of the hidden states, and the losses of that, in functions that autograd can follow."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from adapters.interface import ModelSpec, Span
from adapters.torch_backend.layers import Tensors


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Sequences, their targets, and how many of their steps are valid; None: all of them.

    Shapes: inputs (B, T, D); targets as the adapter has them; lengths (B,).
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """What is read out of the hidden states (B, T, H'), and what an update compares it with.

    `targets` are those of the update that a span makes; `valid` says which of them have a loss, broadcast to
    their losses; None: all of them.
    """

    readable: Callable[[ModelSpec, Tensor, Tensor | None], Tensor]
    targets: Callable[[Batch, Span], Tensor]
    valid: Callable[[Batch, Span], Tensor | None]


def last(model: ModelSpec, hidden: Tensor, lengths: Tensor | None) -> Tensor:
    """(B, T, H') -> (B, H'): after the last valid step; of the reverse direction, after the first."""
    if lengths is None:
        after = hidden[:, -1]
    else:
        after = hidden[torch.arange(len(hidden), device=hidden.device), lengths - 1]
    if not model.bidirectional:
        return after
    return torch.cat([after[:, : model.hidden], hidden[:, 0, model.hidden :]], 1)


def valid_steps(batch: Batch, span: Span) -> Tensor | None:
    """Which steps of a span belong to their sequences: (B, steps, 1)."""
    if batch.lengths is None:
        return None
    steps = torch.arange(span.cut, span.stop, device=batch.lengths.device)
    return (steps < batch.lengths[:, None])[:, :, None]


READOUTS = {
    "last": Readout(readable=last, targets=lambda batch, span: batch.targets, valid=lambda batch, span: None),
    "every": Readout(
        readable=lambda model, hidden, lengths: hidden,
        targets=lambda batch, span: batch.targets[:, span.cut : span.stop],
        valid=valid_steps,
    ),
}


def read_out(model: ModelSpec, parameters: Tensors, hidden: Tensor, lengths: Tensor | None) -> Tensor:
    """(B, T, H') -> (B, K) or, with readout 'every', (B, T, K)."""
    outputs = READOUTS[model.readout].readable(model, hidden, lengths) @ parameters["readout_kernel"]
    return outputs + parameters["readout_bias"] if model.bias else outputs


def summed_loss(model: ModelSpec, outputs: Tensor, batch: Batch, span: Span) -> Tensor:
    """The loss of one update, summed over the batch: a scalar."""
    readout = READOUTS[model.readout]
    losses = LOSSES[model.loss](outputs, readout.targets(batch, span))
    valid = readout.valid(batch, span)
    return (losses if valid is None else losses * valid).sum()


def half_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """½(ŷ−y)²: (…, K) -> (…, K)."""
    return (outputs - targets).square() / 2


def softmax_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """−log softmax(ŷ), at the class that is the target: (…, K) -> (…, 1)."""
    return -torch.log_softmax(outputs, -1).gather(-1, targets[..., None])


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "half_squared_error": half_squared_error,
    "softmax_cross_entropy": softmax_cross_entropy,
}
"""By output, before the sum over all of them."""
