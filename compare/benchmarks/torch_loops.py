"""PyTorch as its users write it: modules and `torch.optim`."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from adapters.interface import Declaration
from compare.benchmarks.native_loop import (
    CLASSIFICATION,
    ClassifiesByLastState,
    ForecastsEveryStep,
    ForecastsOneValue,
    ReadsUnlikeLengths,
)
from compare.benchmarks.torch_modules import ModuleLoop


class NnLstm(ModuleLoop, ClassifiesByLastState):
    """`torch.nn.LSTM` under the fused `torch.optim.Adam`: two biases a gate, where the contract has one."""

    declaration = Declaration(
        distribution="torch",
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
    )


class NnGru(ModuleLoop, ClassifiesByLastState):
    """`torch.nn.GRU` in the same loop."""

    declaration = Declaration(
        distribution="torch",
        devices=("cpu", "cuda"),
        cells=("gru",),
        resets=("after",),
        optimizers=("adam",),
        dtypes=("float32",),
    )
    layer = nn.GRU
    fixed: ClassVar[Mapping[str, object]] = {"cell": "gru", **CLASSIFICATION}


class NnStackedLstm(ModuleLoop, ClassifiesByLastState):
    """`torch.nn.LSTM` of two layers in both directions, each direction's last state side by side."""

    declaration = Declaration(
        distribution="torch",
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
        features=("layers", "bidirectional"),
    )
    fixed: ClassVar[Mapping[str, object]] = {
        "cell": "lstm",
        "layers": 2,
        "bidirectional": True,
        **CLASSIFICATION,
    }

    def _read(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        _, states = self._layer(inputs)
        forward, reverse = states[0][-2:]
        return torch.cat((forward, reverse), 1)


class NnForecast(ModuleLoop, ForecastsOneValue):
    """`torch.nn.LSTM`, its last state read out as a value."""

    declaration = Declaration(
        distribution="torch",
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
    )


class NnPackedGru(ModuleLoop, ReadsUnlikeLengths):
    """`torch.nn.GRU` over packed sequences, `torch.optim.RMSprop`, a norm that is clipped."""

    declaration = Declaration(
        distribution="torch",
        devices=("cpu", "cuda"),
        cells=("gru",),
        resets=("after",),
        optimizers=("rmsprop",),
        schedules=("cosine",),
        features=("lengths", "clip_norm"),
        dtypes=("float32",),
    )
    layer = nn.GRU

    def _read(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        assert lengths is not None
        packed = nn.utils.rnn.pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        _, state = self._layer(packed)
        last: Tensor = state[-1]
        return last


class NnEveryStep(ModuleLoop, ForecastsEveryStep):
    """`torch.nn.GRU` of two layers, read out at every step, under the fused `torch.optim.AdamW`."""

    declaration = Declaration(
        distribution="torch",
        devices=("cpu", "cuda"),
        cells=("gru",),
        resets=("after",),
        optimizers=("adamw",),
        schedules=("cosine",),
        features=("layers",),
        dtypes=("float32",),
    )
    layer = nn.GRU

    def _read(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        hidden: Tensor = self._layer(inputs)[0]
        return hidden
