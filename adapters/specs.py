"""What is asked of an adapter: the model, the update rule, and how far back its gradient reaches.

Whoever looks up a choice looks it up in a table that lists what it knows; what is not there is an error.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeGuard, get_args

from numpy.typing import NDArray

Array = NDArray[Any]
Cell = Literal["elman", "lstm"]
Loss = Literal["half_squared_error", "softmax_cross_entropy"]
Activation = Literal["tanh", "sigmoid"]
Readout = Literal["last", "every"]
Dtype = Literal["float32", "float64"]
Device = Literal["cpu", "cuda"]
OptimizerName = Literal["sgd", "adam"]

GATES: dict[Cell, int] = {"elman": 1, "lstm": 4}
"""How many blocks of H columns a cell's kernels have."""


class UnsupportedSpec(ValueError):  # noqa: N818 - the name that the contract gives it
    """An adapter cannot run a spec; the message names the field."""


def require(condition: bool, message: str) -> None:
    """Raise a ValueError with this message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def require_choice(field: str, value: object, choices: object) -> None:
    """Raise a ValueError unless the value is one of a Literal's."""
    known = isinstance(value, str) and value in get_args(choices)
    require(known, f"{field} is {value!r}: choose one of {', '.join(get_args(choices))}")


def require_count(field: str, value: object) -> None:
    """Raise a ValueError unless the value is an int of 1 or more."""
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    require(whole, f"{field} is {value!r}: it must be a whole number (an int), 1 or more")


def require_positive(field: str, value: object) -> None:
    """Raise a ValueError unless the value is a finite number above 0."""
    require(_is_number(value) and value > 0, f"{field} is {value!r}: it must be a finite number above 0")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One recurrent layer and a linear readout.

    Elman: h_t = φ(x_t·W + h_{t-1}·U + b); ŷ = h·V + d.
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
        require_choice("cell", self.cell, Cell)
        require_choice("loss", self.loss, Loss)
        require_choice("activation", self.activation, Activation)
        require_choice("readout", self.readout, Readout)
        for field in ("inputs", "hidden", "outputs"):
            require_count(field, getattr(self, field))
        require(isinstance(self.bias, bool), f"bias is {self.bias!r}: it must be True or False")
        require(
            self.cell == "elman" or self.activation == "tanh",
            f"activation is {self.activation!r}: it belongs to the Elman cell, an LSTM has its own",
        )

    @property
    def gates(self) -> int:
        """G, the number of the cell's gates."""
        return GATES[self.cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sgd:
    """θ ← θ − η·g."""

    learning_rate: float

    def __post_init__(self) -> None:
        require_positive("learning_rate", self.learning_rate)


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
        require_positive("learning_rate", self.learning_rate)
        require_positive("epsilon", self.epsilon)
        for field in ("beta1", "beta2"):
            value = getattr(self, field)
            require(
                _is_number(value) and 0 <= value < 1,
                f"{field} is {value!r}: it must be a number in [0, 1)",
            )


Optimizer = Sgd | Adam
OPTIMIZERS: dict[type, OptimizerName] = {Sgd: "sgd", Adam: "adam"}
"""The update rules, by their exact class, under the names that declarations use."""


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

    optimizer: Optimizer
    update_every: int | None = None
    backprop_through: int | None = None
    clip_value: float | None = None
    dtype: Dtype = "float32"

    def __post_init__(self) -> None:
        require(
            type(self.optimizer) in OPTIMIZERS,
            f"optimizer is {self.optimizer!r}: it must be an instance of Sgd or Adam",
        )
        require_choice("dtype", self.dtype, Dtype)
        for field in ("update_every", "backprop_through"):
            if getattr(self, field) is not None:
                require_count(field, getattr(self, field))
        if self.clip_value is not None:
            require_positive("clip_value", self.clip_value)
        if self.update_every is not None and self.backprop_through is not None:
            require(
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
        require(
            through <= every <= time_steps,
            f"update_every is {every} and backprop_through {through}: "
            f"neither may exceed the {time_steps} time steps of a sequence",
        )
        require(
            model.readout in _REQUIRE_LOSSES, f"readout is {model.readout!r}: no updates are known for it"
        )
        _REQUIRE_LOSSES[model.readout](every, through, time_steps)
        stops = [*range(every, time_steps, every), time_steps]
        return tuple(
            Span(start, max(start, stop - through), stop)
            for start, stop in zip(range(0, time_steps, every), stops, strict=True)
        )


def _require_loss_at_end(every: int, through: int, time_steps: int) -> None:
    require(
        every == time_steps,
        f"update_every is {every}: with readout 'last' there is a loss "
        f"only at step {time_steps}, so it must be {time_steps} or None",
    )


def _require_losses_in_reach(every: int, through: int, time_steps: int) -> None:
    require(
        through == every,
        f"backprop_through is {through}: with readout 'every' it must equal update_every, {every}",
    )


_REQUIRE_LOSSES: dict[Readout, Callable[[int, int, int], None]] = {
    "last": _require_loss_at_end,
    "every": _require_losses_in_reach,
}
"""What k1, k2 and T must be for every update to have a loss, and for every loss to have its gradient."""
