"""The online sine as its tutorials print it, in PyTorch."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from adapters.interface import Array, Declaration, ModelSpec, Sgd, TrainSpec, UnsupportedSpec, rate_at
from compare.benchmarks.native_loop import SIZES, NativeLoop


class OnlineTutorial(NativeLoop):
    """The online sine as the tutorials print it: a step, its autograd, two weights moved by hand.

    Source: tutorials 000 and 001.
    """

    declaration = Declaration(
        distribution="torch", cells=("elman",), optimizers=("sgd",), dtypes=("float32",)
    )
    optimizer = Sgd
    fixed: ClassVar[Mapping[str, object]] = {
        "cell": "elman",
        "loss": "half_squared_error",
        "activation": "tanh",
        "bias": False,
        "readout": "every",
        "update_every": 1,
        "backprop_through": 1,
        "dtype": "float32",
    }
    free = SIZES | {"learning_rate"}

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        super().__init__(model, train, parameters, device=device)
        assert isinstance(train.optimizer, Sgd)
        self._rate = rate_at(train.optimizer.learning_rate, 0)
        stacked = np.concatenate([parameters["input_kernel"], parameters["recurrent_kernel"]])
        self._inner = torch.tensor(stacked, dtype=torch.float32, requires_grad=True)
        self._outer = torch.tensor(parameters["readout_kernel"], dtype=torch.float32, requires_grad=True)
        self._hidden = model.hidden

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._inputs = torch.tensor(np.asarray(inputs, np.float32))
        self._targets = torch.tensor(np.asarray(targets, np.float32))

    def _train(self, batches: Array) -> Array:
        if batches.shape[1] != 1:
            raise UnsupportedSpec(f"a batch has {batches.shape[1]} sequences: this loop trains one at a time")
        losses = []
        for (index,) in batches:
            context = torch.zeros((1, self._hidden))
            for given, target in zip(self._inputs[index], self._targets[index], strict=True):
                context = torch.tanh(torch.cat((given[None], context), 1).mm(self._inner))
                loss = (context.mm(self._outer) - target).pow(2).sum() / 2
                loss.backward()
                self._move(self._inner)
                self._move(self._outer)
                context = context.detach()
                losses.append(loss.detach())
        shown: Array = torch.stack(losses).numpy()
        return shown

    def _move(self, weights: Tensor) -> None:
        gradient = weights.grad
        assert gradient is not None
        weights.data -= self._rate * gradient.data
        gradient.data.zero_()
