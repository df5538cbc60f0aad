"""One recurrent layer through the functions under `torch.nn.RNN`, `LSTM` and `GRU`, where they have its form.

They take kernels transposed, and a second bias, which is zero here, but for the GRU's candidate_bias.
"""

import torch
from torch import Tensor

from adapters.interface import ModelSpec
from adapters.torch_backend.layers import Layer, State, Tensors, elman
from adapters.torch_backend.manual_gru import manual_gru_after, manual_gru_before


def fused_elman(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """Elman's cell with tanh, through `torch.rnn_tanh`."""
    kernels = [parameters["input_kernel"].t(), parameters["recurrent_kernel"].t()]
    if model.bias:
        kernels += [parameters["bias"], torch.zeros_like(parameters["bias"])]
    hidden, after = torch.rnn_tanh(
        inputs, state[0][None], kernels, model.bias, 1, 0.0, torch.is_grad_enabled(), False, True
    )
    return hidden, (after[0],)


def fused_lstm(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """The LSTM, through `torch.lstm`."""
    kernels = [parameters["input_kernel"].t(), parameters["recurrent_kernel"].t()]
    if model.bias:
        kernels += [parameters["bias"], torch.zeros_like(parameters["bias"])]
    before = tuple(part[None] for part in state)
    hidden, *after = torch.lstm(
        inputs, before, kernels, model.bias, 1, 0.0, torch.is_grad_enabled(), False, True
    )
    return hidden, tuple(part[0] for part in after)


def fused_gru(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """The GRU whose reset gate is applied after the recurrent product, through `torch.gru`."""
    kernels = [parameters["input_kernel"].t(), parameters["recurrent_kernel"].t()]
    if model.bias:
        candidate_bias = parameters["candidate_bias"]
        kernels += [
            parameters["bias"],
            torch.cat([candidate_bias.new_zeros(2 * model.hidden), candidate_bias]),
        ]
    hidden, after = torch.gru(
        inputs, state[0][None], kernels, model.bias, 1, 0.0, torch.is_grad_enabled(), False, True
    )
    return hidden, (after[0],)


ANYWHERE: dict[tuple[str, str, str], Layer] = {
    ("elman", "tanh", "after"): fused_elman,
    ("elman", "sigmoid", "after"): elman,
    ("lstm", "tanh", "after"): fused_lstm,
    ("gru", "tanh", "before"): manual_gru_before,
}
FASTEST_LAYERS: dict[str, dict[tuple[str, str, str], Layer]] = {
    "cpu": {**ANYWHERE, ("gru", "tanh", "after"): manual_gru_after},
    "cuda": {**ANYWHERE, ("gru", "tanh", "after"): fused_gru},
}
"""By device, then by cell, activation and reset."""
