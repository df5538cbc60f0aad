"""The LSTM, forward and back, as loops over steps, sequences and units to be compiled.

With i, f, g and o for what σ and tanh make of its sums: c_t = f·c_{t-1} + i·g; h_t = o·tanh(c_t).
Back, with δ for the gradient of the loss by what follows it:
δc_t = δh_t·o·(1 − tanh²(c_t)) + δc_{t+1}·f_{t+1};
by the sums δc·g·i·(1−i), δc·c_{t-1}·f·(1−f), δc·i·(1−g²) and δh·tanh(c)·o·(1−o).

Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000.
"""

from adapters.interface import Array
from adapters.numba_backend.arrays import Layer, Products, Steps, rows_of
from adapters.numba_backend.functions import sigmoid, tanh
from adapters.numba_backend.recurrence import before_and_after, in_order, on_the_way_back, states_before
from adapters.numba_backend.rows import clear_row, copy_row, room_like


def lstm(products: Products, layer: Layer, steps: Steps, first: int, stop: int) -> None:
    """The gates i, f, g, o take the place of their sums."""
    B, H = len(steps.lengths), steps.hidden.shape[1]
    product = room_like(steps.hidden, 4 * H, B)
    for t in in_order(steps, first, stop):
        gates, tanh_c = rows_of(steps.gates, t, t + 1, B), rows_of(steps.kept, t, t + 1, B)
        before, after = before_and_after(steps.hidden, steps, t)
        c_before, c = before_and_after(steps.cell, steps, t)
        products.plain(before, layer.U, product)
        for b in range(B):
            if t < steps.lengths[b]:
                for j in range(2 * H):
                    gates[b, j] = sigmoid(gates[b, j] + product[b, j])
                for j in range(2 * H, 3 * H):
                    gates[b, j] = tanh(gates[b, j] + product[b, j])
                for j in range(3 * H, 4 * H):
                    gates[b, j] = sigmoid(gates[b, j] + product[b, j])
                for j in range(H):
                    c[b, j] = gates[b, H + j] * c_before[b, j] + gates[b, j] * gates[b, 2 * H + j]
                for j in range(H):
                    tanh_c[b, j] = tanh(c[b, j])
                for j in range(H):
                    after[b, j] = gates[b, 3 * H + j] * tanh_c[b, j]
            else:
                copy_row(before, b, after)
                copy_row(c_before, b, c)


def lstm_back(
    products: Products,
    layer: Layer,
    steps: Steps,
    first: int,
    stop: int,
    read_gradient: Array,
    gradient: Layer,
) -> None:
    """The gradients by the sums take the place of the gates."""
    B, H = len(steps.lengths), steps.hidden.shape[1]
    hidden_gradient, handed_on = room_like(steps.hidden, H, B), room_like(steps.hidden, H, B)
    cell_gradient = room_like(steps.hidden, H, B)
    for t in on_the_way_back(steps, first, stop):
        gates, tanh_c = rows_of(steps.gates, t, t + 1, B), rows_of(steps.kept, t, t + 1, B)
        read, (c_before, _) = rows_of(read_gradient, t, t + 1, B), before_and_after(steps.cell, steps, t)
        for b in range(B):
            if t < steps.lengths[b]:
                for j in range(H):
                    i, f, g, o = gates[b, j], gates[b, H + j], gates[b, 2 * H + j], gates[b, 3 * H + j]
                    h = read[b, j] + hidden_gradient[b, j] + handed_on[b, j]
                    c = h * o * (1 - tanh_c[b, j] * tanh_c[b, j]) + cell_gradient[b, j]
                    gates[b, j] = c * g * i * (1 - i)
                    gates[b, H + j] = c * c_before[b, j] * f * (1 - f)
                    gates[b, 2 * H + j] = c * i * (1 - g * g)
                    gates[b, 3 * H + j] = h * tanh_c[b, j] * o * (1 - o)
                    cell_gradient[b, j] = c * f
                    handed_on[b, j] = 0
            else:
                clear_row(gates, b)
                for j in range(H):
                    handed_on[b, j] += hidden_gradient[b, j] + read[b, j]
        products.right_transposed(gates, layer.U, hidden_gradient)
    reached = rows_of(steps.gates, first, stop, B)
    products.left_transposed(states_before(steps, first, stop), reached, gradient.U)
