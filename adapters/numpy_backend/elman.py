"""Elman's cell, h_t = φ(x_t·W + h_{t-1}·U + b), forward and back.

With δ for the gradient of the loss by what follows it: δsums_t = φ'(sums_t)·δh_t.

Source: Elman 1990.
"""

from collections.abc import Iterable

import numpy as np
from numpy import add, multiply, subtract, tanh

from adapters.interface import Array, ModelSpec
from adapters.numpy_backend.buffers import aligned
from adapters.numpy_backend.recurrence import Cell, CellGradient, StackedRows, WayBack

Steps = Iterable[tuple[Array, Array, Array]]
"""Of each step: its rows, h_t, and room for the sums (B, H)."""

Views = tuple[Array, Array]
"""Of a step: h_t and δsums_t, both (B, H)."""


class Elman(Cell[Array]):
    """What its cells have in common: a step keeps nothing but h_t, so that all have the same room."""

    def values(self, batch: int) -> Array:
        return np.empty((batch, self.hidden), self.kernel.dtype)


class TanhElman(Elman):
    """φ = tanh."""

    def forward(self, steps: Steps) -> None:
        kernel = self.kernel
        for rows, hidden, sums in steps:
            rows.dot(kernel, sums)
            tanh(sums, hidden)


class SigmoidElman(Elman):
    """φ(x) = σ(x) = ½·tanh(½x) + ½, which no x overflows."""

    def __init__(self, model: ModelSpec, kernel: Array) -> None:
        super().__init__(model, kernel)
        self._half_kernel = aligned(kernel.shape, kernel.dtype)

    def forward(self, steps: Steps) -> None:
        half, half_kernel = self.half, self._half_kernel
        multiply(self.kernel, half, half_kernel)
        for rows, hidden, sums in steps:
            rows.dot(half_kernel, sums)
            tanh(sums, hidden)
            multiply(hidden, half, hidden)
            add(hidden, half, hidden)


class ElmanGradient(CellGradient[Array, Views]):
    """What the way back has in common."""

    def __init__(self, model: ModelSpec, cell: Cell[Array], stacked: StackedRows) -> None:
        super().__init__(model, cell, stacked)
        self._sums = cell.values(self.batch)

    def values(self, t: int) -> Array:
        return self._sums

    def views(self, t: int) -> Views:
        return self.hidden_states[t + 1], self.sums_gradient[t]


class TanhElmanGradient(ElmanGradient):
    """φ' = 1 − h²."""

    def __init__(self, model: ModelSpec, cell: Cell[Array], stacked: StackedRows) -> None:
        super().__init__(model, cell, stacked)
        self._one = np.array(1, cell.kernel.dtype)

    def backward(self, way: WayBack[Views]) -> None:
        for hidden_gradient, (hidden, sums_gradient) in self.hidden_gradients(way):
            multiply(hidden, hidden, sums_gradient)
            subtract(self._one, sums_gradient, sums_gradient)
            multiply(sums_gradient, hidden_gradient, sums_gradient)


class SigmoidElmanGradient(ElmanGradient):
    """φ' = h − h²."""

    def backward(self, way: WayBack[Views]) -> None:
        for hidden_gradient, (hidden, sums_gradient) in self.hidden_gradients(way):
            multiply(hidden, hidden, sums_gradient)
            subtract(hidden, sums_gradient, sums_gradient)
            multiply(sums_gradient, hidden_gradient, sums_gradient)
