"""What an optimizer of Keras does, as a rule."""

from typing import Any

import keras
import numpy as np

from compare.port.records.rules import Rule


def rule_of(optimizer: Any) -> Rule | None:
    """The rule of an optimizer that is known; else None."""
    reader = _READERS.get(type(optimizer))
    if reader is None or optimizer.use_ema or optimizer.gradient_accumulation_steps:
        return None
    schedule = getattr(optimizer, "_learning_rate", None)
    scheduled = isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    return Rule(
        **reader(optimizer),
        **_clip(optimizer),
        learning_rate=float(optimizer.learning_rate),
        schedule=type(schedule).__name__ if scheduled else None,
        weight_decay=float(optimizer.weight_decay or 0.0),
    )


def in_float64(optimizer: Any) -> None:
    """Have its settings, and those of its schedule, be numbers of float64.

    Keras takes a Python float for one of float32, whatever `floatx` is: its betas alone would break 1e-10.
    """
    for owner in (optimizer, optimizer._learning_rate):
        if not isinstance(owner, keras.Variable):
            for name, value in list(vars(owner).items()):
                if type(value) is float:
                    setattr(owner, name, np.float64(value))


def _clip(optimizer: Any) -> dict[str, Any]:
    for name, form in (
        ("clipnorm", "norm of each array"),
        ("global_clipnorm", "norm"),
        ("clipvalue", "value"),
    ):
        limit = getattr(optimizer, name)
        if limit:
            return {"clip": form, "clip_limit": float(limit)}
    return {}


def _sgd(optimizer: Any) -> dict[str, Any]:
    return {
        "kind": "sgd",
        "momentum": float(optimizer.momentum or 0.0),
        "nesterov": bool(optimizer.nesterov and optimizer.momentum),
        "velocity": "of moves",
    }


def _rmsprop(optimizer: Any) -> dict[str, Any]:
    return {
        "kind": "rmsprop",
        "decay": float(optimizer.rho),
        "epsilon": optimizer.epsilon,
        "epsilon_place": "inside the root",
        "momentum": float(optimizer.momentum or 0.0),
        "velocity": "of moves",
        "centered": bool(optimizer.centered),
    }


def _adam(optimizer: Any) -> dict[str, Any]:
    return {
        "kind": "adam",
        "beta1": float(optimizer.beta_1),
        "beta2": float(optimizer.beta_2),
        "epsilon": optimizer.epsilon,
        "epsilon_place": "before the bias correction",
        "amsgrad": bool(optimizer.amsgrad),
    }


_READERS = {
    keras.optimizers.SGD: _sgd,
    keras.optimizers.RMSprop: _rmsprop,
    keras.optimizers.Adam: _adam,
    keras.optimizers.AdamW: _adam,
}
