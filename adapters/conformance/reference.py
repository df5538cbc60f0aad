"""The specs computed as plainly as can be, in float64: what every adapter is compared with."""

from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

import numpy as np

from adapters.conformance.formulas import LOSSES, STATE_PARTS, STEPS, Parameters, State, complex_step, plus
from adapters.conformance.update_rules import UpdateRules
from adapters.interface import Adapter, Array, Declaration, ModelSpec, Span, TrainSpec
from adapters.parameters import Layer, layers, shapes

Sequence = list[Array]
"""What a layer reads or hands on: an array (…, B, width) a time step."""

States = tuple[State, ...]
"""The state of every layer from below, each with its directions, forward first."""


class Batch(NamedTuple):
    """Sequences and their targets, and which of their steps are valid.

    Shapes: inputs (B, T, D); targets as the adapter has them; valid (B, T).
    """

    inputs: Array
    targets: Array
    valid: Array

    def steps(self, first: int, stop: int) -> "Batch":
        """Some steps of the sequences."""
        return self._replace(inputs=self.inputs[:, first:stop], valid=self.valid[:, first:stop])


class Reference(UpdateRules, Adapter):
    """One step at a time and no backward pass: gradients are complex-step derivatives of the loss.

    They come from the forward formulas alone, like central differences, but exact to rounding, so that
    hundreds of updates can be compared. Slow: a forward pass for every single parameter. `cause` is what a
    person reads where a typical mistake, made on purpose in a subclass, gives the same answers.
    """

    cause: ClassVar[str] = ""

    declaration = Declaration(
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        self.model = model
        self.layers = layers(model)
        super().__init__(
            train, {name: parameters[name].astype(train.dtype).astype(np.float64) for name in shapes(model)}
        )

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self.spans = self.spec.spans(self.model, inputs.shape[1])
        dtypes = {"half_squared_error": np.float64, "softmax_cross_entropy": np.int64}
        targets = np.array(targets, dtypes[self.model.loss])
        self.data = Batch(np.array(inputs, np.float64), targets, self.valid_steps(inputs, lengths))

    def _train(self, batches: Array) -> Array:
        losses = []
        for row in batches:
            batch, states = Batch(*(part[row] for part in self.data)), self.begin(len(row))
            for span in self.spans:
                loss, gradient, states = self.differentiate(batch, span, states)
                losses.append(loss)
                self.update(self.clip(gradient))
        return np.array(losses, self.spec.dtype)

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        batch = Batch(inputs.astype(np.float64), np.empty(0), self.valid_steps(inputs, lengths))
        outputs, _ = self.forward(self.values, batch, self.begin(len(inputs)))
        return {"last": outputs[:, 0], "every": outputs}[self.model.readout].astype(self.spec.dtype)

    def parameters(self) -> dict[str, Array]:
        return {name: value.astype(self.spec.dtype) for name, value in self.values.items()}

    def state(self) -> dict[str, Array]:
        copies = {
            f"{part} of {name}": value.copy()
            for part, values in self.changing().items()
            for name, value in values.items()
        }
        return {**copies, "updates": np.array(self.updates)}

    def restore(self, state: Mapping[str, Array]) -> None:
        for part, values in self.changing().items():
            values.update({name: state[f"{part} of {name}"].copy() for name in values})
        self.updates = int(state["updates"])

    def valid_steps(self, inputs: Array, lengths: Array | None) -> Array:
        """(N, T): whether a step belongs to its sequence."""
        sequences, time_steps, _ = inputs.shape
        if lengths is None:
            return np.ones((sequences, time_steps), bool)
        return np.arange(time_steps) < lengths[:, np.newaxis]

    def begin(self, batch: int) -> States:
        """The states before a sequence."""
        zeros = (np.zeros((batch, self.model.hidden)),) * STATE_PARTS[self.model.cell]
        return tuple(zeros for level in self.layers for _ in level)

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        """One time step of one layer in one direction, under names without suffix.

        Parameters may carry a leading axis, which the state then carries too.
        """
        return STEPS[self.model.cell, self.model.activation, self.model.reset](parameters, x, state)

    def run(
        self, layer: Layer, parameters: Parameters, sequence: Sequence, valid: Array, state: State
    ) -> tuple[Sequence, State]:
        """What a layer hands on at every step, and its state after; a step that is not valid changes none.

        In reverse the steps beyond a sequence's length come first.
        """
        own, handed_on, order = layer.of(parameters), [], -1 if layer.reverse else 1
        for x, is_valid in zip(sequence[::order], valid.T[::order], strict=True):
            after = self.step(own, x, state)
            state = tuple(
                np.where(is_valid[:, np.newaxis], new, old) for new, old in zip(after, state, strict=True)
            )
            handed_on.append(self.hand_on(layer, state))
        return handed_on[::order], state

    def hand_on(self, layer: Layer, state: State) -> Array:
        """What the layer above, or the readout, sees of a state."""
        return state[0]

    def side_by_side(self, directions: tuple[Array, ...]) -> Array:
        """(…, B, H) of each direction -> (…, B, H')."""
        return np.concatenate(directions, axis=-1)

    def read_out(self, parameters: Parameters, hidden: Array) -> Array:
        """(…, B, H') -> (…, B, K)."""
        return plus(hidden @ parameters["readout_kernel"], parameters, "readout_bias")

    def forward(self, parameters: Parameters, batch: Batch, states: States) -> tuple[Array, States]:
        """Outputs (…, B, R, K) of the R steps that are read out, and the states after the last step."""
        sequence = [batch.inputs[:, t] for t in range(batch.inputs.shape[1])]
        before, after = iter(states), []
        for level in self.layers:
            ran = [self.run(layer, parameters, sequence, batch.valid, next(before)) for layer in level]
            sequence = [self.side_by_side(each) for each in zip(*(steps for steps, _ in ran), strict=True)]
            last = self.side_by_side(tuple(state[0] for _, state in ran))
            after += [state for _, state in ran]
        readable = {"last": [last], "every": sequence}[self.model.readout]
        outputs = [self.read_out(parameters, hidden) for hidden in readable]
        return np.stack(outputs, axis=-2), tuple(after)

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        """Outputs (…, B, R, K), targets (B, R[, K]), valid (B, R) -> their sum, averaged over the batch."""
        losses = LOSSES[self.model.loss](outputs, targets) * valid[..., np.newaxis]
        return np.asarray(losses.sum(axis=(-1, -2, -3)) / len(targets))

    def differentiate(
        self, batch: Batch, span: Span, states: States
    ) -> tuple[float, dict[str, Array], States]:
        """The loss of one update, its gradient by every parameter, and the states after its steps."""
        if span.cut > span.start:
            _, states = self.forward(self.values, batch.steps(span.start, span.cut), states)
        reached, read = batch.steps(span.cut, span.stop), READ_TARGETS[self.model.readout](batch, span)
        outputs, after = self.forward(self.values, reached, states)
        gradient = complex_step(
            lambda parameters: self.loss(self.forward(parameters, reached, states)[0], *read), self.values
        )
        return float(self.loss(outputs, *read)), gradient, after


READ_TARGETS: dict[str, Callable[[Batch, Span], tuple[Array, Array]]] = {
    "last": lambda batch, span: (batch.targets[:, np.newaxis], np.ones((len(batch.targets), 1), bool)),
    "every": lambda batch, span: (
        batch.targets[:, span.cut : span.stop],
        batch.valid[:, span.cut : span.stop],
    ),
}
"""By readout: the targets (B, R[, K]) of an update, and which of them are valid (B, R)."""
