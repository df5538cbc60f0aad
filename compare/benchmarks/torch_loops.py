"""PyTorch as its users write it: modules and `torch.optim`, and the tutorials' loop."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from adapters.interface import Adam, Array, ModelSpec, Sgd, TrainSpec, UnsupportedSpec, rate_at
from compare.benchmarks.native_loop import NativeLoop


class NnLstm(NativeLoop):
    """`torch.nn.LSTM`, `torch.nn.Linear` and the fused `torch.optim.Adam`, a batch at a time."""

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if model.cell != "lstm" or model.loss != "softmax_cross_entropy" or model.readout != "last":
            raise UnsupportedSpec(f"cell is {model.cell!r}: this loop classifies with an LSTM's last state")
        if not isinstance(train.optimizer, Adam):
            raise UnsupportedSpec(f"optimizer is {train.optimizer}: this loop uses Adam")
        self._layer = nn.LSTM(model.inputs, model.hidden, bias=model.bias, batch_first=True)
        self._readout = nn.Linear(model.hidden, model.outputs, bias=model.bias)
        self._trained = [*self._layer.parameters(), *self._readout.parameters()]
        rule = train.optimizer
        self._optimizer = torch.optim.Adam(
            self._trained, rate_at(rule.learning_rate, 0), (rule.beta1, rule.beta2), rule.epsilon, fused=True
        )

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._inputs = torch.tensor(np.asarray(inputs, np.float32))
        self._targets = torch.tensor(np.asarray(targets, np.int64))

    def _train(self, batches: Array) -> Array:
        losses = [self._step(indices) for indices in torch.from_numpy(batches)]
        shown: Array = torch.stack(losses).numpy()
        return shown

    def _step(self, indices: Tensor) -> Tensor:
        self._optimizer.zero_grad()
        hidden, _ = self._layer(self._inputs[indices])
        loss = nn.functional.cross_entropy(self._readout(hidden[:, -1]), self._targets[indices])
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return loss.detach()


class OnlineTutorial(NativeLoop):
    """The online sine as the tutorials print it: a step, its autograd, two weights moved by hand.

    Source: tutorials 000 and 001.
    """

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if not isinstance(train.optimizer, Sgd) or train.update_every != 1 or model.bias:
            raise UnsupportedSpec(f"update_every is {train.update_every}: this loop updates at every step")
        self._rate = rate_at(train.optimizer.learning_rate, 0)
        stacked = np.concatenate([parameters["input_kernel"], parameters["recurrent_kernel"]])
        self._inner = torch.tensor(stacked, dtype=torch.float32, requires_grad=True)
        self._outer = torch.tensor(parameters["readout_kernel"], dtype=torch.float32, requires_grad=True)
        self._hidden = model.hidden

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._inputs = torch.tensor(np.asarray(inputs, np.float32))
        self._targets = torch.tensor(np.asarray(targets, np.float32))

    def _train(self, batches: Array) -> Array:
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
