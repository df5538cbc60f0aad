"""Elman's cell, h_t = φ(s_t) with s_t = x·W + h_{t-1}·U + b, forward and back, as loops to be compiled.

x·W + b is made before a cell runs, and the gradients by W, b and x after it. A step beyond a sequence's
length hands the state on as it is, and on the way back its gradient.

With δ for the gradient of the loss by what follows it: δs_t = φ'·δh_t.

Source: Elman 1990.
"""

from typing import Any

from adapters.interface import Array
from adapters.numba_backend.arrays import Layer, Products, Steps, rows_of
from adapters.numba_backend.compiling import compiled
from adapters.numba_backend.recurrence import before_and_after, in_order, on_the_way_back, states_before
from adapters.numba_backend.rows import copy_row, room_like


def elman(activation: Any) -> Any:
    """The way forward with an activation φ."""

    def forward(products: Products, layer: Layer, steps: Steps, first: int, stop: int) -> None:
        B, H = len(steps.lengths), steps.hidden.shape[1]
        product = room_like(steps.hidden, H, B)
        for t in in_order(steps, first, stop):
            sums = rows_of(steps.gates, t, t + 1, B)
            before, after = before_and_after(steps.hidden, steps, t)
            products.plain(before, layer.U, product)
            for b in range(B):
                if t < steps.lengths[b]:
                    for j in range(H):
                        after[b, j] = activation(sums[b, j] + product[b, j])
                else:
                    copy_row(before, b, after)

    return forward


def elman_back(slope: Any) -> Any:
    """The way back with φ' as a function of h; the gradient by the sums takes their place."""

    def backward(
        products: Products,
        layer: Layer,
        steps: Steps,
        first: int,
        stop: int,
        read_gradient: Array,
        gradient: Layer,
    ) -> None:
        B, H = len(steps.lengths), steps.hidden.shape[1]
        hidden_gradient, handed_on = room_like(steps.hidden, H, B), room_like(steps.hidden, H, B)
        for t in on_the_way_back(steps, first, stop):
            sums, read = rows_of(steps.gates, t, t + 1, B), rows_of(read_gradient, t, t + 1, B)
            _, after = before_and_after(steps.hidden, steps, t)
            for b in range(B):
                valid = t < steps.lengths[b]
                for j in range(H):
                    h = read[b, j] + hidden_gradient[b, j] + handed_on[b, j]
                    sums[b, j] = slope(after[b, j]) * h if valid else 0
                    handed_on[b, j] = 0 if valid else h
            products.right_transposed(sums, layer.U, hidden_gradient)
        reached = rows_of(steps.gates, first, stop, B)
        products.left_transposed(states_before(steps, first, stop), reached, gradient.U)

    return backward


@compiled
def tanh_slope(h: Any) -> Any:
    """tanh' = 1 − tanh²."""
    return 1 - h * h


@compiled
def sigmoid_slope(h: Any) -> Any:
    """σ' = σ − σ²."""
    return h - h * h
