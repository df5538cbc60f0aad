"""JAX: pure functions, whole epochs in one compiled call, gradients by `jax.value_and_grad`."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array as Tensor

from adapters.interface import (
    Adam,
    Adapter,
    Array,
    Declaration,
    ModelSpec,
    Sgd,
    Span,
    TrainSpec,
    UnsupportedSpec,
)
from adapters.parameters import shapes

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "float32")  # on a GPU too

ROWS = 1024  # room for batches in one call, doubled until they fit: calls of other lengths compile nothing
State = tuple[Tensor, ...]  # of a cell between two steps, each part (B, H): h, and the LSTM's c


class TrainState(NamedTuple):
    """All that training changes: the parameters in one vector, Adam's moments, the number of updates."""

    parameters: Tensor
    mean: Tensor
    square: Tensor
    updates: Tensor


class JaxAdapter(Adapter):
    """Cells written out and scanned over time; adapters of equal specs share what is compiled."""

    declaration = Declaration(
        distribution="jax",
        computes="both cells under `lax.scan`, gradients by `value_and_grad`, a call one XLA program",
        variables={"NPROC": "{threads}", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        devices=("cpu", "cuda"),
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        try:
            self._device = jax.devices(device)[0]
        except RuntimeError as error:
            raise UnsupportedSpec(f"device is {device!r}: this build of JAX has no such device") from error
        self._program, self._dtype = Program(model, train), train.dtype
        flat = np.concatenate([np.ravel(parameters[name]) for name in shapes(model)]).astype(train.dtype)
        self.restore({"parameters": flat, "mean": 0 * flat, "square": 0 * flat, "updates": np.array(0)})

    def restore(self, state: Mapping[str, Array]) -> None:
        self._state = TrainState(*(self._tensor(state[n], state[n].dtype) for n in TrainState._fields))

    def state(self) -> dict[str, Array]:
        return {name: np.array(value) for name, value in self._state._asdict().items()}

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        dtypes = {"half_squared_error": self._dtype, "softmax_cross_entropy": "int64"}
        kind = dtypes[self._program.model.loss]
        self._data = self._tensor(inputs, self._dtype), self._tensor(targets, kind)

    def _train(self, batches: Array) -> Array:
        room = max(ROWS, 1 << (len(batches) - 1).bit_length())
        rows = self._tensor(np.pad(batches, ((0, room - len(batches)), (0, 0))), np.int64)
        self._state, losses = self._program.train_rows(self._state, *self._data, rows, len(batches))
        return np.array(losses)[: len(batches)].ravel()

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        return np.array(self._program.run(self._state.parameters, self._tensor(inputs, self._dtype))[0])

    def parameters(self) -> dict[str, Array]:
        return {name: np.array(value) for name, value in self._program.unpack(self._state.parameters).items()}

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        return (f"XLA, as built for JAX {jax.__version__}",)

    def _tensor(self, values: Any, dtype: Any) -> Any:
        return jax.device_put(np.array(values, dtype), self._device)


def elman(activation: Callable[[Tensor], Tensor], sums: Tensor, state: State) -> State:
    """From x_t·W + h_{t-1}·U + b, (B, H), to the state after the step."""
    return (activation(sums),)


def lstm(sums: Tensor, state: State) -> State:
    """From x_t·W + h_{t-1}·U + b, (B, 4H), and the state before the step to the one after."""
    i, f, g, o = jnp.split(sums, 4, axis=-1)
    cell_state = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(cell_state), cell_state


def half_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """½(ŷ−y)², averaged over the batch."""
    return jnp.square(outputs - targets).sum() / (2 * len(outputs))


def softmax_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """−log softmax(ŷ) at the target, averaged over the batch."""
    chosen = jnp.take_along_axis(jax.nn.log_softmax(outputs), targets[..., None], -1)
    return -chosen.sum() / len(outputs)


def sgd(spec: Sgd, before: TrainState, gradient: Tensor) -> TrainState:
    """θ ← θ − η·g."""
    return before._replace(parameters=before.parameters - spec.learning_rate * gradient)


def adam(spec: Adam, before: TrainState, gradient: Tensor) -> TrainState:
    """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), m ← m + (1−β₁)·(g − m), v ← v + (1−β₂)·(g² − v)."""
    updates = before.updates + 1
    mean = before.mean + (1 - spec.beta1) * (gradient - before.mean)
    square = before.square + (1 - spec.beta2) * (gradient**2 - before.square)
    rate = spec.learning_rate * jnp.sqrt(1 - spec.beta2**updates) / (1 - spec.beta1**updates)
    step = rate.astype(mean.dtype) * mean / (jnp.sqrt(square) + spec.epsilon)
    return TrainState(before.parameters - step, mean, square, updates)


class Cell(NamedTuple):
    """What a step does with its sums, and how many arrays (B, H) the state has."""

    step: Callable[[Tensor, State], State]
    parts: int


class Readout(NamedTuple):
    """What is read out of all hidden states (T, B, H) and the state after them; the targets of a span."""

    readable: Callable[[Tensor, State], Tensor]
    targets: Callable[[Tensor, Span], Tensor]


CELLS = {
    ("elman", "tanh"): Cell(partial(elman, jnp.tanh), 1),
    ("elman", "sigmoid"): Cell(partial(elman, jax.nn.sigmoid), 1),
    ("lstm", "tanh"): Cell(lstm, 2),
}
READOUTS = {
    "last": Readout(lambda hidden, after: after[0], lambda targets, span: targets),
    "every": Readout(
        lambda hidden, after: hidden.swapaxes(0, 1), lambda targets, span: targets[:, span.cut : span.stop]
    ),
}
LOSSES = {"half_squared_error": half_squared_error, "softmax_cross_entropy": softmax_cross_entropy}
OPTIMIZERS: dict[type, Callable[[Any, TrainState, Tensor], TrainState]] = {Sgd: sgd, Adam: adam}


class Program(NamedTuple):
    """What is computed under two specs, compiled once for each size of data."""

    model: ModelSpec
    train: TrainSpec

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def train_rows(self, start: TrainState, inputs: Tensor, targets: Tensor, rows: Tensor, count: int) -> Any:
        """Train on the first `count` rows of indices -> the train state after, and (rows, updates) losses."""
        spans = self.train.spans(self.model, inputs.shape[1])

        def train_row(row: Tensor, carried: tuple[TrainState, Tensor]) -> tuple[TrainState, Tensor]:
            (train_state, losses), batch = carried, (inputs[rows[row]], targets[rows[row]])
            row_losses, state = [], None
            for span in spans:
                loss, train_state, state = self.update(train_state, *batch, span, state)
                row_losses.append(loss)
            return train_state, losses.at[row].set(jnp.stack(row_losses))

        losses = jnp.zeros((len(rows), len(spans)), inputs.dtype)
        return jax.lax.fori_loop(0, count, train_row, (start, losses))

    def unpack(self, flat: Tensor) -> dict[str, Tensor]:
        """The parameters by name."""
        parts = jnp.split(flat, np.cumsum([np.prod(shape) for shape in shapes(self.model).values()])[:-1])
        return {n: part.reshape(s) for part, (n, s) in zip(parts, shapes(self.model).items(), strict=True)}

    @partial(jax.jit, static_argnums=0)
    def run(self, flat: Tensor, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """(B, T, D) and the state before -> outputs, of the last step or of all, and the state after."""
        parameters, zeros = self.unpack(flat), jnp.zeros((len(inputs), self.model.hidden), inputs.dtype)
        cell = CELLS[self.model.cell, self.model.activation]
        projected = inputs @ parameters["input_kernel"] + parameters.get("bias", 0)

        def step(state: State, projected: Tensor) -> tuple[State, Tensor]:
            after = cell.step(projected + state[0] @ parameters["recurrent_kernel"], state)
            return after, after[0]

        after, hidden = jax.lax.scan(step, state or (zeros,) * cell.parts, projected.swapaxes(0, 1))
        readable = READOUTS[self.model.readout].readable(hidden, after)
        return readable @ parameters["readout_kernel"] + parameters.get("readout_bias", 0), after

    def update(self, before: TrainState, inputs: Tensor, targets: Tensor, span: Span, state: Any) -> Any:
        """One update -> the loss before it, the train state after it, and the cell's state after the span."""
        _, state = self.run(before.parameters, inputs[:, span.start : span.cut], state)
        read_targets = READOUTS[self.model.readout].targets(targets, span)

        def loss(flat: Tensor) -> tuple[Tensor, State]:
            outputs, after = self.run(flat, inputs[:, span.cut : span.stop], state)
            return LOSSES[self.model.loss](outputs, read_targets), after

        (value, state), gradient = jax.value_and_grad(loss, has_aux=True)(before.parameters)
        spec, limit = self.train.optimizer, self.train.clip_value
        gradient = gradient if limit is None else jnp.clip(gradient, -limit, limit)
        return value, OPTIMIZERS[type(spec)](spec, before, gradient), state
