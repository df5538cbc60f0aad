"""One recurrent layer of each cell, every step written out, in functions that autograd can follow.

The formulas stand at `adapters.interface.ModelSpec`. A layer's parameters stand here under names without
suffix. It reads forwards; `network.py` hands it its steps in reverse where they are to be read so.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from adapters.interface import ModelSpec

Tensors = Mapping[str, Tensor]
State = tuple[Tensor, ...]
"""The hidden state (B, H), and the LSTM's cell state after it."""

Layer = Callable[[ModelSpec, Tensors, Tensor, State], tuple[Tensor, State]]
"""(B, T, D) and the state before -> hidden states (B, T, H) and the state after."""


def elman(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """Elman's cell."""
    activation = ACTIVATIONS[model.activation]
    (hidden,), steps = state, []
    for addend in projected(parameters, inputs).unbind(1):
        hidden = activation(torch.addmm(addend, hidden, parameters["recurrent_kernel"]))
        steps.append(hidden)
    return torch.stack(steps, 1), (hidden,)


def lstm(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """The LSTM."""
    (hidden, cell_state), steps = state, []
    for addend in projected(parameters, inputs).unbind(1):
        i, f, g, o = torch.addmm(addend, hidden, parameters["recurrent_kernel"]).chunk(4, 1)
        cell_state = torch.sigmoid(f) * cell_state + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell_state)
        steps.append(hidden)
    return torch.stack(steps, 1), (hidden, cell_state)


def gru_reset_after(
    model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State
) -> tuple[Tensor, State]:
    """The GRU whose reset gate is applied after the recurrent product."""
    (hidden,), steps = state, []
    for addend in projected(parameters, inputs).unbind(1):
        x_r, x_z, x_n = addend.chunk(3, 1)
        h_r, h_z, h_n = (hidden @ parameters["recurrent_kernel"]).chunk(3, 1)
        r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
        n = torch.tanh(x_n + r * (h_n + parameters["candidate_bias"] if model.bias else h_n))
        hidden = (1 - z) * n + z * hidden
        steps.append(hidden)
    return torch.stack(steps, 1), (hidden,)


def gru_reset_before(
    model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State
) -> tuple[Tensor, State]:
    """The GRU whose reset gate is applied before the recurrent product."""
    widths = [2 * model.hidden, model.hidden]
    gates_kernel, candidate_kernel = torch.split(parameters["recurrent_kernel"], widths, 1)
    (hidden,), steps = state, []
    for addend in projected(parameters, inputs).unbind(1):
        x_gates, x_n = torch.split(addend, widths, 1)
        r, z = torch.sigmoid(torch.addmm(x_gates, hidden, gates_kernel)).chunk(2, 1)
        n = torch.tanh(torch.addmm(x_n, r * hidden, candidate_kernel))
        hidden = (1 - z) * n + z * hidden
        steps.append(hidden)
    return torch.stack(steps, 1), (hidden,)


def projected(parameters: Tensors, inputs: Tensor) -> Tensor:
    """x·W + b of all steps: (…, D) -> (…, G·H)."""
    products = inputs @ parameters["input_kernel"]
    return products + parameters["bias"] if "bias" in parameters else products


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}

LAYERS: dict[tuple[str, str, str], Layer] = {
    ("elman", "tanh", "after"): elman,
    ("elman", "sigmoid", "after"): elman,
    ("lstm", "tanh", "after"): lstm,
    ("gru", "tanh", "after"): gru_reset_after,
    ("gru", "tanh", "before"): gru_reset_before,
}
"""By cell, activation and reset."""

STATE_PARTS = {"elman": 1, "lstm": 2, "gru": 1}
"""How many tensors (B, H) a cell's state has."""
