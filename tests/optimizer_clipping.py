"""The rows of `adapters/OPTIMIZERS.md` on clipping: formulas of two gradients, and who follows which."""

import numpy as np

from adapters.conformance.update_rules import UpdateRules
from adapters.interface import Sgd, TrainSpec

LIMIT = 2**-12
GRADIENTS = [2**-11 * np.array([1.0, -0.25, 0.5]), 2**-14 * np.array([-1.0, 0.5])]
"""Of which one alone is longer than the limit; so small that what PyTorch adds to the norm is seen."""


def norm(*gradients):
    return np.sqrt(sum((g**2).sum() for g in gradients))


def shortened(gradients, factor):
    return [g * factor for g in gradients]


FORMULAS = {
    "g ← min(max(g, −c), c)": lambda g: [np.clip(each, -LIMIT, LIMIT) for each in g],
    "g ← g·c/max(‖g‖, c)": lambda g: shortened(g, LIMIT / max(norm(*g), LIMIT)),
    "g ← g·min(1, c/(‖g‖ + 10⁻⁶))": lambda g: shortened(g, min(1, LIMIT / (norm(*g) + 1e-6))),
    "gᵢ ← gᵢ·c/max(‖gᵢ‖, c)": lambda g: [each * LIMIT / max(norm(each), LIMIT) for each in g],
}


def clip_ours(**limit):
    def clip(gradients):
        rules = UpdateRules(TrainSpec(optimizer=Sgd(learning_rate=1.0), **limit), {})
        return [*rules.clip(dict(zip("ab", gradients, strict=True))).values()]

    return clip


def clip_torch(function):
    def clip(gradients):
        import torch  # noqa: PLC0415 - in the process of its group alone

        parameters = [torch.nn.Parameter(torch.zeros(len(g), dtype=torch.float64)) for g in gradients]
        for parameter, g in zip(parameters, gradients, strict=True):
            parameter.grad = torch.tensor(g)
        getattr(torch.nn.utils, function)(parameters, LIMIT)
        return [parameter.grad.numpy() for parameter in parameters]

    return clip


def clip_keras(**limit):
    def clip(gradients):
        import keras  # noqa: PLC0415

        variables = [keras.Variable(np.zeros(len(g)), dtype="float64") for g in gradients]
        keras.optimizers.SGD(1.0, **limit).apply([*map(keras.ops.convert_to_tensor, gradients)], variables)
        return [-variable.numpy() for variable in variables]

    return clip


def clip_optax(function):
    def clip(gradients):
        import jax  # noqa: PLC0415
        import optax  # noqa: PLC0415

        with jax.enable_x64(True):
            return getattr(optax, function)(LIMIT).update([*map(jax.numpy.array, gradients)], None)[0]

    return clip


ROWS = {
    "every element": {
        "here": clip_ours(clip_value=LIMIT),
        "torch": clip_torch("clip_grad_value_"),
        "keras": clip_keras(clipvalue=LIMIT),
        "optax": clip_optax("clip"),
    },
    "by the norm": {
        "here": clip_ours(clip_norm=LIMIT),
        "torch": clip_torch("clip_grad_norm_"),
        "keras": clip_keras(global_clipnorm=LIMIT),
        "optax": clip_optax("clip_by_global_norm"),
    },
    "each parameter by its own": {"keras": clip_keras(clipnorm=LIMIT)},
}
