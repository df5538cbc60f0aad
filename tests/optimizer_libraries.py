"""A rule of this project, of `torch.optim`, `keras.optimizers` or `optax`, applied to two parameters."""

import numpy as np
import pytest

from adapters.conformance.update_rules import UpdateRules
from adapters.interface import TrainSpec

UPDATES = 12
START = np.linspace(-1, 1, 7)
CUT = 3
"""Where the first parameter ends and the second begins."""


def gradients():
    """From vanishing ones to some of the order of 1."""
    generator = np.random.default_rng(0)
    return 10.0 ** generator.uniform(-6, 0, size=(UPDATES, 1)) * generator.normal(size=(UPDATES, 7))


def halves(values):
    return [values[:CUT], values[CUT:]]


def ours(rule):
    """The parameters after each update; so does each function below."""
    rules = UpdateRules(
        TrainSpec(optimizer=rule, dtype="float64"), dict(zip("ab", halves(START), strict=True))
    )
    values = []
    for gradient in gradients():
        rules.update(dict(zip("ab", halves(gradient), strict=True)))
        values.append(np.concatenate([*rules.values.values()]))
    return np.array(values)


def of_torch(build, rate):
    """`build` is given the parameters; `rate` is a function of the number of the update, from 0."""
    torch = pytest.importorskip("torch")
    parameters = [torch.nn.Parameter(torch.tensor(half)) for half in halves(START)]
    optimizer, values = build(parameters), []
    for n, gradient in enumerate(gradients()):
        for parameter, half in zip(parameters, halves(gradient), strict=True):
            parameter.grad = torch.tensor(half)
        optimizer.param_groups[0]["lr"] = rate(n)
        optimizer.step()
        values.append(torch.cat(parameters).detach().numpy())
    return np.array(values)


def of_keras(optimizer, rate):
    keras = pytest.importorskip("keras")
    variables, values = [keras.Variable(half, dtype="float64") for half in halves(START)], []
    for n, gradient in enumerate(gradients()):
        optimizer.learning_rate = rate(n)
        optimizer.apply([keras.ops.convert_to_tensor(half) for half in halves(gradient)], variables)
        values.append(np.concatenate([variable.numpy() for variable in variables]))
    return np.array(values)


def of_optax(transformation):
    optax, jax = pytest.importorskip("optax"), pytest.importorskip("jax")
    with jax.enable_x64(True):
        parameters, values = [jax.numpy.array(half) for half in halves(START)], []
        state = transformation.init(parameters)
        for gradient in gradients():
            steps = [jax.numpy.array(half) for half in halves(gradient)]
            steps, state = transformation.update(steps, state, parameters)
            parameters = optax.apply_updates(parameters, steps)
            values.append(np.concatenate(parameters))
    return np.array(values)
