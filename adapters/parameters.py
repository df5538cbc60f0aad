"""The parameters' canonical names, shapes and gate order, and their seeded initial values.

LSTM gates lie along the last axis in the order input, forget, candidate, output (i, f, g, o).
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from adapters.specs import ModelSpec

Float64 = NDArray[np.float64]
Initializer = Callable[[Generator, tuple[int, ...]], Float64]


def shapes(model: ModelSpec) -> dict[str, tuple[int, ...]]:
    """Every parameter's shape, in canonical order; both biases are absent where the model has none."""
    width = model.gates * model.hidden
    return {
        "input_kernel": (model.inputs, width),
        "recurrent_kernel": (model.hidden, width),
        **({"bias": (width,)} if model.bias else {}),
        "readout_kernel": (model.hidden, model.outputs),
        **({"readout_bias": (model.outputs,)} if model.bias else {}),
    }


def draw(model: ModelSpec, seed: int, initializers: Mapping[str, Initializer]) -> dict[str, Float64]:
    """Initial values from one stream of random numbers, drawn in canonical order, in float64."""
    generator = Generator(PCG64(SeedSequence(seed)))
    return {name: initializers[name](generator, shape) for name, shape in shapes(model).items()}


def normal(standard_deviation: float) -> Initializer:
    """N(0, σ)."""
    return lambda generator, shape: generator.normal(0.0, standard_deviation, shape)


def uniform(limit: float) -> Initializer:
    """U(−limit, limit)."""
    return lambda generator, shape: generator.uniform(-limit, limit, shape)


def glorot_uniform(generator: Generator, shape: tuple[int, ...]) -> Float64:
    """U(−l, l) with l = √(6 / (rows + columns)).

    Source: Glorot & Bengio 2010; fans counted on the whole kernel, all gates together, as Keras does.
    """
    limit = np.sqrt(6.0 / sum(shape))
    return generator.uniform(-limit, limit, shape)


def orthogonal(generator: Generator, shape: tuple[int, ...]) -> Float64:
    """A (rows, columns ≥ rows) matrix whose rows are orthonormal.

    Source: Saxe et al. 2014; the signs make the distribution uniform (Mezzadri 2007).
    """
    rows, columns = shape
    q, r = np.linalg.qr(generator.normal(size=(columns, rows)))
    return np.ascontiguousarray((q * np.sign(np.diag(r))).T)


def zeros(generator: Generator, shape: tuple[int, ...]) -> Float64:
    """Zeros."""
    return np.zeros(shape)


def forget_ones(generator: Generator, shape: tuple[int, ...]) -> Float64:
    """An LSTM's bias: zero, but one for the forget gate.

    Source: Gers et al. 2000; Jozefowicz et al. 2015.
    """
    bias = np.zeros((4, shape[0] // 4))
    bias[1] = 1.0
    return bias.ravel()
