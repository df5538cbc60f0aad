"""The recurrent layers, the readout and the losses as plain functions of tensors that autograd can follow.

The formulas stand at `adapters.interface.ModelSpec`.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from adapters.interface import ModelSpec

Tensors = Mapping[str, Tensor]
State = tuple[Tensor, ...]
Layer = Callable[[ModelSpec, Tensors, Tensor, State], tuple[Tensor, State]]
"""(B, T, D) and the state before, each part of it (B, H) -> hidden states (B, T, H) and the state after."""


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}

STATE_PARTS = {"elman": 1, "lstm": 2}
"""How many tensors (B, H) a cell's state has."""

READABLE: dict[str, Callable[[Tensor], Tensor]] = {
    "last": lambda hidden: hidden[:, -1],
    "every": lambda hidden: hidden,
}
"""By readout: the hidden states (B, T, H) that are read out."""


def zero_state(model: ModelSpec, inputs: Tensor) -> State:
    zeros = inputs.new_zeros((len(inputs), model.hidden))
    return (zeros,) * STATE_PARTS[model.cell]


def elman(model: ModelSpec, weights: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """Elman's cell, every step written out."""
    activation = ACTIVATIONS[model.activation]
    (hidden,), steps = state, []
    for projected in _projected(weights, inputs):
        hidden = activation(torch.addmm(projected, hidden, weights["recurrent_kernel"]))
        steps.append(hidden)
    return torch.stack(steps, 1), (hidden,)


def lstm(model: ModelSpec, weights: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """The LSTM, every step written out."""
    (hidden, memory), steps = state, []
    for projected in _projected(weights, inputs):
        gates = torch.addmm(projected, hidden, weights["recurrent_kernel"])
        hidden, memory = lstm_gates(gates, memory)
        steps.append(hidden)
    return torch.stack(steps, 1), (hidden, memory)


def lstm_gates(gates: Tensor, memory: Tensor) -> State:
    """One step from its gates on: (B, 4H) and the memory before -> hidden state and memory after, (B, H)."""
    i, f, g, o = gates.chunk(4, 1)
    memory = torch.sigmoid(f) * memory + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(memory), memory


def fused_lstm(model: ModelSpec, weights: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """The LSTM through `torch.lstm`, the function under `torch.nn.LSTM`."""
    kernels = [weights["input_kernel"].t(), weights["recurrent_kernel"].t()]
    if model.bias:
        kernels += [weights["bias"], torch.zeros_like(weights["bias"])]
    before = tuple(part[None] for part in state)
    hidden, *after = torch.lstm(
        inputs, before, kernels, model.bias, 1, 0.0, torch.is_grad_enabled(), False, True
    )
    return hidden, tuple(part[0] for part in after)


LAYERS: dict[tuple[str, str], Layer] = {
    ("elman", "tanh"): elman,
    ("elman", "sigmoid"): elman,
    ("lstm", "tanh"): lstm,
}
"""By cell and activation."""


def read_out(model: ModelSpec, weights: Tensors, hidden: Tensor) -> Tensor:
    """(B, T, H) -> (B, K) or, with readout 'every', (B, T, K)."""
    outputs = READABLE[model.readout](hidden) @ weights["readout_kernel"]
    return outputs + weights["readout_bias"] if model.bias else outputs


def loss(model: ModelSpec, outputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of one update, summed over the batch: a scalar."""
    return LOSSES[model.loss](outputs, targets)


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


def _projected(weights: Tensors, inputs: Tensor) -> tuple[Tensor, ...]:
    """x_t·W + b for every step: (B, T, D) -> T times (B, G·H)."""
    projected = inputs @ weights["input_kernel"]
    if "bias" in weights:
        projected = projected + weights["bias"]
    return projected.unbind(1)
