"""JAX: pure functions, whole epochs in one compiled call, gradients by `jax.value_and_grad`."""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array as Tensor

from adapters.interface import Adam, Adapter, Array, Declaration, ModelSpec, Span, TrainSpec, UnsupportedSpec
from adapters.parameters import shapes

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "float32")  # on a GPU too

ROWS = 1024  # room for batches in one call, doubled until they fit: calls of other lengths compile nothing
LEARNER = ("parameters", "mean", "square", "updates")  # all in one vector, Adam's moments, their count
State = tuple[Tensor, ...]


class JaxAdapter(Adapter):
    """Cells written out and scanned over time; adapters of equal specs share what is compiled."""

    declaration = Declaration(
        distribution="jax",
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
        self.restore(dict(zip(LEARNER, (flat, 0 * flat, 0 * flat, np.array(0)), strict=True)))

    def restore(self, state: Mapping[str, Array]) -> None:
        self._learner: State = tuple(self._tensor(state[name], state[name].dtype) for name in LEARNER)

    def state(self) -> dict[str, Array]:
        return dict(zip(LEARNER, map(np.array, self._learner), strict=True))

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        kind = self._dtype if self._program.model.loss == "half_squared_error" else np.int64
        self._data = self._tensor(inputs, self._dtype), self._tensor(targets, kind)

    def _train(self, batches: Array) -> Array:
        room = max(ROWS, 1 << (len(batches) - 1).bit_length())
        rows = self._tensor(np.pad(batches, ((0, room - len(batches)), (0, 0))), np.int64)
        self._learner, losses = self._program.train_rows(self._learner, *self._data, rows, len(batches))
        return np.array(losses)[: len(batches)].ravel()

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        return np.array(self._program.run(self._learner[0], self._tensor(inputs, self._dtype))[0])

    def parameters(self) -> dict[str, Array]:
        return {name: np.array(value) for name, value in self._program.unpack(self._learner[0]).items()}

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        return (f"XLA, as built for JAX {jax.__version__}",)

    def _tensor(self, values: Any, dtype: Any) -> Any:
        return jax.device_put(np.array(values, dtype), self._device)


class Program(NamedTuple):
    """What is computed under two specs, compiled once for each size of data."""

    model: ModelSpec
    train: TrainSpec

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def train_rows(self, learner: State, inputs: Tensor, targets: Tensor, rows: Tensor, count: int) -> Any:
        """Train on the first `count` rows of indices -> the learner and (rows, updates) losses."""
        spans = self.train.spans(self.model, inputs.shape[1])

        def train_row(row: Tensor, carried: tuple[State, Tensor]) -> tuple[State, Tensor]:
            (learner, losses), batch = carried, (inputs[rows[row]], targets[rows[row]])
            found, state = [], None
            for span in spans:
                loss, learner, state = self.learn(learner, *batch, span, state)
                found.append(loss)
            return learner, losses.at[row].set(jnp.stack(found))

        start = (learner, jnp.zeros((len(rows), len(spans)), inputs.dtype))
        return jax.lax.fori_loop(0, count, train_row, start)

    def unpack(self, flat: Tensor) -> dict[str, Tensor]:
        """The parameters by name."""
        parts = jnp.split(flat, np.cumsum([np.prod(shape) for shape in shapes(self.model).values()])[:-1])
        return {n: part.reshape(s) for part, (n, s) in zip(parts, shapes(self.model).items(), strict=True)}

    @partial(jax.jit, static_argnums=0)
    def run(self, flat: Tensor, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """(B, T, D) and the state before -> outputs, of the last step or of all, and the state after."""
        parameters, zeros = self.unpack(flat), jnp.zeros((len(inputs), self.model.hidden), inputs.dtype)
        begin = state or (zeros,) * (2 if self.model.cell == "lstm" else 1)
        projected = inputs @ parameters["input_kernel"] + parameters.get("bias", 0)

        def step(state: State, projected: Tensor) -> tuple[State, Tensor]:
            gates = projected + state[0] @ parameters["recurrent_kernel"]
            if self.model.cell == "elman":
                hidden = getattr(jax.nn, self.model.activation)(gates)
                return (hidden,), hidden
            i, f, g, o = jnp.split(gates, 4, axis=-1)
            memory = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
            hidden = jax.nn.sigmoid(o) * jnp.tanh(memory)
            return (hidden, memory), hidden

        after, hidden = jax.lax.scan(step, begin, projected.swapaxes(0, 1))
        readable = hidden.swapaxes(0, 1) if self.model.readout == "every" else after[0]
        return readable @ parameters["readout_kernel"] + parameters.get("readout_bias", 0), after

    def learn(self, learner: State, inputs: Tensor, targets: Tensor, span: Span, state: State | None) -> Any:
        """One update -> the loss before it, the learner, and the state after its steps."""
        _, state = self.run(learner[0], inputs[:, span.start : span.cut], state)
        wanted = targets[:, span.cut : span.stop] if self.model.readout == "every" else targets

        def loss(flat: Tensor) -> tuple[Tensor, State]:
            outputs, after = self.run(flat, inputs[:, span.cut : span.stop], state)
            if self.model.loss == "half_squared_error":
                return jnp.square(outputs - wanted).sum() / (2 * len(outputs)), after
            chosen = jnp.take_along_axis(jax.nn.log_softmax(outputs), wanted[..., None], -1)
            return -chosen.sum() / len(outputs), after

        (value, state), gradient = jax.value_and_grad(loss, has_aux=True)(learner[0])
        return value, self.update(learner, gradient), state

    def update(self, learner: State, gradient: Tensor) -> State:
        (flat, mean, square, before), spec, limit = learner, self.train.optimizer, self.train.clip_value
        gradient = gradient if limit is None else jnp.clip(gradient, -limit, limit)
        if not isinstance(spec, Adam):
            return flat - spec.learning_rate * gradient, mean, square, before
        updates, mean = before + 1, mean + (1 - spec.beta1) * (gradient - mean)
        square = square + (1 - spec.beta2) * (gradient**2 - square)
        rate = spec.learning_rate * jnp.sqrt(1 - spec.beta2**updates) / (1 - spec.beta1**updates)
        flat = flat - rate.astype(flat.dtype) * mean / (jnp.sqrt(square) + spec.epsilon)
        return flat, mean, square, updates
