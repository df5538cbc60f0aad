"""The GRU, forward and back, with its reset gate applied after or before the recurrent product.

Forward, with r, z and n for what σ, σ and tanh make of the sums under the three gates:

    after:  sums_n = x·W_n + b_n + r·m    with m = h_{t-1}·U_n + c_n
    before: sums_n = x·W_n + b_n + m·U_n  with m = r·h_{t-1}
    h_t = n + z·(h_{t-1} − n), which is (1−z)·n + z·h_{t-1}

Back, with δ for the gradient of the loss by what follows it:

    δz = δh_t·(h_{t-1} − n)    δn = δh_t·(1 − z)
    after:  δr = δsums_n·m          δm = δsums_n·r
    before: δr = δm·h_{t-1}         δm = δsums_n·U_nᵀ
    δh_{t-1} = δh_t·z + δsums_r,z·U_r,zᵀ + (after: δm·U_nᵀ; before: δm·r)

and, as σ' = σ·(1 − σ) and tanh' = 1 − tanh², δsums_r = δr·r·(1 − r), δsums_z likewise,
δsums_n = δn·(1 − n²). What does not recur, x·W + b, is one product over all steps, and so are the gradients.

Source: Cho et al. 2014; with "after", as cuDNN has it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import add, matmul, multiply, subtract, tanh

from adapters.interface import Array, ModelSpec
from adapters.numpy_backend.buffers import aligned, transpose
from adapters.numpy_backend.flat_parameters import LayerArrays


@dataclass(frozen=True, slots=True)
class Step:
    """What a step works on: h_{t-1} and h_t; x·W + b (3, B, H); r and z (2, B, H); r, z, n and m, (B, H)."""

    before: Array
    hidden: Array
    projected: Array
    r_z: Array
    r: Array
    z: Array
    n: Array
    m: Array


@dataclass(frozen=True, slots=True)
class StepBack:
    """What a step works on, on its way back: the gradients by its sums, and by h_t where that is read out.

    Shapes: r, z, n and m (B, H), views of the array of all; r_z (B, 2H), both side by side.
    """

    step: Step
    r_z: Array
    r: Array
    z: Array
    n: Array
    m: Array
    read_gradient: Array | None


def step_of(before: Array, hidden: Array, projected: Array, gates: Array, m: Array) -> Step:
    """Shapes: before, hidden and m (B, H); projected and gates (3, B, H)."""
    r, z, n = gates
    return Step(before, hidden, projected, gates[:2], r, z, n, m)


class Gru(ABC):
    """The formulas; the kernels are halved for r and z: σ(x) = ½·tanh(½x) + ½, which no x overflows."""

    def __init__(self, model: ModelSpec, arrays: LayerArrays) -> None:
        kernel, H = arrays.kernel, model.hidden
        self.hidden, self.dtype = H, kernel.dtype
        self.inputs = len(kernel) - H - int(model.bias)
        self.has_bias, self.candidate_bias = model.bias, arrays.candidate_bias
        self._by_gate = kernel.reshape(len(kernel), 3, H).swapaxes(0, 1)
        self._scales = np.array([0.5, 0.5, 1], kernel.dtype).reshape(3, 1, 1)
        self._half = np.array(0.5, kernel.dtype)
        self._scaled = aligned(self._by_gate.shape, kernel.dtype)
        D = self.inputs
        self._input_kernel, self._bias = self._scaled[:, :D], self._scaled[:, D + H :]
        self._recurrent = kernel[D : D + H]
        self._recurrent_r_z, self.recurrent_n = self._scaled[:2, D : D + H], self._scaled[2, D : D + H]
        self._r_z_transposed, self.n_transposed = np.split(aligned((3 * H, H), kernel.dtype), [2 * H])
        self._one = np.array(1, kernel.dtype)

    def project(self, inputs: Array, out: Array) -> None:
        """x·W + b of many steps at once, each gate by itself: (rows, D) -> (3, rows, H)."""
        multiply(self._by_gate, self._scales, self._scaled)
        matmul(inputs, self._input_kernel, out)
        if self.has_bias:
            add(out, self._bias, out)

    def forward(self, steps: Iterable[Step]) -> None:
        """Run steps that have been projected."""
        half, recurrent_r_z = self._half, self._recurrent_r_z
        for step in steps:
            before, hidden, r_z, z, n = step.before, step.hidden, step.r_z, step.z, step.n
            matmul(before, recurrent_r_z, r_z)
            add(r_z, step.projected[:2], r_z)
            tanh(r_z, r_z)
            multiply(r_z, half, r_z)
            add(r_z, half, r_z)
            self.recur(step)
            add(n, step.projected[2], n)
            tanh(n, n)
            subtract(before, n, hidden)
            multiply(hidden, z, hidden)
            add(hidden, n, hidden)

    def backward(self, way: Sequence[StepBack], room: Array) -> None:
        """Fill in the gradients by the sums of some steps, from the last on, whose h_t is read out.

        Shapes: room (4, B, H).
        """
        hidden_gradient, carried, first, second = room
        transpose(self._recurrent[:, : 2 * self.hidden], self._r_z_transposed)
        transpose(self._recurrent[:, 2 * self.hidden :], self.n_transposed)
        later: StepBack | None = None
        for back in way:
            step = back.step
            if later is None:
                hidden_gradient[:] = back.read_gradient
            else:
                later.r_z.dot(self._r_z_transposed, hidden_gradient)
                add(hidden_gradient, carried, hidden_gradient)
                self.recur_further_back(later, first)
                add(hidden_gradient, first, hidden_gradient)
                if back.read_gradient is not None:
                    add(hidden_gradient, back.read_gradient, hidden_gradient)
            # δsums_n = δh·(1 − z)·(1 − n²)
            multiply(hidden_gradient, step.z, carried)
            subtract(hidden_gradient, carried, first)
            multiply(step.n, step.n, second)
            subtract(self._one, second, second)
            multiply(first, second, back.n)
            # δsums_z = δh·z·(h_{t-1} − n)·(1 − z)
            subtract(step.before, step.n, first)
            multiply(first, carried, first)
            subtract(self._one, step.z, second)
            multiply(first, second, back.z)
            # δsums_r = δr·r − δr·r²
            self.recur_back(back, first)
            multiply(first, step.r, first)
            multiply(first, step.r, second)
            subtract(first, second, back.r)
            later = back

    @abstractmethod
    def recur(self, step: Step) -> None:
        """Fill in m, and in n what recurs in sums_n."""

    @abstractmethod
    def recur_back(self, back: StepBack, r_gradient: Array) -> None:
        """Fill in δm and δr."""

    @abstractmethod
    def recur_further_back(self, back: StepBack, out: Array) -> None:
        """What δm adds to δh_{t-1}."""

    @abstractmethod
    def factors(self, before: Array, m: Array, n_gradient: Array, m_gradient: Array) -> tuple[Array, Array]:
        """The two whose product is the gradient by U_n; all come as rows, of any steps and sequences."""


class GruAfter(Gru):
    """sums_n = x·W_n + b_n + r·m with m = h·U_n + c_n."""

    def recur(self, step: Step) -> None:
        matmul(step.before, self.recurrent_n, step.m)
        if self.has_bias:
            add(step.m, self.candidate_bias, step.m)
        multiply(step.r, step.m, step.n)

    def recur_back(self, back: StepBack, r_gradient: Array) -> None:
        multiply(back.n, back.step.m, r_gradient)
        multiply(back.n, back.step.r, back.m)

    def recur_further_back(self, back: StepBack, out: Array) -> None:
        back.m.dot(self.n_transposed, out)

    def factors(self, before: Array, m: Array, n_gradient: Array, m_gradient: Array) -> tuple[Array, Array]:
        return before.T, m_gradient


class GruBefore(Gru):
    """sums_n = x·W_n + b_n + m·U_n with m = r·h."""

    def recur(self, step: Step) -> None:
        multiply(step.r, step.before, step.m)
        matmul(step.m, self.recurrent_n, step.n)

    def recur_back(self, back: StepBack, r_gradient: Array) -> None:
        matmul(back.n, self.n_transposed, back.m)
        multiply(back.m, back.step.before, r_gradient)

    def recur_further_back(self, back: StepBack, out: Array) -> None:
        multiply(back.m, back.step.r, out)

    def factors(self, before: Array, m: Array, n_gradient: Array, m_gradient: Array) -> tuple[Array, Array]:
        return m.T, n_gradient
