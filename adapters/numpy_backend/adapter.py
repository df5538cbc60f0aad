"""NumPy from scratch: cells forward and backward by hand, no automatic differentiation."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import pairwise

import numpy as np
from threadpoolctl import ThreadpoolController

from adapters.interface import Adapter, Alone, Array, Declaration, ModelSpec, TrainSpec, Work
from adapters.numpy_backend.alone import alone
from adapters.numpy_backend.clipping import clipping
from adapters.numpy_backend.flat_parameters import pack, unpack
from adapters.numpy_backend.levels import OrderOfLengths
from adapters.numpy_backend.losses import LOSSES
from adapters.numpy_backend.network import Backpropagation
from adapters.numpy_backend.optimizers import OPTIMIZERS
from adapters.numpy_backend.parallel import ParallelBackpropagation
from adapters.numpy_backend.prediction import predict

GATE_VALUES_PER_THREAD = 16384
"""Below so many gate values a step, handing a part of the batch to a thread costs more than it saves."""

PREDICT_BATCH = 500


class NumpyAdapter(Adapter):
    """The reference that the others are held against, and a fast one.

    Each cell has a file; a large batch is split over as many threads as BLAS was given.
    """

    declaration = Declaration(
        distribution="numpy",
        computes="all cells forward and backward by hand, a large batch split over threads",
        unsupported={"dtype": "without BLAS in NumPy"},
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        self._model, self._train_spec = model, train
        self._dtype = np.dtype(train.dtype)
        self._parameters = pack(
            model, {name: value.astype(self._dtype) for name, value in parameters.items()}
        )
        self._optimizer = OPTIMIZERS[type(train.optimizer)](train.optimizer, self._parameters)
        self._blas = ThreadpoolController().select(user_api="blas")
        self._threads = max((pool["num_threads"] for pool in self._blas.info()), default=1)
        self._pool = ThreadPoolExecutor(max(1, self._threads - 1))
        self._parts: list[Backpropagation] = []
        self._batch = 0

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._spans = self._train_spec.spans(self._model, inputs.shape[1])
        self._inputs, self._lengths = np.array(inputs, self._dtype), lengths
        targets = np.array(targets, np.int64 if LOSSES[self._model.loss].of_classes else self._dtype)
        self._targets = {"last": targets[:, np.newaxis], "every": targets}[self._model.readout]
        self._batch = 0

    def _train(self, batches: Array) -> Array:
        if batches.shape[1] != self._batch:
            self._prepare(batches.shape[1])
        losses = np.empty((len(batches), len(self._spans)), self._dtype)
        backpropagation, clip, update = self._backpropagation, self._clip, self._optimizer.update
        differentiate, parameters = backpropagation.differentiate, self._parameters
        gradient, numbers = backpropagation.gradient, range(len(self._spans))
        with self._blas.limit(limits=1) if len(self._parts) > 1 else nullcontext():
            for row, indices in enumerate(batches):
                backpropagation.begin(self._inputs, self._targets, self._lengths, indices)
                for number in numbers:
                    differentiate(number)
                    if clip is not None:
                        clip(gradient)
                    update(parameters, gradient)
                losses[row] = backpropagation.losses() / self._batch
        return losses.ravel()

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        outputs = []
        for first in range(0, max(1, len(inputs)), PREDICT_BATCH):
            part = slice(first, first + PREDICT_BATCH)
            lengths_of_part = None if lengths is None else lengths[part]
            outputs.append(
                predict(self._model, self._parameters, inputs[part].astype(self._dtype), lengths_of_part)
            )
        joined = np.concatenate(outputs)
        return {"last": joined[:, 0], "every": joined}[self._model.readout]

    def parameters(self) -> dict[str, Array]:
        return unpack(self._model, self._parameters)

    def state(self) -> dict[str, Array]:
        return {"parameters": self._parameters.copy(), **self._optimizer.state()}

    def restore(self, state: Mapping[str, Array]) -> None:
        self._parameters[:] = state["parameters"]
        self._optimizer.restore(state)

    @classmethod
    def alone(cls, work: Work) -> Alone:
        return alone(work)

    def shares(self, batch: int) -> int:
        values = batch * self._model.gates * self._model.hidden
        return max(1, min(self._threads, batch, values // GATE_VALUES_PER_THREAD))

    def _prepare(self, batch: int) -> None:
        """Make the arrays and views that training on batches of this size works on."""
        count = self.shares(batch)
        borders = [batch * part // count for part in range(count + 1)]
        self._parts = [
            Backpropagation(
                self._model, self._parameters, self._spans, last - first, self._order(last - first)
            )
            for first, last in pairwise(borders)
        ]
        self._backpropagation = (
            self._parts[0] if count == 1 else ParallelBackpropagation(self._parts, self._pool)
        )
        self._optimizer.set_batch(batch)
        self._clip = clipping(self._train_spec, batch, self._dtype)
        self._batch = batch

    def _order(self, batch: int) -> OrderOfLengths | None:
        if self._lengths is None:
            return None
        return OrderOfLengths(self._spans[-1].stop, batch, self._dtype)
