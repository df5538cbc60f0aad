"""What a task asks for and what a framework must do: the one file that an adapter's author reads.

Axis letters: N sequences, B batch, T time steps, D inputs per step, H hidden units, K outputs,
S steps (index batches), G gates (1 for the Elman cell, 4 for the LSTM).
"""

import dataclasses
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, TypeGuard, get_args

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Cell = Literal["elman", "lstm"]
Loss = Literal["half_squared_error", "softmax_cross_entropy"]
Activation = Literal["tanh", "sigmoid"]
Readout = Literal["last", "every"]
Dtype = Literal["float32", "float64"]
Device = Literal["cpu", "cuda"]


class UnsupportedSpec(ValueError):  # noqa: N818 - the name that the contract gives it
    """An adapter cannot run a spec; the message names the field."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _require_choice(field: str, value: object, choices: object) -> None:
    known = isinstance(value, str) and value in get_args(choices)
    _require(known, f"{field} is {value!r}: choose one of {', '.join(get_args(choices))}")


def _require_count(field: str, value: object) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    _require(whole, f"{field} is {value!r}: it must be a whole number (an int), 1 or more")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _require_positive(field: str, value: object) -> None:
    _require(_is_number(value) and value > 0, f"{field} is {value!r}: it must be a finite number above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One recurrent layer and a linear readout.

    Elman: h_t = φ(x_t·W + h_{t-1}·U + b); ŷ = h·V + c.
    LSTM: i, f, g, o = x_t·W + h_{t-1}·U + b; c_t = σ(f)·c_{t-1} + σ(i)·tanh(g); h_t = σ(o)·tanh(c_t).
    Losses: ½(ŷ−y)² or the softmax cross-entropy over K logits; summed over outputs and over the time
    steps of one update, averaged over the batch. States start at zero with every sequence.

    Raises: ValueError for a value outside its domain.
    Source: Elman 1990; Hochreiter & Schmidhuber 1997; Gers et al. 2000.
    """

    cell: Cell
    inputs: int
    hidden: int
    outputs: int
    loss: Loss
    activation: Activation = "tanh"
    bias: bool = True
    readout: Readout = "last"

    def __post_init__(self) -> None:
        _require_choice("cell", self.cell, Cell)
        _require_choice("loss", self.loss, Loss)
        _require_choice("activation", self.activation, Activation)
        _require_choice("readout", self.readout, Readout)
        for field in ("inputs", "hidden", "outputs"):
            _require_count(field, getattr(self, field))
        _require(isinstance(self.bias, bool), f"bias is {self.bias!r}: it must be True or False")
        _require(
            self.cell == "elman" or self.activation == "tanh",
            f"activation is {self.activation!r}: it belongs to the Elman cell, an LSTM has its own",
        )

    @property
    def gates(self) -> int:
        return 4 if self.cell == "lstm" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sgd:
    """θ ← θ − η·g."""

    learning_rate: float

    def __post_init__(self) -> None:
        _require_positive("learning_rate", self.learning_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adam:
    """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), t counted from 1, m and v from zero.

    Source: Kingma & Ba 2015, the order of the end of section 2: ε stands outside the bias correction.
    """

    learning_rate: float
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        _require_positive("learning_rate", self.learning_rate)
        _require_positive("epsilon", self.epsilon)
        for field in ("beta1", "beta2"):
            value = getattr(self, field)
            _require(
                _is_number(value) and 0 <= value < 1,
                f"{field} is {value!r}: it must be a number in [0, 1)",
            )


class Span(NamedTuple):
    """The time steps of one update: the state is carried over [start, cut), the gradient over [cut, stop)."""

    start: int
    cut: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSpec:
    """The update rule and how far back its gradient reaches.

    `update_every` (k1) is the number of time steps between updates, `backprop_through` (k2) how many
    steps back from an update the gradient reaches; None means the whole sequence and all of k1.
    `clip_value` clips every element of every gradient to [-c, c] before the update.

    Raises: ValueError unless 1 ≤ k2 ≤ k1.
    Source: Williams & Peng 1990.
    """

    optimizer: Sgd | Adam
    update_every: int | None = None
    backprop_through: int | None = None
    clip_value: float | None = None
    dtype: Dtype = "float32"

    def __post_init__(self) -> None:
        _require(
            isinstance(self.optimizer, Sgd | Adam),
            f"optimizer is {self.optimizer!r}: it must be an instance of Sgd or Adam",
        )
        _require_choice("dtype", self.dtype, Dtype)
        for field in ("update_every", "backprop_through"):
            if getattr(self, field) is not None:
                _require_count(field, getattr(self, field))
        if self.clip_value is not None:
            _require_positive("clip_value", self.clip_value)
        if self.update_every is not None and self.backprop_through is not None:
            _require(
                self.backprop_through <= self.update_every,
                f"backprop_through is {self.backprop_through}: "
                f"it must not exceed update_every, {self.update_every}",
            )

    def spans(self, model: ModelSpec, time_steps: int) -> tuple[Span, ...]:
        """The updates of one sequence, in order; the last is shorter where k1 does not divide T.

        Raises: ValueError where the spec does not fit the model or the sequence's length.
        """
        every = time_steps if self.update_every is None else self.update_every
        through = every if self.backprop_through is None else self.backprop_through
        _require(
            through <= every <= time_steps,
            f"update_every is {every} and backprop_through {through}: "
            f"neither may exceed the {time_steps} time steps of a sequence",
        )
        if model.readout == "every":
            _require(
                through == every,
                f"backprop_through is {through}: with readout 'every' it must equal update_every, {every}",
            )
        else:
            _require(
                every == time_steps,
                f"update_every is {every}: with readout 'last' there is a loss "
                f"only at step {time_steps}, so it must be {time_steps} or None",
            )
        stops = [*range(every, time_steps, every), time_steps]
        return tuple(
            Span(start, max(start, stop - through), stop)
            for start, stop in zip(range(0, time_steps, every), stops, strict=True)
        )


def check_data(model: ModelSpec, train: TrainSpec, inputs: Array, targets: Array) -> tuple[Span, ...]:
    """The spans of one sequence, after the data were found to fit the specs.

    Shapes: inputs (N, T, D); targets (N, K) or, with readout 'every', (N, T, K); for the
    cross-entropy (N,) or (N, T) whole numbers in [0, K).
    Raises: ValueError that names the shape or value.
    """
    _require(
        inputs.ndim == 3 and inputs.shape[2] == model.inputs and inputs.size > 0,
        f"inputs have shape {inputs.shape}: expected (N, T, {model.inputs}), none of them 0",
    )
    leading = inputs.shape[:2] if model.readout == "every" else inputs.shape[:1]
    if model.loss == "softmax_cross_entropy":
        expected: tuple[int, ...] = leading
        _require(
            np.issubdtype(targets.dtype, np.integer),
            f"targets are {targets.dtype}: the cross-entropy needs whole numbers",
        )
        _require(
            bool(targets.size == 0 or (targets.min() >= 0 and targets.max() < model.outputs)),
            f"targets must lie in 0..{model.outputs - 1}",
        )
    else:
        expected = (*leading, model.outputs)
    _require(targets.shape == expected, f"targets have shape {targets.shape}: expected {expected}")
    return train.spans(model, inputs.shape[1])


def check_batches(batches: Array, sequences: int) -> None:
    """Find that every index names one of the sequences loaded; 0 of them means that none were.

    Shapes: batches (S, B).
    Raises: ValueError that names the shape, type or index.
    """
    _require(sequences > 0, "train needs sequences: call load first")
    _require(
        isinstance(batches, np.ndarray) and batches.ndim == 2 and np.issubdtype(batches.dtype, np.integer),
        f"batches are {getattr(batches, 'dtype', type(batches).__name__)} {np.shape(batches)}: "
        "expected whole numbers (S, B)",
    )
    _require(batches.shape[1] > 0, f"batches have shape {batches.shape}: expected at least one sequence each")
    if len(batches):
        least, most = int(batches.min()), int(batches.max())
        _require(
            least >= 0 and most < sequences,
            f"batches name sequence {least if least < 0 else most}: expected 0..{sequences - 1}",
        )


def check_sequences(model: ModelSpec, inputs: Array) -> None:
    """Find that sequences to predict have the model's shape, and a step at least.

    Shapes: inputs (N, T, D).
    Raises: ValueError that names the shape.
    """
    _require(
        inputs.ndim == 3 and inputs.shape[2] == model.inputs and inputs.shape[1] > 0,
        f"inputs have shape {inputs.shape}: expected (N, T, {model.inputs}) with T at least 1",
    )


class MatrixProduct(NamedTuple):
    """What multiplies two square float32 matrices, done when it returns, and the kernel that does it."""

    multiply: Callable[[], object]
    kernel: str


def _require_names(field: str, value: object, choices: tuple[str, ...]) -> None:
    named = isinstance(value, tuple) and len(value) > 0 and all(name in choices for name in value)
    _require(named, f"{field} is {value!r}: it must be a tuple of {' or '.join(map(repr, choices))}")


def _require_texts(field: str, value: object, meaning: str) -> None:
    texts = isinstance(value, Mapping) and all(
        isinstance(text, str) and text.strip() for pair in value.items() for text in pair
    )
    _require(texts, f"{field} is {value!r}: it must be a dict, {meaning}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What an adapter says of itself; written with literals, as it is read from the source before any import.

    `distribution` is the package that pip installs the framework from. `variables` stand in the environment
    of a worker before anything is imported; `{threads}` in them becomes the number of threads that it may
    use. What is not among `cells` and `dtypes` is not asked for, and shown as unsupported. A check of the
    conformance suite, or a task, in `expected_failures` may fail, for the reason given, and must.

    Raises: ValueError for a value outside its domain.
    """

    distribution: str = ""
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    devices: tuple[Device, ...] = ("cpu",)
    cells: tuple[Cell, ...] = get_args(Cell)
    dtypes: tuple[Dtype, ...] = get_args(Dtype)
    expected_failures: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        _require(
            isinstance(self.distribution, str), f"distribution is {self.distribution!r}: it must be text"
        )
        _require_texts("variables", self.variables, "name to value")
        _require_names("devices", self.devices, get_args(Device))
        _require_names("cells", self.cells, get_args(Cell))
        _require_names("dtypes", self.dtypes, get_args(Dtype))
        _require_texts("expected_failures", self.expected_failures, "name of a check or task to reason")

    def check_supported(self, model: ModelSpec, train: TrainSpec) -> None:
        """Find that the specs ask for nothing that is left out here.

        Raises: UnsupportedSpec that names the field.
        """
        for name, value, known in (("cell", model.cell, self.cells), ("dtype", train.dtype, self.dtypes)):
            if value not in known:
                raise UnsupportedSpec(f"{name} is {value!r}: this adapter declares only {', '.join(known)}")


class Adapter(ABC):
    """One framework, training one model.

    Everything that it is not told by the specs it must not choose: no other hyperparameter, no other
    precision, no shuffling. The same calls give the same losses, bit for bit, on the same machine with
    the same number of threads. Arrays that are handed in are never written to.
    """

    declaration: ClassVar[Declaration] = Declaration()

    @abstractmethod
    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        """Take the initial values, under the names and shapes of `adapters.parameters`.

        Raises: UnsupportedSpec for a spec or device that this adapter cannot run, naming the field.
        """

    @abstractmethod
    def load(self, inputs: Array, targets: Array) -> None:
        """Take the training set, moved wherever `train` wants it; not timed with training.

        Shapes: inputs (N, T, D); targets as in `check_data`.
        Raises: ValueError where the data do not fit the specs (call `check_data`).
        """

    @abstractmethod
    def train(self, batches: Array) -> Array:
        """Train on each row of indices in turn; return each update's loss, taken before that update.

        One call with two rows equals two calls with one. When it returns, every update is finished
        and the losses are on the host.

        Shapes: batches (S, B) integers into the N loaded sequences -> (S·updates,) in the spec's dtype.
        Raises: ValueError where they are none (call `check_batches`).
        """

    @abstractmethod
    def predict(self, inputs: Array) -> Array:
        """The model's outputs (logits for the cross-entropy) for whole sequences; training is untouched.

        Shapes: (N, T, D) -> (N, K), or (N, T, K) with readout 'every', in the spec's dtype; N may be 0.
        Raises: ValueError for inputs of another shape (call `check_sequences`).
        """

    @abstractmethod
    def parameters(self) -> dict[str, Array]:
        """Copies of the parameters as they are now, under their canonical names and in canonical layout."""

    def state(self) -> dict[str, Array] | None:
        """Copies of all that training goes on from: parameters, moments, updates so far; None: cannot tell.

        The names are the adapter's own. A run that was broken off goes on from here, if every adapter can.
        """
        return None

    def restore(self, state: Mapping[str, Array]) -> None:
        """Take a state of the same adapter under the same specs; go on bit for bit as if never stopped."""
        raise NotImplementedError("restore, for an adapter that tells its state")

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        """The libraries that its kernels come from, where only the framework itself can tell."""
        return ()

    @classmethod
    def matrix_product(cls, size: int) -> MatrixProduct | None:
        """A product of matrices of `size` rows, as fast as its library does them; None where it has none.

        The machine's limit is measured by it, with the worker's threads.
        """
        return None
