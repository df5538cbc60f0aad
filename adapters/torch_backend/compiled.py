"""PyTorch through `torch.compile`: the step-by-step layers, forward and back, as generated code.

`torch.nn.LSTM` and the like gain nothing from it: where a compiled model calls one, the compiler leaves it as
it is. Loops over time steps are unrolled, so that compiling takes the longer, the more steps there are.
Nothing is kept on disk: every process compiles what it needs, which its cold costs show.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch._inductor.cpp_builder import get_cpp_compiler
from torch.compiler import config as compiler_config

from adapters.interface import Array, Declaration, ModelSpec, TrainSpec, UnsupportedSpec
from adapters.torch_backend.autograd import AutogradTrainer
from adapters.torch_backend.base import TorchBase, TrainerType
from adapters.torch_backend.layers import LAYERS, Layer, State, Tensors
from adapters.torch_backend.reduced import in_dtype

MOST_STEPS = 32
"""Steps that are compiled in one; longer sequences are read in such parts."""

MOST_FORMS = 10_000
"""For how many shapes and specs a layer may be compiled in one process: torch's own limit is 8."""

dynamo: Any = torch._dynamo
dynamo.config.recompile_limit = dynamo.config.accumulated_recompile_limit = MOST_FORMS
compiler_config.force_disable_caches = True

NAMES = ("input_kernel", "recurrent_kernel", "bias", "candidate_bias")
"""The order in which a layer's parameters are handed over."""


def by_position(
    layer: Layer, model: ModelSpec, values: tuple[Tensor | None, ...], inputs: Tensor, state: State
) -> tuple[Tensor, State]:
    """The layer with its parameters in the order of NAMES, None for one that it has not.

    Where a name is missing that was there when it was compiled before, torch 2.13 ends with a KeyError.
    """
    parameters = {name: value for name, value in zip(NAMES, values, strict=True) if value is not None}
    return layer(model, parameters, inputs, state)


def in_parts(layer: Layer) -> Layer:
    """The layer compiled; a sequence is handed to it part by part, with the state after the one before."""
    compiled = torch.compile(by_position, fullgraph=True, dynamic=False)

    def run(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        hidden, values = [], tuple(map(parameters.get, NAMES))
        cuts = list(range(MOST_STEPS, inputs.shape[1], MOST_STEPS))
        for part in torch.tensor_split(inputs, cuts, 1):
            steps, state = compiled(layer, model, values, part, state)
            hidden.append(steps)
        return torch.cat(hidden, 1), state

    return run


class TorchCompileAdapter(TorchBase):
    """What `torch-autograd` does step by step, compiled."""

    declaration = Declaration(
        distribution="torch",
        computes="every cell step by step, up to 32 steps and their gradients in one by `torch.compile`",
        devices=("cpu",),
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        dtypes=("float32", "float64", "bfloat16", "float16"),
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        try:
            get_cpp_compiler()
        except RuntimeError as error:
            raise UnsupportedSpec(f"device is {device!r}: no C++ compiler was found, install g++") from error
        super().__init__(model, train, parameters, device=device)

    def trainer(self, model: ModelSpec, lengths: Tensor | None) -> TrainerType:
        layer = in_parts(LAYERS[model.cell, model.activation, model.reset])
        return partial(AutogradTrainer, layer=in_dtype(layer, self._train_spec.dtype))
