"""The rows of `adapters/OPTIMIZERS.md` that hold formulas: each as a function of NumPy, and who follows it.

A formula is a function of the parameters, the gradient, the rate η, the number t of the update from 1, and a
dictionary of what earlier updates have left, in which all is 0 at first; it returns the new parameters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from adapters.interface import Adam, AdamW, Exponential, RmsProp, Sgd

RATE, MU, RHO, BETA1, BETA2 = 2**-7, 1 - 2**-2, 1 - 2**-3, 1 - 2**-3, 1 - 2**-10
EPSILON, LAMBDA, TAU = 2**-10, 2**-4, 2**-1
"""Powers of two, or exact sums of them: Keras holds its hyperparameters in float32."""

FALLING = Exponential(start=RATE, decay=0.5, every=1)
"""The rate that every rule is shown with: where it stands in a formula is seen only if it changes."""

Formula = Callable[..., np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A class of `torch.optim` or `keras.optimizers`, or a function of `optax`, and what it is given."""

    name: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What stands in a row: formulas as they are written there, and who is to follow which.

    `here` is a rule of ours; a column without a rule has none, and a dash on the page.
    """

    formulas: Mapping[str, Formula]
    here: Sgd | RmsProp | Adam | AdamW | None = None
    torch: Options | None = None
    keras: Options | None = None
    optax: Options | None = None


def sgd(theta, g, eta, t, kept):
    return theta - eta * g


def momentum(theta, g, eta, t, kept):
    kept["v"] = MU * kept["v"] + g
    return theta - eta * kept["v"]


def momentum_of_steps(theta, g, eta, t, kept):
    kept["v"] = MU * kept["v"] - eta * g
    return theta + kept["v"]


def nesterov(theta, g, eta, t, kept):
    kept["v"] = MU * kept["v"] + g
    return theta - eta * (g + MU * kept["v"])


def nesterov_of_steps(theta, g, eta, t, kept):
    kept["v"] = MU * kept["v"] - eta * g
    return theta + MU * kept["v"] - eta * g


def dampened(theta, g, eta, t, kept):
    kept["v"] = g if t == 1 else MU * kept["v"] + (1 - TAU) * g
    return theta - eta * kept["v"]


def mean_square(g, kept):
    kept["s"] = RHO * kept["s"] + (1 - RHO) * g**2
    return kept["s"]


def rms_prop(theta, g, eta, t, kept):
    return theta - eta * g / (np.sqrt(mean_square(g, kept)) + EPSILON)


def rms_prop_under_root(theta, g, eta, t, kept):
    return theta - eta * g / np.sqrt(mean_square(g, kept) + EPSILON)


def rms_prop_momentum(theta, g, eta, t, kept):
    kept["v"] = MU * kept["v"] + g / (np.sqrt(mean_square(g, kept)) + EPSILON)
    return theta - eta * kept["v"]


def rms_prop_momentum_of_steps(theta, g, eta, t, kept):
    kept["v"] = MU * kept["v"] + eta * g / np.sqrt(mean_square(g, kept) + EPSILON)
    return theta - kept["v"]


def moments(g, kept):
    kept["m"] = BETA1 * kept["m"] + (1 - BETA1) * g
    kept["v"] = BETA2 * kept["v"] + (1 - BETA2) * g**2
    return kept["m"], kept["v"]


def adam(theta, g, eta, t, kept):
    m, v = moments(g, kept)
    return theta - eta * np.sqrt(1 - BETA2**t) / (1 - BETA1**t) * m / (np.sqrt(v) + EPSILON)


def adam_inside(theta, g, eta, t, kept):
    m, v = moments(g, kept)
    return theta - eta * m / (1 - BETA1**t) / (np.sqrt(v / (1 - BETA2**t)) + EPSILON)


def coupled(rule):
    return lambda theta, g, *rest: rule(theta, g + LAMBDA * theta, *rest)


def decoupled(rule):
    return lambda theta, g, eta, *rest: rule(theta * (1 - eta * LAMBDA), g, eta, *rest)


TORCH_ADAM = {"betas": (BETA1, BETA2), "eps": EPSILON}
OPTAX_ADAM = {"b1": BETA1, "b2": BETA2, "eps": EPSILON}
KERAS_ADAM = {"beta_1": BETA1, "beta_2": BETA2, "epsilon": EPSILON}
OUR_ADAM = {"learning_rate": FALLING, "beta1": BETA1, "beta2": BETA2, "epsilon": EPSILON}
TORCH_RMS_PROP = {"alpha": RHO, "eps": EPSILON}
KERAS_RMS_PROP = {"rho": RHO, "epsilon": EPSILON}
OPTAX_RMS_PROP = {"decay": RHO, "eps": EPSILON}

ROWS = {
    "SGD": Row(
        formulas={"θ ← θ − η·g": sgd},
        here=Sgd(learning_rate=FALLING),
        torch=Options(name="SGD"),
        keras=Options(name="SGD"),
        optax=Options(name="sgd"),
    ),
    "momentum": Row(
        formulas={
            "v ← μ·v + g; θ ← θ − η·v": momentum,
            "v ← μ·v − η·g; θ ← θ + v": momentum_of_steps,
        },
        here=Sgd(learning_rate=FALLING, momentum=MU),
        torch=Options(name="SGD", values={"momentum": MU}),
        keras=Options(name="SGD", values={"momentum": MU}),
        optax=Options(name="sgd", values={"momentum": MU}),
    ),
    "Nesterov's form": Row(
        formulas={
            "v ← μ·v + g; θ ← θ − η·(g + μ·v)": nesterov,
            "v ← μ·v − η·g; θ ← θ + μ·v − η·g": nesterov_of_steps,
        },
        here=Sgd(learning_rate=FALLING, momentum=MU, nesterov=True),
        torch=Options(name="SGD", values={"momentum": MU, "nesterov": True}),
        keras=Options(name="SGD", values={"momentum": MU, "nesterov": True}),
        optax=Options(name="sgd", values={"momentum": MU, "nesterov": True}),
    ),
    "dampening": Row(
        formulas={"v ← g at first, then μ·v + (1 − τ)·g; θ ← θ − η·v": dampened},
        torch=Options(name="SGD", values={"momentum": MU, "dampening": TAU}),
    ),
    "`weight_decay` of momentum": Row(
        formulas={
            "g ← g + λ·θ, then as momentum": coupled(momentum),
            "θ ← θ·(1 − η·λ), then as momentum": decoupled(momentum_of_steps),
        },
        torch=Options(name="SGD", values={"momentum": MU, "weight_decay": LAMBDA}),
        keras=Options(name="SGD", values={"momentum": MU, "weight_decay": LAMBDA}),
    ),
    "RMSprop": Row(
        formulas={
            "θ ← θ − η·g/(√s + ε)": rms_prop,
            "θ ← θ − η·g/√(s + ε)": rms_prop_under_root,
        },
        here=RmsProp(learning_rate=FALLING, decay=RHO, epsilon=EPSILON),
        torch=Options(name="RMSprop", values=TORCH_RMS_PROP),
        keras=Options(name="RMSprop", values=KERAS_RMS_PROP),
        optax=Options(name="rmsprop", values=OPTAX_RMS_PROP),
    ),
    "RMSprop with `eps_in_sqrt=False`": Row(
        formulas={"θ ← θ − η·g/(√s + ε)": rms_prop},
        optax=Options(name="rmsprop", values={**OPTAX_RMS_PROP, "eps_in_sqrt": False}),
    ),
    "`momentum` of RMSprop": Row(
        formulas={
            "v ← μ·v + g/(√s + ε); θ ← θ − η·v": rms_prop_momentum,
            "v ← μ·v + η·g/√(s + ε); θ ← θ − v": rms_prop_momentum_of_steps,
        },
        torch=Options(name="RMSprop", values={**TORCH_RMS_PROP, "momentum": MU}),
        keras=Options(name="RMSprop", values={**KERAS_RMS_PROP, "momentum": MU}),
        optax=Options(name="rmsprop", values={**OPTAX_RMS_PROP, "momentum": MU}),
    ),
    "Adam": Row(
        formulas={
            "θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ)·m/(√v + ε)": adam,
            "θ ← θ − η·m̂/(√v̂ + ε)": adam_inside,
        },
        here=Adam(**OUR_ADAM),
        torch=Options(name="Adam", values=TORCH_ADAM),
        keras=Options(name="Adam", values=KERAS_ADAM),
        optax=Options(name="adam", values=OPTAX_ADAM),
    ),
    "`weight_decay` of Adam": Row(
        formulas={
            "g ← g + λ·θ, then as Adam": coupled(adam_inside),
            "θ ← θ·(1 − η·λ), then as Adam": decoupled(adam),
        },
        torch=Options(name="Adam", values={**TORCH_ADAM, "weight_decay": LAMBDA}),
        keras=Options(name="Adam", values={**KERAS_ADAM, "weight_decay": LAMBDA}),
    ),
    "AdamW": Row(
        formulas={
            "θ ← θ·(1 − η·λ), then as Adam": decoupled(adam),
            "θ ← θ·(1 − η·λ), then as its Adam": decoupled(adam_inside),
        },
        here=AdamW(**OUR_ADAM, weight_decay=LAMBDA),
        torch=Options(name="AdamW", values={**TORCH_ADAM, "weight_decay": LAMBDA}),
        keras=Options(name="AdamW", values={**KERAS_ADAM, "weight_decay": LAMBDA}),
        optax=Options(name="adamw", values={**OPTAX_ADAM, "weight_decay": LAMBDA}),
    ),
}
