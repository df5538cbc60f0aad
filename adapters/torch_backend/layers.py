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


def zero_state(model: ModelSpec, inputs: Tensor) -> State:
    zeros = inputs.new_zeros((len(inputs), model.hidden))
    return (zeros, zeros) if model.cell == "lstm" else (zeros,)


def elman(model: ModelSpec, weights: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """Elman's cell, every step written out."""
    activation = torch.sigmoid if model.activation == "sigmoid" else torch.tanh
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


LAYERS: dict[str, Layer] = {"elman": elman, "lstm": lstm}


def read_out(model: ModelSpec, weights: Tensors, hidden: Tensor) -> Tensor:
    """(B, T, H) -> (B, K) or, with readout 'every', (B, T, K)."""
    readable = hidden if model.readout == "every" else hidden[:, -1]
    outputs = readable @ weights["readout_kernel"]
    return outputs + weights["readout_bias"] if model.bias else outputs


def loss(model: ModelSpec, outputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of one update, summed over the batch: a scalar."""
    if model.loss == "half_squared_error":
        return (outputs - targets).square().sum() / 2
    log_probabilities = torch.log_softmax(outputs, -1)
    return -log_probabilities.gather(-1, targets[..., None]).sum()


def _projected(weights: Tensors, inputs: Tensor) -> tuple[Tensor, ...]:
    """x_t·W + b for every step: (B, T, D) -> T times (B, G·H)."""
    projected = inputs @ weights["input_kernel"]
    if "bias" in weights:
        projected = projected + weights["bias"]
    return projected.unbind(1)
