"""The specs computed as plainly as can be, in float64: what every adapter is held against."""

from collections.abc import Callable, Mapping

import numpy as np

from adapters.interface import Adam, Adapter, Array, ModelSpec, Span, TrainSpec
from adapters.parameters import shapes

Parameters = Mapping[str, Array]
State = tuple[Array, ...]
IMAGINARY_STEP = 1e-30


class Reference(Adapter):
    """One step at a time and no backward pass: gradients are complex-step derivatives of the loss.

    They come from the forward formulas alone, like central differences, but exact to rounding, so that
    hundreds of updates can be compared. Slow: a forward pass for every single parameter.

    Source: Squire & Trapp 1998, g = Im L(θ + ih) / h.
    """

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        self.model, self.spec = model, train
        self.values: dict[str, Array] = {
            name: parameters[name].astype(train.dtype).astype(np.float64) for name in shapes(model)
        }
        self.means = {name: np.zeros_like(value) for name, value in self.values.items()}
        self.squares = {name: np.zeros_like(value) for name, value in self.values.items()}
        self.updates = 0

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self.spans = self.spec.spans(self.model, inputs.shape[1])
        classes = self.model.loss == "softmax_cross_entropy"
        self.inputs = np.array(inputs, np.float64)
        self.targets = np.array(targets, np.int64 if classes else np.float64)

    def _train(self, batches: Array) -> Array:
        losses = []
        for row in batches:
            state = self.begin(len(row))
            for span in self.spans:
                loss, gradient, state = self.differentiate(self.inputs[row], self.targets[row], span, state)
                losses.append(loss)
                self.update(self.clip(gradient))
        return np.array(losses, self.spec.dtype)

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        outputs, _ = self.forward(self.values, inputs.astype(np.float64), self.begin(len(inputs)))
        return (outputs if self.model.readout == "every" else outputs[:, 0]).astype(self.spec.dtype)

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

    def changing(self) -> dict[str, dict[str, Array]]:
        return {"value": self.values, "mean": self.means, "square": self.squares}

    def begin(self, batch: int) -> State:
        """The state before a sequence: hidden, and the LSTM's memory; each (B, H)."""
        return tuple(
            np.zeros((batch, self.model.hidden)) for _ in range(2 if self.model.cell == "lstm" else 1)
        )

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        """One time step; parameters may carry a leading axis, which the state then carries too."""
        gates = x @ parameters["input_kernel"] + state[0] @ parameters["recurrent_kernel"]
        if self.model.bias:
            gates = gates + parameters["bias"][..., np.newaxis, :]
        if self.model.cell == "elman":
            return (ACTIVATIONS[self.model.activation](gates),)
        i, f, g, o = np.split(gates, 4, axis=-1)
        memory = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(memory), memory

    def read_out(self, parameters: Parameters, hidden: Array) -> Array:
        """(…, B, H) -> (…, B, K)."""
        outputs = hidden @ parameters["readout_kernel"]
        return outputs + parameters["readout_bias"][..., np.newaxis, :] if self.model.bias else outputs

    def forward(self, parameters: Parameters, inputs: Array, state: State) -> tuple[Array, State]:
        """Outputs (…, B, R, K) of the R steps that are read out, and the state after the last step."""
        outputs = []
        for t in range(inputs.shape[1]):
            state = self.step(parameters, inputs[:, t], state)
            outputs.append(self.read_out(parameters, state[0]))
        return np.stack(outputs if self.model.readout == "every" else outputs[-1:], axis=-2), state

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Outputs (…, B, R, K), targets (B, R[, K]) -> their sum, averaged over the batch."""
        if self.model.loss == "half_squared_error":
            losses = 0.5 * (outputs - targets) ** 2
        else:
            shifted = outputs - outputs.real.max(axis=-1, keepdims=True)
            totals = np.exp(shifted).sum(axis=-1, keepdims=True)
            losses = (np.log(totals) - shifted) * np.eye(self.model.outputs)[targets]
        return np.asarray(losses.sum(axis=(-1, -2, -3)) / len(targets))

    def differentiate(
        self, inputs: Array, targets: Array, span: Span, state: State
    ) -> tuple[float, dict[str, Array], State]:
        """The loss of one update, its gradient by every parameter, and the state after its steps."""
        if span.cut > span.start:
            _, state = self.forward(self.values, inputs[:, span.start : span.cut], state)
        steps = slice(span.cut, span.stop)
        read = targets[:, steps] if self.model.readout == "every" else targets[:, np.newaxis]
        outputs, after = self.forward(self.values, inputs[:, steps], state)
        gradient = complex_step(
            lambda parameters: self.loss(self.forward(parameters, inputs[:, steps], state)[0], read),
            self.values,
        )
        return float(self.loss(outputs, read)), gradient, after

    def clip(self, gradient: dict[str, Array]) -> dict[str, Array]:
        limit = self.spec.clip_value
        if limit is None:
            return gradient
        return {name: np.clip(value, -limit, limit) for name, value in gradient.items()}

    def update(self, gradient: dict[str, Array]) -> None:
        optimizer = self.spec.optimizer
        self.updates += 1
        for name, value in gradient.items():
            if isinstance(optimizer, Adam):
                b1, b2 = optimizer.beta1, optimizer.beta2
                self.means[name] = self.rounded(b1 * self.means[name] + (1 - b1) * value)
                self.squares[name] = self.rounded(b2 * self.squares[name] + (1 - b2) * value**2)
                value = self.adam_direction(optimizer, self.means[name], self.squares[name])  # noqa: PLW2901
            self.values[name] = self.values[name] - optimizer.learning_rate * value

    def rounded(self, moment: Array) -> Array:
        """A moment as the dtype of the spec holds it: what is too small for that is 0."""
        return moment.astype(self.spec.dtype).astype(np.float64)

    def adam_direction(self, spec: Adam, mean: Array, square: Array) -> Array:
        correction = np.sqrt(1 - spec.beta2**self.updates) / (1 - spec.beta1**self.updates)
        return np.asarray(correction * mean / (np.sqrt(square) + spec.epsilon))


def sigmoid(x: Array) -> Array:
    """σ(x) = ½ + ½·tanh(½x), which no x overflows."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"tanh": np.tanh, "sigmoid": sigmoid}


def complex_step(function: Callable[[Parameters], Array], parameters: Parameters) -> dict[str, Array]:
    """A real function's gradient: every element moves along the imaginary axis, each in a copy of its own."""
    flat = np.concatenate([value.ravel() for value in parameters.values()])
    moved = flat + 1j * IMAGINARY_STEP * np.eye(flat.size)
    borders = np.cumsum([value.size for value in parameters.values()])[:-1]
    parts = zip(parameters.items(), np.split(moved, borders, axis=1), strict=True)
    values = function({name: part.reshape(-1, *value.shape) for (name, value), part in parts})
    gradient = np.split(values.imag / IMAGINARY_STEP, borders)
    return {
        name: part.reshape(value.shape)
        for (name, value), part in zip(parameters.items(), gradient, strict=True)
    }
