"""The parameters' canonical names, shapes and gate order, and their seeded initial values.

Gates lie along the last axis, a block of H columns each: the LSTM's in the order input, forget, candidate,
output (i, f, g, o), the GRU's in the order reset, update, candidate (r, z, n).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from adapters.specs import Array, ModelSpec

Float64 = NDArray[np.float64]
Initializer = Callable[[Generator, tuple[int, ...]], Float64]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer in one direction: what a step reads, and what its parameters' names end in.

    Shapes: `shapes` holds those of its input_kernel (inputs, G·H), recurrent_kernel (H, G·H), bias (G·H,)
    and, where the GRU's reset gate is applied after the product, candidate_bias (H,).
    """

    inputs: int
    reverse: bool
    suffix: str
    shapes: Mapping[str, tuple[int, ...]]

    def of(self, parameters: Mapping[str, Array]) -> dict[str, Array]:
        """Its own among a model's parameters, or whatever stands under their names, without the suffix."""
        return {kind: parameters[kind + self.suffix] for kind in self.shapes}


def layers(model: ModelSpec) -> tuple[tuple[Layer, ...], ...]:
    """The layers from below, each with its directions, forward first."""
    return tuple(
        tuple(_layer(model, level, reverse) for reverse in (False, True)[: 1 + model.bidirectional])
        for level in range(model.layers)
    )


def shapes(model: ModelSpec) -> dict[str, tuple[int, ...]]:
    """Every parameter's shape, in canonical order; biases are absent where the model has none."""
    return {
        **{
            kind + layer.suffix: shape
            for level in layers(model)
            for layer in level
            for kind, shape in layer.shapes.items()
        },
        "readout_kernel": (model.width, model.outputs),
        **({"readout_bias": (model.outputs,)} if model.bias else {}),
    }


def draw(model: ModelSpec, seed: int, initializers: Mapping[str, Initializer]) -> dict[str, Float64]:
    """Initial values from one stream of random numbers, drawn in canonical order, in float64.

    An initializer stands under a parameter's name without its suffix, and serves every layer and direction.
    """
    generator = Generator(PCG64(SeedSequence(seed)))
    kinds = {kind + layer.suffix: kind for level in layers(model) for layer in level for kind in layer.shapes}
    return {
        name: initializers[kinds.get(name, name)](generator, shape) for name, shape in shapes(model).items()
    }


def _layer(model: ModelSpec, level: int, reverse: bool) -> Layer:
    inputs, columns = (model.width if level else model.inputs), model.gates * model.hidden
    biases: dict[str, tuple[int, ...]] = {"bias": (columns,)} if model.bias else {}
    if model.bias and model.cell == "gru" and model.reset == "after":
        biases["candidate_bias"] = (model.hidden,)
    return Layer(
        inputs=inputs,
        reverse=reverse,
        suffix=(f"_l{level}" if level else "") + ("_reverse" if reverse else ""),
        shapes={
            "input_kernel": (inputs, columns),
            "recurrent_kernel": (model.hidden, columns),
            **biases,
        },
    )


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
