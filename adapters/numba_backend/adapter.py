"""Numba: cells from scratch as compiled loops, SciPy's BLAS, many batches in one compiled call."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import inf

import numpy as np
import scipy.linalg.cython_blas  # noqa: F401 - loads the BLAS that compiled products call
from threadpoolctl import ThreadpoolController

from adapters.interface import Adapter, Array, Declaration, ModelSpec, TrainSpec
from adapters.numba_backend.arrays import sizes_of
from adapters.numba_backend.network import forward
from adapters.numba_backend.optimizers import RULES, Moments
from adapters.numba_backend.pointers import dtype_of_targets, functions_of
from adapters.numba_backend.room import room_for
from adapters.numba_backend.training import (
    Data,
    Part,
    Training,
    train_rows,
    train_rows_in_parts,
)
from adapters.parameters import shapes

GATE_VALUES_PER_THREAD = 4096
"""Below so many gate values a step, handing a part of the batch to a thread costs more than it saves."""

PREDICT_BATCH = 500


class NumbaAdapter(Adapter):
    """Nothing is kept on disk: every process compiles what it needs, which its cold costs show."""

    declaration = Declaration(
        distribution="numba",
        computes="all cells forward and backward by hand in compiled loops, a large batch split over threads",
        unsupported={"dtype": "no such type in Numba"},
        variables={"NUMBA_DISABLE_JIT": "0", "NUMBA_OPT": "3"},  # whatever a .numba_config.yaml says
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        self._model, self._train_spec, self._dtype = model, train, train.dtype
        self._sizes, self._rule = sizes_of(model), RULES[type(train.optimizer)](train.optimizer)
        self._functions = functions_of(model, self._rule.update, train.dtype)
        self._kind = dtype_of_targets(model, train.dtype)
        flat = np.concatenate([np.ravel(parameters[name]) for name in shapes(model)])
        self._parameters = flat.astype(train.dtype)
        self._moments = Moments(np.zeros_like(self._parameters), np.zeros_like(self._parameters))
        self._updates = np.array(0)
        self._blas = ThreadpoolController().select(user_api="blas")
        self._threads = max((pool["num_threads"] for pool in self._blas.info()), default=1)
        self._pool = ThreadPoolExecutor(self._threads)

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        N, T, _ = inputs.shape
        self._data = Data(
            inputs=np.array(inputs, self._dtype, order="C"),
            targets=np.array(targets, self._kind, order="C").reshape(N, T if self._sizes.every else 1, -1),
            lengths=np.full(N, T) if lengths is None else lengths.copy(),
        )
        train = self._train_spec
        self._training = Training(
            sizes=self._sizes,
            parameters=self._parameters,
            moments=self._moments,
            constants=self._in_range(self._rule.constants),
            clip_value=inf if train.clip_value is None else float(train.clip_value),
            clip_norm=inf if train.clip_norm is None else float(train.clip_norm),
            spans=np.array(train.spans(self._model, T)),
        )
        self._parts: list[Part] = []
        self._batch = 0

    def _train(self, batches: Array) -> Array:
        if batches.shape[1] != self._batch:
            self._prepare(batches.shape[1])
        shape = len(batches), len(self._training.spans)
        numbers = range(int(self._updates), int(self._updates) + shape[0] * shape[1])
        rates = self._in_range([self._rule.rates(n) for n in numbers]).reshape(*shape, 2)
        losses = np.empty(shape, self._dtype)
        rows = np.array(batches, np.int64, order="C")
        if len(self._parts) > 1:
            with self._blas.limit(limits=1):
                train_rows_in_parts(
                    self._functions, self._training, self._parts, self._pool, self._data, rows, rates, losses
                )
        else:
            train_rows(self._functions, self._training, self._parts[0], self._data, rows, rates, losses)
        self._updates += losses.size
        return losses.ravel()

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        N, T, D = inputs.shape
        read = T if self._sizes.every else 1
        outputs = np.empty((read, N, self._model.outputs), self._dtype)
        for first in range(0, N, PREDICT_BATCH):
            some = inputs[first : first + PREDICT_BATCH].swapaxes(0, 1)
            room = room_for(self._sizes, T, some.shape[1], self._dtype, np.empty((0, 0, 1), self._kind))
            room.inputs[:] = some.reshape(-1, D)
            if lengths is not None:
                room.lengths[:] = lengths[first : first + PREDICT_BATCH]
            forward(self._functions, self._parameters, self._sizes, room, 0, T)
            outputs[:, first : first + PREDICT_BATCH] = room.outputs.reshape(read, -1, outputs.shape[2])
        result: Array = {"last": outputs[0], "every": outputs.swapaxes(0, 1)}[self._model.readout]
        return result

    def parameters(self) -> dict[str, Array]:
        sizes = [int(np.prod(shape)) for shape in shapes(self._model).values()]
        parts = np.split(self._parameters, np.cumsum(sizes)[:-1])
        return {
            name: part.reshape(shape).copy()
            for part, (name, shape) in zip(parts, shapes(self._model).items(), strict=True)
        }

    def state(self) -> dict[str, Array]:
        return {name: value.copy() for name, value in self._changing().items()}

    def restore(self, state: Mapping[str, Array]) -> None:
        for name, value in self._changing().items():
            value[...] = state[name]

    def _changing(self) -> dict[str, Array]:
        return {"parameters": self._parameters, "updates": self._updates, **self._moments._asdict()}

    def shares(self, batch: int) -> int:
        values = batch * self._model.gates * self._model.hidden
        return max(1, min(self._threads, batch, values // GATE_VALUES_PER_THREAD))

    def _prepare(self, batch: int) -> None:
        """Make room for batches of this size."""
        count = self.shares(batch)
        borders = [batch * part // count for part in range(count + 1)]
        T = self._data.inputs.shape[1]
        self._parts = [
            Part(
                room_for(self._sizes, T, stop - first, self._dtype, self._data.targets),
                np.zeros_like(self._parameters),
            )
            for first, stop in pairwise(borders)
        ]
        self._batch = batch

    def _in_range(self, values: object) -> Array:
        """In the dtype of the spec; infinite where its range ends before a value."""
        with np.errstate(over="ignore"):
            return np.array(values, np.float64).astype(self._dtype)
