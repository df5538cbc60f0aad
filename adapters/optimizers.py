"""The update rules, with g for the gradient after clipping and η for the rate of the update."""

from dataclasses import dataclass
from typing import Literal

from adapters.requirements import (
    keep_plain_values,
    require,
    require_flag,
    require_fraction,
    require_not_negative,
    require_positive,
)
from adapters.schedules import LearningRate, require_learning_rate

OptimizerName = Literal["sgd", "rmsprop", "adam", "adamw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sgd:
    """θ ← θ − η·g; with a momentum μ: v ← μ·v + g, v from zero, and θ ← θ − η·v.

    Nesterov's form: θ ← θ − η·(g + μ·v).

    Raises: ValueError for a value outside its domain, and for Nesterov's form without a momentum.
    Source: Sutskever et al. 2013, in the form of `torch.optim.SGD`: the rate stands outside v.
    """

    learning_rate: LearningRate
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        keep_plain_values(self)
        require_learning_rate(self.learning_rate)
        require_fraction("momentum", self.momentum)
        require_flag("nesterov", self.nesterov)
        require(
            self.momentum > 0 or not self.nesterov,
            f"nesterov is {self.nesterov}: it needs a momentum above 0, which is {self.momentum}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RmsProp:
    """s ← ρ·s + (1−ρ)·g², s from zero; θ ← θ − η·g/(√s + ε), with ρ for `decay`.

    Raises: ValueError for a value outside its domain.
    Source: Tieleman & Hinton 2012, lecture 6.5; ε is added to the root.
    """

    learning_rate: LearningRate
    decay: float = 0.9
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        keep_plain_values(self)
        require_learning_rate(self.learning_rate)
        require_fraction("decay", self.decay)
        require_positive("epsilon", self.epsilon)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adam:
    """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), t counted from 1, m and v from zero.

    Source: Kingma & Ba 2015, the order of the end of section 2: ε stands outside the bias correction.
    """

    learning_rate: LearningRate
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        keep_plain_values(self)
        _require_adams(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdamW:
    """θ ← θ·(1 − η·λ), of all parameters, then as Adam; λ is `weight_decay`, η the scheduled rate.

    Source: Loshchilov & Hutter 2019: the decay is decoupled from the gradient.
    """

    learning_rate: LearningRate
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-7
    weight_decay: float

    def __post_init__(self) -> None:
        keep_plain_values(self)
        _require_adams(self)
        require_not_negative("weight_decay", self.weight_decay)


def _require_adams(rule: Adam | AdamW) -> None:
    require_learning_rate(rule.learning_rate)
    require_positive("epsilon", rule.epsilon)
    require_fraction("beta1", rule.beta1)
    require_fraction("beta2", rule.beta2)


Optimizer = Sgd | RmsProp | Adam | AdamW
OPTIMIZERS: dict[type, OptimizerName] = {Sgd: "sgd", RmsProp: "rmsprop", Adam: "adam", AdamW: "adamw"}
"""By their exact class, under the names that declarations use."""
