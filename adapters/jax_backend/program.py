"""Training and prediction under two specs, as programs that XLA compiles."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array as Tensor
from jax.sharding import Mesh

from adapters.interface import ModelSpec, Span, TrainSpec
from adapters.jax_backend.cells import State
from adapters.jax_backend.devices import constrained, shared, whole
from adapters.jax_backend.network import LOSSES, TARGETS, begin, forward
from adapters.jax_backend.optimizers import TrainState, update
from adapters.parameters import shapes


class Sequences(NamedTuple):
    """Inputs (B, T, D), which of their steps are valid (B, T), if not all of them, and the targets."""

    inputs: Tensor
    valid: Tensor | None
    targets: Tensor

    def steps(self, first: int, stop: int) -> tuple[Tensor, Tensor | None]:
        """Inputs and valid steps from `first` to `stop`."""
        return self.inputs[:, first:stop], None if self.valid is None else self.valid[:, first:stop]


class Program(NamedTuple):
    """What is computed under two specs, on these devices, compiled once for each size of data."""

    model: ModelSpec
    train: TrainSpec
    mesh: Mesh

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def train_rows(self, start: TrainState, data: Sequences, rows: Tensor, count: int) -> Any:
        """Train on the first `count` rows of indices -> the train state after, and (rows, updates) losses."""
        spans = self.train.spans(self.model, data.inputs.shape[1])

        def train_row(row: Tensor, carried: tuple[TrainState, Tensor]) -> tuple[TrainState, Tensor]:
            (train_state, losses), batch = carried, jax.tree.map(lambda part: part[rows[row]], data)
            states = begin(self.model, batch.inputs, self.train.dtype)
            batch, states = constrained((batch, states), self.mesh, shared)
            row_losses = []
            for span in spans:
                loss, train_state, states = self.update(train_state, batch, span, states)
                row_losses.append(loss)
            return train_state, losses.at[row].set(jnp.stack(row_losses))

        losses = jnp.zeros((len(rows), len(spans)), data.inputs.dtype)
        after = jax.lax.fori_loop(0, count, train_row, (start, losses))
        return constrained(after, self.mesh, whole)

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
