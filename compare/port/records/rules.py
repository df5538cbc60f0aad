"""The update rule of a program, and what is seen of its updates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.interface import Array

EpsilonPlace = Literal["after the bias correction", "before the bias correction", "inside the root"]
ClipForm = Literal["value", "norm", "norm + 1e-6", "norm of each array"]
Values = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an optimizer does to a gradient, beside its learning rate.

    `decay` is RMSprop's; `velocity` says whether momentum adds up gradients, or moves already scaled by the
    rate; `weight_decay` is added to the gradient where `coupled`, else subtracted from the parameter, times
    the rate. An epsilon inside the root belongs to Adam and RMSprop.
    """

    kind: Literal["sgd", "rmsprop", "adam"]
    learning_rate: float | None = None
    schedule: str | None = None
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    velocity: Literal["of gradients", "of moves"] = "of gradients"
    beta1: float = 0.9
    beta2: float = 0.999
    decay: float = 0.9
    centered: bool = False
    amsgrad: bool = False
    epsilon: float = 0.0
    epsilon_place: EpsilonPlace = "after the bias correction"
    bias_correction: bool = True
    weight_decay: float = 0.0
    coupled: bool = False
    clip: ClipForm | None = None
    clip_limit: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A program's first updates: parameters before each and after the last, gradients, rates where known.

    `norms` are those of whole gradients, of which perhaps only some elements are seen.
    """

    dtype: str
    parameters: Sequence[Values]
    gradients: Sequence[Values]
    rates: Sequence[float | None]
    norms: Sequence[Mapping[str, float]]

    def of(self, names: Sequence[str]) -> "Seen":
        """What is seen of these parameters, the norms still those of all."""
        return Seen(
            dtype=self.dtype,
            parameters=[{name: values[name] for name in names} for values in self.parameters],
            gradients=[{name: values[name] for name in names} for values in self.gradients],
            rates=self.rates,
            norms=self.norms,
        )

    def few(self, updates: int, elements: int) -> "Seen":
        """The first updates, and so many elements of each parameter."""
        return Seen(
            dtype=self.dtype,
            parameters=[
                {name: value.ravel()[:elements] for name, value in values.items()}
                for values in self.parameters[: updates + 1]
            ],
            gradients=[
                {name: value.ravel()[:elements] for name, value in values.items()}
                for values in self.gradients[:updates]
            ],
            rates=self.rates[:updates],
            norms=self.norms[:updates],
        )

    @property
    def known_rates(self) -> list[float] | None:
        """The rate of every update, where all are known."""
        known = [rate for rate in self.rates if rate is not None]
        return known if len(known) == len(self.gradients) else None
