"""NumPy from scratch: cells forward and backward by hand, no automatic differentiation.

A large batch is split over as many threads as BLAS was given, each with its own buffers and a BLAS of
one thread: the element-wise half of the work, which BLAS does not thread, then runs on all cores too.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, repeat
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from adapters.interface import (
    Adapter,
    Array,
    Declaration,
    ModelSpec,
    Span,
    TrainSpec,
    UnsupportedSpec,
    check_batches,
    check_data,
    check_sequences,
)
from adapters.numpy_network import Network, pack, unpack
from adapters.numpy_optimizers import optimizer
from adapters.parameters import check_parameters

GATE_VALUES_PER_THREAD = 8192
"""Below so many gate values a step, handing a slice of the batch to a thread costs more than it saves."""

PREDICT_BATCH = 500


class Lane(NamedTuple):
    """One thread's share of every batch."""

    rows: slice
    network: Network


class NumpyAdapter(Adapter):
    """The reference that the others are held against, and a fast one."""

    declaration = Declaration(distribution="numpy")

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if device != "cpu":
            raise UnsupportedSpec(f"device is {device!r}: numpy runs on the cpu only")
        check_parameters(model, parameters)
        self._model, self._train = model, train
        self._dtype = np.dtype(train.dtype)
        self._parameters = pack(
            model, {name: value.astype(self._dtype) for name, value in parameters.items()}
        )
        self._optimizer = optimizer(train.optimizer, self._parameters)
        self._blas = ThreadpoolController().select(user_api="blas")
        self._threads = max((pool["num_threads"] for pool in self._blas.info()), default=1)
        self._pool = ThreadPoolExecutor(self._threads)
        self._lanes: list[Lane] = []
        self._sequences = 0
        self._batch = 0

    def load(self, inputs: Array, targets: Array) -> None:
        self._spans = check_data(self._model, self._train, inputs, targets)
        integers = self._model.loss == "softmax_cross_entropy"
        self._inputs = np.array(inputs, self._dtype)
        self._targets = np.array(targets, np.int64 if integers else self._dtype)
        self._sequences = len(inputs)
        self._batch = 0

    def train(self, batches: Array) -> Array:
        check_batches(batches, self._sequences)
        if batches.shape[1] != self._batch:
            self._divide(batches.shape[1])
        losses = np.empty((len(batches), len(self._spans)), self._dtype)
        with self._blas.limit(limits=1 if len(self._lanes) > 1 else None):
            for row, indices in enumerate(batches):
                self._each_lane(self._begin, indices)
                for column, span in enumerate(self._spans):
                    losses[row, column] = sum(self._each_lane(self._differentiate, span))
                    self._update()
        return losses.ravel()

    def predict(self, inputs: Array) -> Array:
        check_sequences(self._model, inputs)
        outputs = []
        for first in range(0, max(1, len(inputs)), PREDICT_BATCH):
            part = inputs[first : first + PREDICT_BATCH].astype(self._dtype)
            network = Network(self._model, self._parameters, part.shape[1], len(part))
            network.begin(part)
            outputs.append(np.moveaxis(network.predict(), -1, 0))
        joined = np.concatenate(outputs)
        return joined if self._model.readout == "every" else joined[:, 0]

    def parameters(self) -> dict[str, Array]:
        return unpack(self._model, self._parameters)

    def _divide(self, batch: int) -> None:
        """Make a network for each thread's slice of a batch of this size."""
        values = batch * self._model.gates * self._model.hidden
        count = max(1, min(self._threads, batch, values // GATE_VALUES_PER_THREAD))
        borders = [batch * lane // count for lane in range(count + 1)]
        self._batch = batch
        self._lanes = [
            Lane(
                slice(first, last),
                Network(self._model, self._parameters, self._inputs.shape[1], last - first),
            )
            for first, last in pairwise(borders)
        ]

    def _each_lane(self, work: Callable[[Lane, Any], Any], argument: Any) -> list[Any]:
        if len(self._lanes) == 1:
            return [work(self._lanes[0], argument)]
        return list(self._pool.map(work, self._lanes, repeat(argument)))

    def _begin(self, lane: Lane, indices: Array) -> None:
        chosen = indices[lane.rows]
        lane.network.begin(self._inputs[chosen], self._targets[chosen])

    def _differentiate(self, lane: Lane, span: Span) -> float:
        return lane.network.differentiate(span, self._batch)

    def _update(self) -> None:
        gradient, *others = (lane.network.gradient for lane in self._lanes)
        for other in others:
            gradient += other
        limit = self._train.clip_value
        if limit is not None:
            np.clip(gradient, -limit, limit, out=gradient)
        self._optimizer.update(self._parameters, gradient)
