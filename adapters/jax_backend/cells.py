"""The cells: what one step of a layer, in one direction, makes of the state before it.

W, U and b stand for the layer's input_kernel, recurrent_kernel and bias, c_n for its candidate_bias.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array as Tensor

from adapters.jax_backend.products import product

Parameters = Mapping[str, Tensor]
State = tuple[Tensor, ...]  # of a layer in one direction, each part (B, H): h, and the LSTM's c
Step = tuple[State, tuple[Tensor, ...]]  # the state after a step, and the factors that it multiplied by U


def from_value(function: Callable[[Tensor], Tensor], slope: Callable[[Tensor], Tensor]) -> Any:
    """The function with its derivative taken from its value, which is all that a step then keeps of it."""

    def with_value(x: Tensor) -> tuple[Tensor, Tensor]:
        value = function(x)
        return value, value

    def gradient(value: Tensor, of_value: Tensor) -> tuple[Tensor]:
        return (of_value * slope(value),)

    taken = jax.custom_vjp(function)
    taken.defvjp(with_value, gradient)
    return taken


sigmoid = from_value(jax.nn.sigmoid, lambda value: value * (1 - value))
tanh = from_value(jnp.tanh, lambda value: (1 - value) * (1 + value))


def elman(activation: Callable[[Tensor], Tensor], kernel: Tensor, addend: Tensor, state: State) -> Step:
    """h = φ(x·W + h·U + b)."""
    return (activation(addend + product(state[0], kernel)),), (state[0],)


def lstm(kernel: Tensor, addend: Tensor, state: State) -> Step:
    """i, f, g, o = x·W + h·U + b; c = σ(f)·c + σ(i)·tanh(g); h = σ(o)·tanh(c)."""
    hidden, cell_state = state
    i, f, g, o = jnp.split(addend + product(hidden, kernel), 4, axis=-1)
    cell_state = sigmoid(f) * cell_state + sigmoid(i) * tanh(g)
    return (sigmoid(o) * tanh(cell_state), cell_state), (hidden,)


def gru_after(kernel: Tensor, addend: Tensor, state: State) -> Step:
    """r, z = σ(x·W + h·U + b); n = tanh(x·W_n + b_n + r·(h·U_n + c_n)); h = (1−z)·n + z·h."""
    (hidden,) = state
    addend, x_n = jnp.split(addend, [kernel.shape[1]], axis=-1)
    r, z, h_n = jnp.split(addend + product(hidden, kernel), 3, axis=-1)
    n = tanh(x_n + sigmoid(r) * h_n)
    return (blend(sigmoid(z), hidden, n),), (hidden,)


def gru_before(kernel: Tensor, addend: Tensor, state: State) -> Step:
    """r, z = σ(x·W + h·U + b); n = tanh(x·W_n + (r·h)·U_n + b_n); h = (1−z)·n + z·h."""
    (hidden,), gates = state, 2 * len(kernel)
    r, z = jnp.split(sigmoid(addend[:, :gates] + product(hidden, kernel[:, :gates])), 2, axis=-1)
    n = tanh(addend[:, gates:] + product(r * hidden, kernel[:, gates:]))
    return (blend(z, hidden, n),), (hidden, hidden, r * hidden)


def blend(z: Tensor, hidden: Tensor, n: Tensor) -> Tensor:
    """h = (1−z)·n + z·h."""
    return (1 - z) * n + z * hidden


def projected(x: Tensor, own: Parameters) -> Tensor:
    """x·W + b."""
    return product(x, own["input_kernel"]) + own.get("bias", 0)


def projected_apart(x: Tensor, own: Parameters) -> Tensor:
    """x·W + b of r and z; c_n; and x·W_n + b_n, which no product is added to."""
    r, z, x_n = jnp.split(projected(x, own), 3, axis=-1)
    return jnp.concatenate([r, z, jnp.zeros_like(x_n) + own.get("candidate_bias", 0), x_n], axis=-1)


class Cell(NamedTuple):
    """A step; from x and a layer's parameters, what it adds to its products by U; how many parts a state has.

    Addends begin with U's columns; others may follow, which nothing is added to. The factors that a step
    multiplied by U each belong to an equal share of U's columns.
    """

    step: Callable[[Tensor, Tensor, State], Step]
    addends: Callable[[Tensor, Parameters], Tensor]
    parts: int


CELLS = {
    ("elman", "tanh", "after"): Cell(partial(elman, tanh), projected, 1),
    ("elman", "sigmoid", "after"): Cell(partial(elman, sigmoid), projected, 1),
    ("lstm", "tanh", "after"): Cell(lstm, projected, 2),
    ("gru", "tanh", "after"): Cell(gru_after, projected_apart, 1),
    ("gru", "tanh", "before"): Cell(gru_before, projected, 1),
}
"""By cell, activation and reset."""
