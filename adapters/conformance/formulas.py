"""The formulas of the cells and losses as plainly as can be, for real and complex numbers."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from adapters.interface import Array

Parameters = Mapping[str, Array]
State = tuple[Array, ...]
"""Of one layer in one direction: the hidden state, and the LSTM's cell state; each (…, B, H)."""

IMAGINARY_STEP = 1e-30


def sigmoid(x: Array) -> Array:
    """σ(x) = ½ + ½·tanh(½x), which no x overflows."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))


Function = Callable[[Array], Array]


def plus(values: Array, parameters: Parameters, bias: str) -> Array:
    """The values (…, B, columns) and a bias (…, columns), where there is one."""
    return values + parameters[bias][..., np.newaxis, :] if bias in parameters else values


def elman(activation: Function, parameters: Parameters, x: Array, state: State) -> State:
    """h = φ(x·W + h·U + b)."""
    sums = plus(
        x @ parameters["input_kernel"] + state[0] @ parameters["recurrent_kernel"], parameters, "bias"
    )
    return (activation(sums),)


def lstm(parameters: Parameters, x: Array, state: State, sigma: Function = sigmoid) -> State:
    """i, f, g, o = x·W + h·U + b; c = σ(f)·c + σ(i)·tanh(g); h = σ(o)·tanh(c)."""
    hidden, cell_state = state
    sums = plus(x @ parameters["input_kernel"] + hidden @ parameters["recurrent_kernel"], parameters, "bias")
    i, f, g, o = np.split(sums, 4, axis=-1)
    cell_state = sigma(f) * cell_state + sigma(i) * np.tanh(g)
    return sigma(o) * np.tanh(cell_state), cell_state


def gru_after(parameters: Parameters, x: Array, state: State, sigma: Function = sigmoid) -> State:
    """r, z = σ(x·W + h·U + b); n = tanh(x·W_n + b_n + r·(h·U_n + c_n)); h = (1−z)·n + z·h."""
    (hidden,) = state
    x_r, x_z, x_n = np.split(plus(x @ parameters["input_kernel"], parameters, "bias"), 3, axis=-1)
    h_r, h_z, h_n = np.split(hidden @ parameters["recurrent_kernel"], 3, axis=-1)
    r, z = sigma(x_r + h_r), sigma(x_z + h_z)
    n = np.tanh(x_n + r * plus(h_n, parameters, "candidate_bias"))
    return ((1 - z) * n + z * hidden,)


def gru_before(parameters: Parameters, x: Array, state: State, sigma: Function = sigmoid) -> State:
    """r, z = σ(x·W + h·U + b); n = tanh(x·W_n + (r·h)·U_n + b_n); h = (1−z)·n + z·h."""
    (hidden,) = state
    x_r, x_z, x_n = np.split(plus(x @ parameters["input_kernel"], parameters, "bias"), 3, axis=-1)
    kernel_r, kernel_z, kernel_n = np.split(parameters["recurrent_kernel"], 3, axis=-1)
    r, z = sigma(x_r + hidden @ kernel_r), sigma(x_z + hidden @ kernel_z)
    n = np.tanh(x_n + (r * hidden) @ kernel_n)
    return ((1 - z) * n + z * hidden,)


STEPS: dict[tuple[str, str, str], Callable[..., State]] = {
    ("elman", "tanh", "after"): partial(elman, np.tanh),
    ("elman", "sigmoid", "after"): partial(elman, sigmoid),
    ("lstm", "tanh", "after"): lstm,
    ("gru", "tanh", "after"): gru_after,
    ("gru", "tanh", "before"): gru_before,
}
"""By cell, activation and reset: one time step of one layer in one direction."""

STATE_PARTS = {"elman": 1, "lstm": 2, "gru": 1}


def half_squared_error(outputs: Array, targets: Array) -> Array:
    """½(ŷ−y)², by output."""
    return np.asarray(0.5 * (outputs - targets) ** 2)


def softmax_cross_entropy(outputs: Array, targets: Array) -> Array:
    """−log softmax(ŷ) at the target, 0 elsewhere."""
    shifted = outputs - outputs.real.max(axis=-1, keepdims=True)
    totals = np.exp(shifted).sum(axis=-1, keepdims=True)
    return np.asarray((np.log(totals) - shifted) * np.eye(outputs.shape[-1])[targets])


LOSSES = {"half_squared_error": half_squared_error, "softmax_cross_entropy": softmax_cross_entropy}


def complex_step(function: Callable[[Parameters], Array], parameters: Parameters) -> dict[str, Array]:
    """A real function's gradient: every element moves along the imaginary axis, each in a copy of its own.

    Source: Squire & Trapp 1998, g = Im L(θ + ih) / h.
    """
    flat = np.concatenate([value.ravel() for value in parameters.values()])
    moved = flat + 1j * IMAGINARY_STEP * np.eye(flat.size)
    borders = np.cumsum([value.size for value in parameters.values()])[:-1]
    parts = zip(parameters.items(), np.split(moved, borders, axis=1), strict=True)
    values = function({name: part.reshape(-1, *value.shape) for (name, value), part in parts})
    gradient = np.split(values.imag / IMAGINARY_STEP, borders)
    return {
        name: part.reshape(value.shape)
        for (name, value), part in zip(parameters.items(), gradient, strict=True)
    }
