"""The LSTM, forward and back.

Forward, with i, f, o and g for what σ and tanh make of the sums under the four gates:

    c_t = f·c_{t-1} + i·g
    h_t = o·tanh(c_t)

Back, with δ for the gradient of the loss by what follows it:

    δc_t = δh_t·o·(1 − tanh²(c_t)) + δc_{t+1}·f_{t+1}
    δi = δc_t·g    δf = δc_t·c_{t-1}    δo = δh_t·tanh(c_t)    δg = δc_t·i

and, as σ' = σ − σ² and tanh' = 1 − tanh², by the sums under the gates

    δi·i − δi·i²    δf·f − δf·f²    δo·o − δo·o²    δg − δg·g²

Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000.
"""

from collections.abc import Iterable

import numpy as np
from numpy import add, matmul, multiply, subtract, tanh

from adapters.interface import Array, ModelSpec
from adapters.numpy_backend.buffers import aligned
from adapters.numpy_backend.recurrence import Cell, CellGradient, StackedRows, WayBack

Values = tuple[Array, Array, Array, Array, Array, Array, Array, Array, Array, Array]
"""Of a step: all gates (4, B, H) in the order i, f, o, g; three of them, i_f_o (3, B, H); i, f, o, g;
c_{t-1}, c_t, tanh(c_t), and room for i·g, all (B, H)."""

Views = tuple[Array, Array, Array, Array, Array, Array, Array]
"""Of a step: i_f_o (3, B, H), i_f (2, B, H); o, g, c_{t-1}, tanh(c_t), (B, H); by the sums (4, B, H)."""


class Lstm(Cell[Values]):
    """Its kernel's columns lie in the order of the gates."""

    def __init__(self, model: ModelSpec, kernel: Array) -> None:
        super().__init__(model, kernel)
        self._kernel_by_gate = kernel.reshape(len(kernel), 4, self.hidden).swapaxes(0, 1)
        self._scales = np.array([0.5, 0.5, 0.5, 1], kernel.dtype).reshape(4, 1, 1)
        self._scaled_kernel = np.empty(self._kernel_by_gate.shape, kernel.dtype)

    def values(self, batch: int) -> Values:
        gates = np.empty((4, batch, self.hidden), self.kernel.dtype)
        cell_state = np.zeros((batch, self.hidden), self.kernel.dtype)
        tanh_cell_state, i_g = np.empty_like(cell_state), np.empty_like(cell_state)
        i, f, o, g = gates
        return gates, gates[:3], i, f, o, g, cell_state, cell_state, tanh_cell_state, i_g

    def forward(self, steps: Iterable[tuple[Array, Array, Values]]) -> None:
        """The kernel is halved for i, f and o: σ(x) = ½·tanh(½x) + ½, which no x overflows."""
        half, scaled_kernel = self.half, self._scaled_kernel
        multiply(self._kernel_by_gate, self._scales, scaled_kernel)
        for rows, hidden, values in steps:
            gates, i_f_o, i, f, o, g, cell_state_before, cell_state, tanh_cell_state, i_g = values
            matmul(rows, scaled_kernel, gates)
            tanh(gates, gates)
            multiply(i_f_o, half, i_f_o)
            add(i_f_o, half, i_f_o)
            multiply(f, cell_state_before, cell_state)
            multiply(i, g, i_g)
            add(cell_state, i_g, cell_state)
            tanh(cell_state, tanh_cell_state)
            multiply(o, tanh_cell_state, hidden)


class LstmGradient(CellGradient[Values, Views]):
    """Each array is named for what of the formulas it holds: `i_gradient_i` is δi·i.

    A step's gates lie where the gradients by their sums will: what is overwritten has been read.
    """

    def __init__(self, model: ModelSpec, cell: Cell[Values], stacked: StackedRows) -> None:
        super().__init__(model, cell, stacked)
        T, B, H, dtype = self.time_steps, self.batch, model.hidden, cell.kernel.dtype
        self._gates = self.sums_gradient.reshape(T, 4, B, H)
        self._sums_gradient_by_gate = self.sums_gradient.reshape(T, B, 4, H).swapaxes(1, 2)
        self.cell_states = aligned((T + 1, B, H), dtype)
        self._tanh_cell_states = aligned((T, B, H), dtype)

        self._cell_state_gradient = aligned((B, H), dtype)
        first = aligned((5, B, H), dtype)
        self._i_gradient_i, self._f_gradient_f, self._o_gradient_o, self._g_gradient, self._carried = first
        self._g_gradient_and_carried, self._first_i_f_o, self._first_terms = first[3:], first[:3], first[:4]
        self._second_terms = aligned((4, B, H), dtype)
        self._second_i_f_o, self._second_g = self._second_terms[:3], self._second_terms[3]
        self._h_gradient_o, self._h_gradient_o_tanh2 = self._second_terms[:2]  # needed before those terms

    def values(self, t: int) -> Values:
        i, f, o, g = gates = self._gates[t]
        cell_state_before, cell_state = self.cell_states[t : t + 2]
        tanh_cell_state, i_g = self._tanh_cell_states[t], self._h_gradient_o
        return gates, gates[:3], i, f, o, g, cell_state_before, cell_state, tanh_cell_state, i_g

    def views(self, t: int) -> Views:
        _, _, o, g = gates = self._gates[t]
        sums_gradient = self._sums_gradient_by_gate[t]
        return gates[:3], gates[:2], o, g, self.cell_states[t], self._tanh_cell_states[t], sums_gradient

    def backward(self, way: WayBack[Views]) -> None:
        cell_state_gradient, carried = self._cell_state_gradient, self._carried
        carried.fill(0)
        for hidden_gradient, views in self.hidden_gradients(way):
            i_f_o, i_f, o, g, cell_state_before, tanh_cell_state, sums_gradient = views
            # δc = δh·o − δh·o·tanh²(c) + δc·f of the step after, which that carried back
            multiply(hidden_gradient, o, self._h_gradient_o)
            multiply(self._h_gradient_o, tanh_cell_state, self._o_gradient_o)
            multiply(self._o_gradient_o, tanh_cell_state, self._h_gradient_o_tanh2)
            subtract(self._h_gradient_o, self._h_gradient_o_tanh2, cell_state_gradient)
            add(cell_state_gradient, carried, cell_state_gradient)
            # δg = δc·i and, carried on, δc·f; then δi·i = δg·g and δf·f = δc·f·c_{t-1}
            multiply(cell_state_gradient, i_f, self._g_gradient_and_carried)
            multiply(self._g_gradient, g, self._i_gradient_i)
            multiply(carried, cell_state_before, self._f_gradient_f)
            # by the sums: δi·i − δi·i², δf·f − δf·f², δo·o − δo·o², δg − δg·g²
            multiply(self._first_i_f_o, i_f_o, self._second_i_f_o)
            multiply(self._i_gradient_i, g, self._second_g)
            subtract(self._first_terms, self._second_terms, sums_gradient)
