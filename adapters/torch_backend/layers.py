"""The recurrent layers, the readout and the losses as plain functions of tensors that autograd can follow.

The formulas stand at `adapters.interface.ModelSpec`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from adapters.interface import ModelSpec, Span

Tensors = Mapping[str, Tensor]
State = tuple[Tensor, ...]
Layer = Callable[[ModelSpec, Tensors, Tensor, State], tuple[Tensor, State]]
"""(B, T, D) and the state before, each part of it (B, H) -> hidden states (B, T, H) and the state after."""


def elman(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """Elman's cell, every step written out."""
    activation = ACTIVATIONS[model.activation]
    (hidden,), steps = state, []
    for projected in _projected(parameters, inputs):
        hidden = activation(torch.addmm(projected, hidden, parameters["recurrent_kernel"]))
        steps.append(hidden)
    return torch.stack(steps, 1), (hidden,)


def lstm(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """The LSTM, every step written out."""
    (hidden, cell_state), steps = state, []
    for projected in _projected(parameters, inputs):
        i, f, g, o = torch.addmm(projected, hidden, parameters["recurrent_kernel"]).chunk(4, 1)
        cell_state = torch.sigmoid(f) * cell_state + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell_state)
        steps.append(hidden)
    return torch.stack(steps, 1), (hidden, cell_state)


def fused_lstm(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """The LSTM through `torch.lstm`, the function under `torch.nn.LSTM`; its second bias is zero."""
    kernels = [parameters["input_kernel"].t(), parameters["recurrent_kernel"].t()]
    if model.bias:
        kernels += [parameters["bias"], torch.zeros_like(parameters["bias"])]
    before = tuple(part[None] for part in state)
    hidden, *after = torch.lstm(
        inputs, before, kernels, model.bias, 1, 0.0, torch.is_grad_enabled(), False, True
    )
    return hidden, tuple(part[0] for part in after)


def _projected(parameters: Tensors, inputs: Tensor) -> tuple[Tensor, ...]:
    """x_t·W + b for every step: (B, T, D) -> T times (B, G·H)."""
    projected = inputs @ parameters["input_kernel"]
    if "bias" in parameters:
        projected = projected + parameters["bias"]
    return projected.unbind(1)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}

LAYERS: dict[tuple[str, str], Layer] = {
    ("elman", "tanh"): elman,
    ("elman", "sigmoid"): elman,
    ("lstm", "tanh"): lstm,
}
"""By cell and activation."""

STATE_PARTS = {"elman": 1, "lstm": 2}
"""How many tensors (B, H) a cell's state has."""


def zero_state(model: ModelSpec, inputs: Tensor) -> State:
    """The state before the first step."""
    zeros = inputs.new_zeros((len(inputs), model.hidden))
    return (zeros,) * STATE_PARTS[model.cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """What is read out of the hidden states (B, T, H), and the targets of the update that a span makes."""

    readable: Callable[[Tensor], Tensor]
    targets: Callable[[Tensor, Span], Tensor]


READOUTS = {
    "last": Readout(readable=lambda hidden: hidden[:, -1], targets=lambda targets, span: targets),
    "every": Readout(
        readable=lambda hidden: hidden, targets=lambda targets, span: targets[:, span.cut : span.stop]
    ),
}


def read_out(model: ModelSpec, parameters: Tensors, hidden: Tensor) -> Tensor:
    """(B, T, H) -> (B, K) or, with readout 'every', (B, T, K)."""
    outputs = READOUTS[model.readout].readable(hidden) @ parameters["readout_kernel"]
    return outputs + parameters["readout_bias"] if model.bias else outputs


def half_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """½(ŷ−y)²."""
    return (outputs - targets).square().sum() / 2


def softmax_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """−log softmax(ŷ), at the class that is the target."""
    return -torch.log_softmax(outputs, -1).gather(-1, targets[..., None]).sum()


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "half_squared_error": half_squared_error,
    "softmax_cross_entropy": softmax_cross_entropy,
}
"""The loss of one update, summed over the batch: a scalar."""
