"""What compiled functions are handed: sizes, the parameters of a layer, and what its steps leave behind."""

from typing import Any, NamedTuple

from adapters.interface import Array, ModelSpec
from adapters.numba_backend.compiling import compiled


class Sizes(NamedTuple):
    """A model's sizes and choices, as numbers."""

    inputs: int
    hidden: int
    outputs: int
    gates: int
    layers: int
    directions: int
    bias: bool
    candidate_bias: bool
    every: bool


class Products(NamedTuple):
    """Pointers to the products a·b, aᵀ·b and a·bᵀ of two matrices; the array for the result comes last."""

    plain: Any
    left_transposed: Any
    right_transposed: Any


class Layer(NamedTuple):
    """The parameters of one layer in one direction, or their gradient: views of a flat vector.

    Shapes: W (D, G·H), U (H, G·H), b (G·H,), c (H,); a bias that is not there is empty.
    """

    W: Array
    U: Array
    b: Array
    c: Array


class Steps(NamedTuple):
    """What the steps of one layer in one direction leave behind, B rows for each.

    Step t reads the states in place `t + before` and writes those in place `t + 1 − before`: that is 0, in
    reverse 1. States of zero precede the first step.

    Shapes: hidden and cell ((T+1)·B, H), of which only the LSTM uses the second; gates (T·B, G·H), x·W + b
    until what σ and tanh make of the sums takes its place, and then the gradient by these; kept (T·B, H), the
    tanh(c) of the LSTM and the m of the GRU; lengths (B,).
    """

    hidden: Array
    cell: Array
    gates: Array
    kept: Array
    lengths: Array
    before: int


def sizes_of(model: ModelSpec) -> Sizes:
    """The sizes of a model.

    Raises: KeyError for a readout that is not known here.
    """
    return Sizes(
        inputs=model.inputs,
        hidden=model.hidden,
        outputs=model.outputs,
        gates=model.gates,
        layers=model.layers,
        directions=2 if model.bidirectional else 1,
        bias=model.bias,
        candidate_bias=model.bias and (model.cell, model.reset) == ("gru", "after"),
        every={"last": False, "every": True}[model.readout],
    )


@compiled
def layer_of(flat: Array, sizes: Sizes, level: int, direction: int) -> Layer:
    """The views of a flat vector in which all parameters stand in canonical order."""
    H, columns = sizes.hidden, sizes.gates * sizes.hidden
    biases = columns * sizes.bias + H * sizes.candidate_bias
    D, start = sizes.inputs, 0
    for _ in range(level):
        start += sizes.directions * ((D + H) * columns + biases)
        D = sizes.directions * H
    start += direction * ((D + H) * columns + biases)
    U = start + D * columns
    b = U + H * columns
    c = b + columns * sizes.bias
    end = c + H * sizes.candidate_bias
    return Layer(flat[start:U].reshape((D, columns)), flat[U:b].reshape((H, columns)), flat[b:c], flat[c:end])


@compiled
def readout_of(flat: Array, sizes: Sizes) -> tuple[Array, Array]:
    """The readout's kernel (H', K) and its bias, empty where there is none: the last of a flat vector."""
    K, width = sizes.outputs, sizes.directions * sizes.hidden
    b = len(flat) - K * sizes.bias
    return flat[b - width * K : b].reshape((width, K)), flat[b:]


@compiled
def rows_of(values: Array, first: int, stop: int, batch: int) -> Array:
    """The rows of some steps, a view."""
    return values[first * batch : stop * batch]
