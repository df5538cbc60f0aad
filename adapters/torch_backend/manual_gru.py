"""The GRU by hand, forward and back: to autograd a whole layer is one function.

A step takes six calls, and three to six on its way back; `torch.gru`, differentiated by autograd, takes some
forty on a CPU. What does not recur is computed for all steps together.

Forward, m = h_{t-1}·U_n + c_n where the reset gate is applied after the product, r·h_{t-1} where before:

    r, z = σ(x_r,z + h_{t-1}·U_r,z)
    after:  n = tanh(x_n + r·m)    before: n = tanh(x_n + m·U_n)
    h_t = n + z·(h_{t-1} − n), which is (1−z)·n + z·h_{t-1}

Back, with δ for the loss's gradient by what follows it, for r, z and n by the sums under σ and tanh:

    δn = δh_t·(1 − z)·(1 − n²)    δz = δh_t·(h_{t-1} − n)·z·(1 − z)
    after:  δm = δn·r       δr = δn·m·r·(1 − r)          δh_{t-1} = δh_t·z + δr,z,m·Uᵀ
    before: δm = δn·U_nᵀ    δr = δm·h_{t-1}·r·(1 − r)    δh_{t-1} = δh_t·z + δm·r + δr,z·U_r,zᵀ

Time lies first. Source: Cho et al. 2014; with "after", as cuDNN has it.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from adapters.interface import ModelSpec
from adapters.torch_backend.layers import State, Tensors, projected


def manual_gru_after(
    model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State
) -> tuple[Tensor, State]:
    """The GRU whose reset gate is applied after the recurrent product."""
    kernel, x = parameters["recurrent_kernel"], projected(parameters, inputs.transpose(0, 1))
    candidate_bias = parameters["candidate_bias"] if model.bias else kernel.new_zeros(model.hidden)
    hidden: Tensor = GruAfter.apply(x, kernel, candidate_bias, *state)  # type: ignore[no-untyped-call]
    return hidden.transpose(0, 1), (hidden[-1],)


def manual_gru_before(
    model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State
) -> tuple[Tensor, State]:
    """The GRU whose reset gate is applied before the recurrent product."""
    kernel, x = parameters["recurrent_kernel"], projected(parameters, inputs.transpose(0, 1))
    hidden: Tensor = GruBefore.apply(x, kernel, *state)  # type: ignore[no-untyped-call]
    return hidden.transpose(0, 1), (hidden[-1],)


class GruAfter(Function):
    """Hidden states (T, B, H) from x·W + b (T, B, 3H), U (H, 3H), c_n (H,) and the state before (B, H)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, candidate_bias: Tensor, state: Tensor) -> Tensor:
        (x_r_z, x_n), (kernel_r_z, kernel_n) = _apart(x), _apart(kernel)
        hidden, r_z, n, m = _room(x, state)
        r, z = r_z.chunk(2, 2)
        for before, after, x_r_z_t, x_n_t, r_z_t, r_t, z_t, n_t, m_t in _steps(
            hidden[:-1], hidden[1:], x_r_z, x_n, r_z, r, z, n, m
        ):
            torch.addmm(x_r_z_t, before, kernel_r_z, out=r_z_t).sigmoid_()
            torch.addmm(candidate_bias, before, kernel_n, out=m_t)
            torch.addcmul(x_n_t, r_t, m_t, out=n_t).tanh_()
            torch.lerp(n_t, before, z_t, out=after)
        ctx.save_for_backward(kernel, hidden, r_z, n, m)
        return hidden[1:]

    @staticmethod
    def backward(ctx: Any, read_gradient: Tensor) -> tuple[Tensor, ...]:
        kernel, hidden, r_z, n, m = ctx.saved_tensors
        r, z = r_z.chunk(2, 2)
        z_slope, n_slope = _slopes(hidden[:-1], z, n)
        slopes = torch.stack([n_slope * m * r * (1 - r), z_slope, n_slope * r], 2)
        r_z_m_gradient, hidden_gradient = torch.empty_like(slopes), _hidden_gradient(hidden, read_gradient)
        transposed = kernel.t().contiguous()
        for by_after, by_before, by_r_z_m, slopes_t, z_t in _steps_back(
            hidden_gradient[1:], hidden_gradient[:-1], r_z_m_gradient, slopes, z
        ):
            torch.mul(by_after[:, None], slopes_t, out=by_r_z_m)
            by_before.addcmul_(by_after, z_t).addmm_(by_r_z_m.flatten(1), transposed)
        kernel_gradient = _rows(hidden[:-1]).t() @ _rows(r_z_m_gradient.flatten(2))
        r_z_gradient, m_gradient = _apart(r_z_m_gradient.flatten(2))
        x_gradient = torch.cat([r_z_gradient, hidden_gradient[1:] * n_slope], 2)
        return x_gradient, kernel_gradient, m_gradient.sum((0, 1)), hidden_gradient[0]


class GruBefore(Function):
    """Hidden states (T, B, H) from x·W + b (T, B, 3H), U (H, 3H) and the state before (B, H)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, state: Tensor) -> Tensor:
        (x_r_z, x_n), (kernel_r_z, kernel_n) = _apart(x), _apart(kernel)
        hidden, r_z, n, m = _room(x, state)
        r, z = r_z.chunk(2, 2)
        for before, after, x_r_z_t, x_n_t, r_z_t, r_t, z_t, n_t, m_t in _steps(
            hidden[:-1], hidden[1:], x_r_z, x_n, r_z, r, z, n, m
        ):
            torch.addmm(x_r_z_t, before, kernel_r_z, out=r_z_t).sigmoid_()
            torch.mul(r_t, before, out=m_t)
            torch.addmm(x_n_t, m_t, kernel_n, out=n_t).tanh_()
            torch.lerp(n_t, before, z_t, out=after)
        ctx.save_for_backward(kernel, hidden, r_z, n, m)
        return hidden[1:]

    @staticmethod
    def backward(ctx: Any, read_gradient: Tensor) -> tuple[Tensor, ...]:
        kernel, hidden, r_z, n, m = ctx.saved_tensors
        r, z = r_z.chunk(2, 2)
        z_n_slopes, r_slope = torch.stack(_slopes(hidden[:-1], z, n), 2), hidden[:-1] * r * (1 - r)
        x_gradient = n.new_empty((*n.shape[:2], 3, n.shape[2]))
        hidden_gradient, by_m = _hidden_gradient(hidden, read_gradient), torch.empty_like(n[0])
        transposed_r_z, transposed_n = (part.t().contiguous() for part in _apart(kernel))
        for by_after, by_before, by_r_z_n, z_n_slopes_t, r_slope_t, r_t, z_t in _steps_back(
            hidden_gradient[1:], hidden_gradient[:-1], x_gradient, z_n_slopes, r_slope, r, z
        ):
            torch.mul(by_after[:, None], z_n_slopes_t, out=by_r_z_n[:, 1:])
            torch.mm(by_r_z_n[:, 2], transposed_n, out=by_m)
            torch.mul(by_m, r_slope_t, out=by_r_z_n[:, 0])
            by_before.addcmul_(by_after, z_t).addcmul_(by_m, r_t)
            by_before.addmm_(by_r_z_n[:, :2].flatten(1), transposed_r_z)
        r_z_gradient, n_gradient = _apart(x_gradient.flatten(2))
        kernel_gradient = torch.cat(
            [_rows(hidden[:-1]).t() @ _rows(r_z_gradient), _rows(m).t() @ _rows(n_gradient)], 1
        )
        return x_gradient.flatten(2), kernel_gradient, hidden_gradient[0]


def _apart(values: Tensor) -> tuple[Tensor, Tensor]:
    """The columns of r and z, and those of n: (…, 3H) -> (…, 2H) and (…, H)."""
    H = values.shape[-1] // 3
    return values[..., : 2 * H], values[..., 2 * H :]


def _room(x: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Hidden states (T+1, B, H), of which the first is there, r and z (T, B, 2H), n and m (T, B, H)."""
    T, (B, H) = len(x), state.shape
    hidden, (n, m) = x.new_empty((T + 1, B, H)), x.new_empty((2, T, B, H))
    hidden[0] = state
    return hidden, x.new_empty((T, B, 2 * H)), n, m


def _slopes(before: Tensor, z: Tensor, n: Tensor) -> tuple[Tensor, Tensor]:
    """δz/δh = (h_{t-1} − n)·z·(1 − z) and δn/δh = (1 − z)·(1 − n²), all (T, B, H)."""
    return (before - n) * z * (1 - z), (1 - z) * (1 - n * n)


def _hidden_gradient(hidden: Tensor, read_gradient: Tensor) -> Tensor:
    """Room for the gradients by all hidden states (T+1, B, H); in it those by what is read of them."""
    gradient = torch.zeros_like(hidden)
    gradient[1:] = read_gradient
    return gradient


def _steps(*sequences: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Each step's views, all made before the first is used."""
    return zip(*(sequence.unbind() for sequence in sequences), strict=True)


def _steps_back(*sequences: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The same from the last step to the first."""
    return zip(*(reversed(sequence.unbind()) for sequence in sequences), strict=True)


def _rows(sequence: Tensor) -> Tensor:
    """(T, B, columns) -> (T·B, columns)."""
    return sequence.flatten(0, 1)
