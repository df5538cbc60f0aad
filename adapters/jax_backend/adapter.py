"""JAX: pure functions, whole epochs in one compiled call, gradients by `jax.value_and_grad`."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array as Tensor
from jax.profiler import ProfileData

from adapters.interface import (
    Adapter,
    Alone,
    Array,
    Declaration,
    KernelRun,
    ModelSpec,
    Span,
    TrainSpec,
    UnsupportedSpec,
    Work,
)
from adapters.jax_backend.alone import alone
from adapters.jax_backend.cells import State
from adapters.jax_backend.network import LOSSES, TARGETS, begin, forward
from adapters.jax_backend.optimizers import TrainState, update
from adapters.jax_backend.products import check_kernels
from adapters.parameters import shapes
from adapters.xla_programs import kernels_in

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "float32")  # on a GPU too

ROWS = 1024  # batches in one run of the program, fewer in the last: calls of other lengths compile nothing


class JaxAdapter(Adapter):
    """Cells written out and scanned over time; adapters of equal specs share what is compiled."""

    declaration = Declaration(
        distribution="jax",
        computes="every cell under `lax.scan`, gradients by `value_and_grad`, a call one XLA program",
        variables={"NPROC": "{threads}", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        devices=("cpu", "cuda"),
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        dtypes=("float32", "float64", "bfloat16", "float16"),
        kernels={"elman": "XLA fusion", "lstm": "XLA fusion", "gru": "XLA fusion"},
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        try:
            self._device = jax.devices(device)[0]
        except RuntimeError as error:
            raise UnsupportedSpec(f"device is {device!r}: this build of JAX has no such device") from error
        self._program, self._dtype = Program(model, train), train.kept_dtype
        check_kernels(train.dtype, self._device)
        flat = np.concatenate([np.ravel(parameters[name]) for name in shapes(model)]).astype(train.kept_dtype)
        self.restore({"parameters": flat, "mean": 0 * flat, "square": 0 * flat, "updates": np.array(0)})

    def restore(self, state: Mapping[str, Array]) -> None:
        self._state = TrainState(*(self._tensor(state[n], state[n].dtype) for n in TrainState._fields))

    def state(self) -> dict[str, Array]:
        return {name: np.array(value) for name, value in self._state._asdict().items()}

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        dtypes = {"half_squared_error": self._dtype, "softmax_cross_entropy": "int64"}
        kind = dtypes[self._program.model.loss]
        targets = self._tensor(targets, kind)
        self._data = Sequences(self._tensor(inputs, self._dtype), self._valid(inputs, lengths), targets)

    def _train(self, batches: Array) -> Array:
        losses: list[tuple[Any, int]] = []
        for first in range(0, len(batches), ROWS):
            some = batches[first : first + ROWS]
            rows = self._tensor(np.pad(some, ((0, ROWS - len(some)), (0, 0))), np.int64)
            self._state, found = self._program.train_rows(self._state, self._data, rows, len(some))
            losses.append((found, len(some)))
        parts = [np.array(found)[:count].ravel() for found, count in losses]
        return np.concatenate(parts) if parts else np.empty(0, self._dtype)

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        valid = self._valid(inputs, lengths)
        outputs = self._program.predict(self._state.parameters, self._tensor(inputs, self._dtype), valid)
        return np.array(outputs)

    def parameters(self) -> dict[str, Array]:
        return {name: np.array(value) for name, value in self._program.unpack(self._state.parameters).items()}

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        return (f"XLA, as built for JAX {jax.__version__}",)

    def kernels(self, batches: Array) -> tuple[KernelRun, ...]:
        self.train(batches)
        rows = self._tensor(np.zeros((ROWS, batches.shape[1])), np.int64)
        lowered = self._program.train_rows.lower(self._program, self._state, self._data, rows, len(batches))
        return kernels_in(lowered.compile().as_text())

    @classmethod
    def alone(cls, work: Work) -> Alone:
        return alone(work)

    @classmethod
    def gpu_kernels(cls, work: Callable[[], object]) -> int:
        with TemporaryDirectory() as folder:
            with jax.profiler.trace(folder):
                work()
            (trace,) = Path(folder).rglob("*.xplane.pb")
            planes = ProfileData.from_file(str(trace)).planes
            streams = [
                line
                for plane in planes
                if plane.name.startswith("/device:GPU")
                for line in plane.lines
                if line.name.startswith("Stream")
            ]
            names = [event.name for stream in streams for event in stream.events]
        return sum(not name.startswith(("Memcpy", "Memset")) for name in names)

    def _tensor(self, values: Any, dtype: Any) -> Any:
        return jax.device_put(np.array(values, dtype), self._device)

    def _valid(self, inputs: Array, lengths: Array | None) -> Any:
        """(N, T): which steps belong to a sequence; None where all of them do."""
        if lengths is None:
            return None
        return self._tensor(np.arange(inputs.shape[1]) < lengths[:, np.newaxis], bool)


class Sequences(NamedTuple):
    """Inputs (B, T, D), which of their steps are valid (B, T), if not all of them, and the targets."""

    inputs: Tensor
    valid: Tensor | None
    targets: Tensor

    def steps(self, first: int, stop: int) -> tuple[Tensor, Tensor | None]:
        """Inputs and valid steps from `first` to `stop`."""
        return self.inputs[:, first:stop], None if self.valid is None else self.valid[:, first:stop]


class Program(NamedTuple):
    """What is computed under two specs, compiled once for each size of data."""

    model: ModelSpec
    train: TrainSpec

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def train_rows(self, start: TrainState, data: Sequences, rows: Tensor, count: int) -> Any:
        """Train on the first `count` rows of indices -> the train state after, and (rows, updates) losses."""
        spans = self.train.spans(self.model, data.inputs.shape[1])

        def train_row(row: Tensor, carried: tuple[TrainState, Tensor]) -> tuple[TrainState, Tensor]:
            (train_state, losses), batch = carried, jax.tree.map(lambda part: part[rows[row]], data)
            row_losses, states = [], begin(self.model, batch.inputs, self.train.dtype)
            for span in spans:
                loss, train_state, states = self.update(train_state, batch, span, states)
                row_losses.append(loss)
            return train_state, losses.at[row].set(jnp.stack(row_losses))

        losses = jnp.zeros((len(rows), len(spans)), data.inputs.dtype)
        return jax.lax.fori_loop(0, count, train_row, (start, losses))

    def update(
        self, before: TrainState, batch: Sequences, span: Span, states: tuple[State, ...]
    ) -> tuple[Tensor, TrainState, tuple[State, ...]]:
        """One update -> the loss before it, the train state after it, and the states after the span."""
        parameters = self.unpack(before.parameters)
        _, states = forward(self.model, parameters, *batch.steps(span.start, span.cut), states)

        def loss(flat: Tensor) -> tuple[Tensor, tuple[State, ...]]:
            inputs, valid = batch.steps(span.cut, span.stop)
            outputs, after = forward(self.model, self.unpack(flat), inputs, valid, states)
            targets, read = TARGETS[self.model.readout](batch.targets, valid, span)
            losses = LOSSES[self.model.loss](outputs, targets)
            return (losses if read is None else jnp.where(read, losses, 0)).sum() / len(outputs), after

        (value, states), gradient = jax.value_and_grad(loss, has_aux=True)(before.parameters)
        return value, update(self.train, before, gradient), states

    @partial(jax.jit, static_argnums=0)
    def predict(self, flat: Tensor, inputs: Tensor, valid: Tensor | None) -> Tensor:
        """(B, T, D) -> the outputs, of the last step or of all."""
        states = begin(self.model, inputs, self.train.dtype)
        return forward(self.model, self.unpack(flat), inputs, valid, states)[0]

    def unpack(self, flat: Tensor) -> dict[str, Tensor]:
        """The parameters by name."""
        parts = jnp.split(flat, np.cumsum([np.prod(shape) for shape in shapes(self.model).values()])[:-1])
        return {n: part.reshape(s) for part, (n, s) in zip(parts, shapes(self.model).items(), strict=True)}
