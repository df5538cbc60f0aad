"""One recurrent layer through the functions under `torch.nn.RNN`, `LSTM` and `GRU`, where they have its form.

They take kernels transposed, and a second bias, which is zero here, but for the GRU's candidate_bias.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from adapters.interface import ModelSpec
from adapters.torch_backend.layers import Layer, State, Tensors, elman
from adapters.torch_backend.manual_gru import manual_gru_after, manual_gru_before


def weights(model: ModelSpec, parameters: Tensors, second_bias: Callable[[], Tensor]) -> list[Tensor]:
    """Kernels and biases in the form that `torch.lstm` and the like take."""
    parts = [parameters["input_kernel"].t(), parameters["recurrent_kernel"].t()]
    if model.bias:
        parts += [parameters["bias"], second_bias()]
    return in_a_row(parts) if parts[0].is_cuda else parts


def in_a_row(parts: list[Tensor]) -> list[Tensor]:
    """Copies that follow each other in memory, as cuDNN needs them: others would be made at every call."""
    row = torch.split(torch.cat([part.reshape(-1) for part in parts]), [part.numel() for part in parts])
    return [copy.view(part.shape) for copy, part in zip(row, parts, strict=True)]


def fused_elman(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """Elman's cell with tanh, through `torch.rnn_tanh`."""
    kernels = weights(model, parameters, lambda: torch.zeros_like(parameters["bias"]))
    hidden, after = torch.rnn_tanh(
        inputs, state[0][None], kernels, model.bias, 1, 0.0, torch.is_grad_enabled(), False, True
    )
    return hidden, (after[0],)


def fused_lstm(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """The LSTM, through `torch.lstm`."""
    kernels = weights(model, parameters, lambda: torch.zeros_like(parameters["bias"]))
    before = tuple(part[None] for part in state)
    hidden, *after = torch.lstm(
        inputs, before, kernels, model.bias, 1, 0.0, torch.is_grad_enabled(), False, True
    )
    return hidden, tuple(part[0] for part in after)


def fused_gru(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
    """The GRU whose reset gate is applied after the recurrent product, through `torch.gru`."""

    def second_bias() -> Tensor:
        candidate_bias = parameters["candidate_bias"]
        return torch.cat([candidate_bias.new_zeros(2 * model.hidden), candidate_bias])

    kernels = weights(model, parameters, second_bias)
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
