"""The GRU, forward and back, as loops to be compiled; its reset gate is applied after or before the product.

With r, z and n for what σ, σ and tanh make of the sums under the three gates: h_t = (1−z)·n + z·h_{t-1};
after: s_n = x·W_n + b_n + r·m with m = h_{t-1}·U_n + c_n;
before: s_n = x·W_n + b_n + m·U_n with m = r·h_{t-1}.

Back, with δ for the gradient of the loss by what follows it: δz = δh·(h_{t-1} − n); δn = δh·(1−z);
δs_n = δn·(1−n²); after: δr = δs_n·m and δm = δs_n·r; before: δm = δs_n·U_nᵀ and δr = δm·h_{t-1};
δs_r = δr·r·(1−r), δs_z likewise; δh_{t-1} = δh·z + δs_r,z·U_r,zᵀ + (after: δm·U_nᵀ; before: δm·r).

Source: Cho et al. 2014; with "after", as cuDNN has it.
"""

from adapters.interface import Array
from adapters.numba_backend.arrays import Layer, Products, Steps, rows_of
from adapters.numba_backend.compiling import compiled
from adapters.numba_backend.functions import sigmoid, tanh
from adapters.numba_backend.recurrence import before_and_after, in_order, on_the_way_back, states_before
from adapters.numba_backend.rows import add_up, clear_row, copy_row, room_like


def gru_after(products: Products, layer: Layer, steps: Steps, first: int, stop: int) -> None:
    """The gates r, z, n take the place of their sums."""
    B, H = len(steps.lengths), steps.hidden.shape[1]
    product = room_like(steps.hidden, 3 * H, B)
    for t in in_order(steps, first, stop):
        gates, m = rows_of(steps.gates, t, t + 1, B), rows_of(steps.kept, t, t + 1, B)
        before, after = before_and_after(steps.hidden, steps, t)
        products.plain(before, layer.U, product)
        for b in range(B):
            if t < steps.lengths[b]:
                for j in range(2 * H):
                    gates[b, j] = sigmoid(gates[b, j] + product[b, j])
                for j in range(H):
                    m[b, j] = product[b, 2 * H + j]
                for j in range(len(layer.c)):
                    m[b, j] += layer.c[j]
                for j in range(2 * H, 3 * H):
                    gates[b, j] = tanh(gates[b, j] + gates[b, j - 2 * H] * m[b, j - 2 * H])
                blend(gates, before, b, after)
            else:
                copy_row(before, b, after)


def gru_after_back(
    products: Products,
    layer: Layer,
    steps: Steps,
    first: int,
    stop: int,
    read_gradient: Array,
    gradient: Layer,
) -> None:
    """The gradients by the sums take the place of the gates; with δm for δs_n they are those by h·U."""
    B, H = len(steps.lengths), steps.hidden.shape[1]
    hidden_gradient, handed_on = room_like(steps.hidden, H, B), room_like(steps.hidden, H, B)
    by_products = room_like(steps.hidden, 3 * H, (stop - first) * B)
    for t in on_the_way_back(steps, first, stop):
        gates, m = rows_of(steps.gates, t, t + 1, B), rows_of(steps.kept, t, t + 1, B)
        read, by_product = (
            rows_of(read_gradient, t, t + 1, B),
            rows_of(by_products, t - first, t - first + 1, B),
        )
        before, _ = before_and_after(steps.hidden, steps, t)
        for b in range(B):
            if t < steps.lengths[b]:
                for j in range(H):
                    r, z, n = gates[b, j], gates[b, H + j], gates[b, 2 * H + j]
                    h = read[b, j] + hidden_gradient[b, j] + handed_on[b, j]
                    by_n = h * (1 - z) * (1 - n * n)
                    gates[b, j] = by_n * m[b, j] * r * (1 - r)
                    gates[b, H + j] = h * (before[b, j] - n) * z * (1 - z)
                    gates[b, 2 * H + j] = by_n
                    by_product[b, 2 * H + j] = by_n * r
                    handed_on[b, j] = h * z
                for j in range(2 * H):
                    by_product[b, j] = gates[b, j]
            else:
                clear_row(gates, b)
                for j in range(H):
                    handed_on[b, j] += hidden_gradient[b, j] + read[b, j]
        products.right_transposed(by_product, layer.U, hidden_gradient)
    products.left_transposed(states_before(steps, first, stop), by_products, gradient.U)
    add_up(by_products, 2 * H, gradient.c)


def gru_before(products: Products, layer: Layer, steps: Steps, first: int, stop: int) -> None:
    """The gates r, z, n take the place of their sums."""
    B, H = len(steps.lengths), steps.hidden.shape[1]
    U_r_z, U_n = layer.U[:, : 2 * H].copy(), layer.U[:, 2 * H :].copy()
    product, m_product = room_like(steps.hidden, 2 * H, B), room_like(steps.hidden, H, B)
    for t in in_order(steps, first, stop):
        gates, m = rows_of(steps.gates, t, t + 1, B), rows_of(steps.kept, t, t + 1, B)
        before, after = before_and_after(steps.hidden, steps, t)
        products.plain(before, U_r_z, product)
        for b in range(B):
            for j in range(2 * H):
                gates[b, j] = sigmoid(gates[b, j] + product[b, j])
            for j in range(H):
                m[b, j] = gates[b, j] * before[b, j]
        products.plain(m, U_n, m_product)
        for b in range(B):
            if t < steps.lengths[b]:
                for j in range(2 * H, 3 * H):
                    gates[b, j] = tanh(gates[b, j] + m_product[b, j - 2 * H])
                blend(gates, before, b, after)
            else:
                copy_row(before, b, after)


def gru_before_back(
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
    U_r_z, U_n = layer.U[:, : 2 * H].copy(), layer.U[:, 2 * H :].copy()
    hidden_gradient, handed_on = room_like(steps.hidden, H, B), room_like(steps.hidden, H, B)
    by_n, by_m = room_like(steps.hidden, H, B), room_like(steps.hidden, H, B)
    by_r_z = room_like(steps.hidden, 2 * H, B)
    for t in on_the_way_back(steps, first, stop):
        gates, read = rows_of(steps.gates, t, t + 1, B), rows_of(read_gradient, t, t + 1, B)
        before, _ = before_and_after(steps.hidden, steps, t)
        for b in range(B):
            valid = t < steps.lengths[b]
            for j in range(H):
                z, n = gates[b, H + j], gates[b, 2 * H + j]
                h = read[b, j] + hidden_gradient[b, j] + handed_on[b, j]
                handed_on[b, j] = h * z if valid else h
                by_n[b, j] = h * (1 - z) * (1 - n * n) if valid else 0
                by_r_z[b, H + j] = h * (before[b, j] - n) * z * (1 - z) if valid else 0
        products.right_transposed(by_n, U_n, by_m)
        for b in range(B):
            for j in range(H):
                r = gates[b, j]
                by_r_z[b, j] = by_m[b, j] * before[b, j] * r * (1 - r)
                handed_on[b, j] += by_m[b, j] * r
            for j in range(2 * H):
                gates[b, j] = by_r_z[b, j]
            for j in range(H):
                gates[b, 2 * H + j] = by_n[b, j]
        products.right_transposed(by_r_z, U_r_z, hidden_gradient)
    reached = rows_of(steps.gates, first, stop, B)
    products.left_transposed(states_before(steps, first, stop), reached, gradient.U)
    U_n_gradient = room_like(U_n, H, H)
    products.left_transposed(rows_of(steps.kept, first, stop, B), reached[:, 2 * H :].copy(), U_n_gradient)
    for row in range(H):
        for j in range(H):
            gradient.U[row, 2 * H + j] = U_n_gradient[row, j]


@compiled
def blend(gates: Array, before: Array, b: int, after: Array) -> None:
    """h_t = (1−z)·n + z·h_{t-1} of one sequence."""
    H = before.shape[1]
    for j in range(H):
        z, n = gates[b, H + j], gates[b, 2 * H + j]
        after[b, j] = (1 - z) * n + z * before[b, j]
