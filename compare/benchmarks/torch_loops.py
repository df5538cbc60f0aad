"""PyTorch as its users write it: modules and `torch.optim`, and the tutorials' loop."""

from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from adapters.interface import Adam, Array, Declaration, ModelSpec, Sgd, TrainSpec, UnsupportedSpec, rate_at
from adapters.torch_backend.base import kernels_run  # which has cuDNN compute in float32, not TF32
from compare.benchmarks.native_loop import CLASSIFICATION, SIZES, ClassifiesByLastState, NativeLoop


class NnLstm(ClassifiesByLastState):
    """`torch.nn.LSTM`, `torch.nn.Linear` and the fused `torch.optim.Adam`, a batch at a time."""

    declaration = Declaration(
        distribution="torch",
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
    )
    layer: ClassVar[type[nn.LSTM | nn.GRU]] = nn.LSTM

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        super().__init__(model, train, parameters, device=device)
        assert isinstance(train.optimizer, Adam)
        self._layer = self.layer(
            model.inputs,
            model.hidden,
            model.layers,
            bias=model.bias,
            batch_first=True,
            bidirectional=model.bidirectional,
            device=device,
        )
        self._readout = nn.Linear(model.width, model.outputs, bias=model.bias, device=device)
        self._device = device
        self._trained = [*self._layer.parameters(), *self._readout.parameters()]
        rule = train.optimizer
        self._optimizer = torch.optim.Adam(
            self._trained, rate_at(rule.learning_rate, 0), (rule.beta1, rule.beta2), rule.epsilon, fused=True
        )

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._inputs = torch.tensor(np.asarray(inputs, np.float32), device=self._device)
        self._targets = torch.tensor(np.asarray(targets, np.int64), device=self._device)

    def _train(self, batches: Array) -> Array:
        losses = [self._step(indices) for indices in torch.tensor(batches, device=self._device)]
        shown: Array = torch.stack(losses).cpu().numpy()
        return shown

    @classmethod
    def gpu_kernels(cls, work: Callable[[], object]) -> int:
        return kernels_run(work)

    def _step(self, indices: Tensor) -> Tensor:
        self._optimizer.zero_grad()
        last = self._last(self._inputs[indices])
        loss = nn.functional.cross_entropy(self._readout(last), self._targets[indices])
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return loss.detach()

    def _last(self, inputs: Tensor) -> Tensor:
        """The top layer's state after the last step."""
        hidden, _ = self._layer(inputs)
        last: Tensor = hidden[:, -1]
        return last


class NnGru(NnLstm):
    """`torch.nn.GRU` in the same loop: two biases a gate are trained, where the contract has one."""

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


class NnStackedLstm(NnLstm):
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

    def _last(self, inputs: Tensor) -> Tensor:
        _, states = self._layer(inputs)
        forward, reverse = states[0][-2:]
        return torch.cat((forward, reverse), 1)


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
