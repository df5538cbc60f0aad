"""What is asked of an adapter: the model, the update rule, and how far back its gradient reaches.

Whoever looks up a choice looks it up in a table that lists what it knows; what is not there is an error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from numpy.typing import NDArray

from adapters.dtypes import KEPT, Dtype, KeptDtype
from adapters.optimizers import OPTIMIZERS, Optimizer
from adapters.requirements import (
    keep_plain_values,
    require,
    require_choice,
    require_count,
    require_flag,
    require_positive,
)

Array = NDArray[Any]
Cell = Literal["elman", "lstm", "gru"]
Loss = Literal["half_squared_error", "softmax_cross_entropy"]
Activation = Literal["tanh", "sigmoid"]
Reset = Literal["after", "before"]
Readout = Literal["last", "every"]
Device = Literal["cpu", "cuda"]

GATES: dict[Cell, int] = {"elman": 1, "gru": 3, "lstm": 4}
"""How many blocks of H columns a cell's kernels have."""


class UnsupportedSpec(ValueError):  # noqa: N818 - the name that the contract gives it
    """An adapter cannot run a spec; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Recurrent layers, each fed with the hidden states of the one below, and a linear readout.

    Elman: h_t = φ(x_t·W + h_{t-1}·U + b).
    LSTM: i, f, g, o = x_t·W + h_{t-1}·U + b; c_t = σ(f)·c_{t-1} + σ(i)·tanh(g); h_t = σ(o)·tanh(c_t).
    GRU: r = σ(x·W_r + h·U_r + b_r); z = σ(x·W_z + h·U_z + b_z); h_t = (1−z)·n + z·h_{t-1}, where, by `reset`,
    after: n = tanh(x·W_n + b_n + r·(h·U_n + c_n)); before: n = tanh(x·W_n + (r·h)·U_n + b_n).
    Readout: ŷ = h·V + d of the top layer, at every step or after the last valid one.
    Losses: ½(ŷ−y)² or the softmax cross-entropy over K logits; summed over outputs and over the valid time
    steps of one update, averaged over the batch. States start at zero with every sequence.
    With `bidirectional`, a second set of layers reads from the last valid step to the first; a layer hands on
    the hidden states of both directions side by side, forward first.

    Raises: ValueError for a value outside its domain.
    Source: Elman 1990; Hochreiter & Schmidhuber, Schuster & Paliwal 1997; Gers et al. 2000; Cho et al. 2014.
    """

    cell: Cell
    inputs: int
    hidden: int
    outputs: int
    loss: Loss
    activation: Activation = "tanh"
    reset: Reset = "after"
    layers: int = 1
    bidirectional: bool = False
    bias: bool = True
    readout: Readout = "last"

    def __post_init__(self) -> None:
        keep_plain_values(self)
        require_choice("cell", self.cell, Cell)
        require_choice("loss", self.loss, Loss)
        require_choice("activation", self.activation, Activation)
        require_choice("reset", self.reset, Reset)
        require_choice("readout", self.readout, Readout)
        for field in ("inputs", "hidden", "outputs", "layers"):
            require_count(field, getattr(self, field))
        for field in ("bias", "bidirectional"):
            require_flag(field, getattr(self, field))
        require(
            self.cell == "elman" or self.activation == "tanh",
            f"activation is {self.activation!r}: it belongs to the Elman cell, the others have their own",
        )
        require(
            self.cell == "gru" or self.reset == "after",
            f"reset is {self.reset!r}: it belongs to the GRU, no other cell has a reset gate",
        )

    @property
    def gates(self) -> int:
        """G, the number of the cell's gates."""
        return GATES[self.cell]

    @property
    def width(self) -> int:
        """H', what a layer hands on at each step: H, or 2H where it is bidirectional."""
        return 2 * self.hidden if self.bidirectional else self.hidden


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
    `clip_value` clips every element of every gradient to [-c, c] before the update, `clip_norm` all of them
    at once: g ← g·c/max(‖g‖, c), with the norm over all parameters.
    `dtype` is what the recurrent layers compute in, there and back: what they read, their parameters as they
    read them, gates, states, and the gradients of all these. All else is in `kept_dtype`: the parameters that
    are changed, the readout, losses, gradients as they are clipped and used, moments. No loss is scaled.

    Raises: ValueError unless 1 ≤ k2 ≤ k1, or where both ways of clipping are asked for.
    Source: Williams & Peng 1990.
    """

    optimizer: Optimizer
    update_every: int | None = None
    backprop_through: int | None = None
    clip_value: float | None = None
    clip_norm: float | None = None
    dtype: Dtype = "float32"

    def __post_init__(self) -> None:
        keep_plain_values(self)
        require(
            type(self.optimizer) in OPTIMIZERS,
            f"optimizer is {self.optimizer!r}: it must be an instance of Sgd, RmsProp, Adam or AdamW, "
            "not of a subclass",
        )
        require_choice("dtype", self.dtype, Dtype)
        for field in ("update_every", "backprop_through"):
            if getattr(self, field) is not None:
                require_count(field, getattr(self, field))
        for field in ("clip_value", "clip_norm"):
            if getattr(self, field) is not None:
                require_positive(field, getattr(self, field))
        require(
            self.clip_value is None or self.clip_norm is None,
            f"clip_norm is {self.clip_norm}: clip_value is {self.clip_value} already, give one of them",
        )
        if self.update_every is not None and self.backprop_through is not None:
            require(
                self.backprop_through <= self.update_every,
                f"backprop_through is {self.backprop_through}: "
                f"it must not exceed update_every, {self.update_every}",
            )

    @property
    def kept_dtype(self) -> KeptDtype:
        """The dtype of parameters, losses and outputs: float32 also where layers compute in fewer digits."""
        return KEPT[self.dtype]

    def check_model(self, model: ModelSpec) -> None:
        """Raise unless the model can be trained so, whatever the length of its sequences.

        Raises: ValueError for a bidirectional model whose sequences are cut.
        """
        for field in ("update_every", "backprop_through"):
            value = getattr(self, field)
            require(
                value is None or not model.bidirectional,
                f"{field} is {value}: with bidirectional, which needs whole sequences, it must be None",
            )

    def spans(self, model: ModelSpec, time_steps: int) -> tuple[Span, ...]:
        """The updates of one sequence, in order; the last is shorter where k1 does not divide T.

        Raises: ValueError where the spec does not fit the model or the sequence's length.
        """
        self.check_model(model)
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
