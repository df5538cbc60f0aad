"""NumPy from scratch: cells forward and backward by hand, no automatic differentiation.

A large batch is split over as many threads as BLAS was given, each with its own buffers and a BLAS of
one thread: the element-wise half of the work, which BLAS does not thread, then runs on all cores too.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from adapters.interface import Adapter, Array, Declaration, MatrixProduct, ModelSpec, Span, TrainSpec
from adapters.numpy_backend.calls import Calls, carry_out
from adapters.numpy_backend.network import Network, pack, unpack
from adapters.numpy_backend.optimizers import optimizer

GATE_VALUES_PER_THREAD = 16384
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
        self._model, self._train_spec = model, train
        self._dtype = np.dtype(train.dtype)
        self._parameters = pack(
            model, {name: value.astype(self._dtype) for name, value in parameters.items()}
        )
        self._optimizer = optimizer(train.optimizer, self._parameters)
        self._blas = ThreadpoolController().select(user_api="blas")
        self._threads = max((pool["num_threads"] for pool in self._blas.info()), default=1)
        self._pool = ThreadPoolExecutor(max(1, self._threads - 1))
        self._lanes: list[Lane] = []
        self._batch = 0

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._spans = self._train_spec.spans(self._model, inputs.shape[1])
        integers = self._model.loss == "softmax_cross_entropy"
        self._inputs = np.array(inputs, self._dtype)
        self._targets = np.array(targets, np.int64 if integers else self._dtype)
        if self._model.readout == "last":
            self._targets = self._targets[:, np.newaxis]
        self._batch = 0

    def _train(self, batches: Array) -> Array:
        if batches.shape[1] != self._batch:
            self._divide(batches.shape[1])
        losses = np.empty((len(batches), len(self._spans)), self._dtype)
        with self._blas.limit(limits=1) if len(self._lanes) > 1 else nullcontext():
            for row, indices in enumerate(batches):
                for span in self._spans:
                    self._differentiate(indices, span)
                    self._update()
                losses[row] = self._losses()
        return losses.ravel()

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        outputs = []
        for first in range(0, max(1, len(inputs)), PREDICT_BATCH):
            part = inputs[first : first + PREDICT_BATCH].astype(self._dtype)
            network = Network(self._model, self._parameters, (Span(0, 0, part.shape[1]),), len(part))
            outputs.append(network.predict(part))
        joined = np.concatenate(outputs)
        return joined if self._model.readout == "every" else joined[:, 0]

    def parameters(self) -> dict[str, Array]:
        return unpack(self._model, self._parameters)

    def state(self) -> dict[str, Array]:
        return {"parameters": self._parameters.copy(), **self._optimizer.state()}

    def restore(self, state: Mapping[str, Array]) -> None:
        self._parameters[:] = state["parameters"]
        self._optimizer.restore(state)

    @classmethod
    def matrix_product(cls, size: int) -> MatrixProduct:
        left, right = np.ones((2, size, size), np.float32)
        out = np.empty_like(left)
        blas = ThreadpoolController().select(user_api="blas").info()
        kernel = ", ".join(
            f"{pool['internal_api']} for {pool.get('architecture', 'any CPU')}" for pool in blas
        )
        return MatrixProduct(lambda: np.matmul(left, right, out=out), f"numpy, {kernel or 'its own'}")

    def _divide(self, batch: int) -> None:
        """Make a network for each thread's slice of a batch of this size."""
        values = batch * self._model.gates * self._model.hidden
        count = max(1, min(self._threads, batch, values // GATE_VALUES_PER_THREAD))
        borders = [batch * lane // count for lane in range(count + 1)]
        self._batch = batch
        self._lanes = [
            Lane(slice(first, last), Network(self._model, self._parameters, self._spans, last - first))
            for first, last in pairwise(borders)
        ]
        self._update_program = list(self._update_calls())

    def _differentiate(self, indices: Array, span: Span) -> None:
        """One span of a batch, all lanes at once: the first in this thread, the others in the pool's."""
        waiting = self._hand_out(indices, span) if len(self._lanes) > 1 else ()
        self._advance(self._lanes[0], indices, span)
        for future in waiting:
            future.result()

    def _hand_out(self, indices: Array, span: Span) -> list[Future[None]]:
        return [self._pool.submit(self._advance, lane, indices, span) for lane in self._lanes[1:]]

    def _advance(self, lane: Lane, indices: Array, span: Span) -> None:
        if span.start == 0:
            chosen = indices[lane.rows]
            lane.network.begin(self._inputs.take(chosen, 0), self._targets.take(chosen, 0))
        lane.network.differentiate(span)

    def _update(self) -> None:
        carry_out(self._update_program)

    def _update_calls(self) -> Calls:
        """One update; the gradients are sums over the batch, and so is their limit."""
        gradient, *others = (lane.network.gradient for lane in self._lanes)
        for other in others:
            yield partial(np.add, gradient, other, gradient)
        if self._train_spec.clip_value is not None:
            limit = np.array(self._train_spec.clip_value * self._batch, self._dtype)
            yield partial(np.minimum, gradient, limit, out=gradient)
            yield partial(np.maximum, gradient, -limit, out=gradient)
        yield from self._optimizer.update(self._parameters, gradient, self._batch)

    def _losses(self) -> Array:
        """The loss of each update of the batch, before that update."""
        losses: Array = np.add.reduce([lane.network.losses() for lane in self._lanes]) / self._batch
        return losses
