"""The two recurrent cells, forward and backward by hand; a step's values are (B, columns).

A row of `stacked[t]` is [x_t, h_{t-1}, 1], so that one product with the stacked kernel [W; U; b]
gives the sums under all gates of a step; its columns from D on are what the readout sees of step t-1.
The formulas stand at `adapters.interface.ModelSpec`; the backward pass is their chain rule.

On small cells the time goes into the calls, not into the arithmetic. So constants are arrays without
axes and products are `ndarray.dot`: both take half the time of the usual way.
"""

from abc import ABC, abstractmethod
from functools import partial

import numpy as np

from adapters.interface import Array, ModelSpec
from adapters.numpy_backend.calls import Calls


class Cell(ABC):
    """Buffers and arithmetic of one cell over T steps and B sequences.

    Shapes: kernel (D+H+1, G·H), or one row less without bias.
    """

    def __init__(self, model: ModelSpec, kernel: Array, time_steps: int, batch: int) -> None:
        D, H, dtype = model.inputs, model.hidden, kernel.dtype
        self.kernel = kernel
        self.stacked = np.zeros((time_steps + 1, batch, len(kernel)), dtype)
        self.stacked[..., D + H :] = 1
        self.inputs = self.stacked[:time_steps, :, :D]
        self.hidden = self.stacked[..., D : D + H]
        self.sums_gradient = np.empty((time_steps, batch, model.gates * H), dtype)
        self.one, self.half = np.array(1, dtype), np.array(0.5, dtype)
        self._recurrent_kernel = kernel[D : D + H]
        self._recurrent_transposed = np.empty((model.gates * H, H), dtype)
        self._hidden_gradient = np.empty((batch, H), dtype)

    @abstractmethod
    def prepare(self) -> Calls:
        """What depends on the kernel alone."""

    @abstractmethod
    def step(self, t: int) -> Calls:
        """From `stacked[t]` to `hidden[t + 1]`."""

    @abstractmethod
    def cut(self) -> Calls:
        """Forget any gradient of later steps."""

    @abstractmethod
    def step_back(self, t: int, hidden_gradient: Array) -> Calls:
        """From the gradient of `hidden[t + 1]` to `sums_gradient[t]`."""

    def forward(self, start: int, stop: int) -> Calls:
        """Run the steps [start, stop) on from the state that `hidden[start]` holds."""
        yield from self.prepare()
        for t in range(start, stop):
            yield from self.step(t)

    def backward(self, cut: int, stop: int, read_gradient: Array) -> Calls:
        """Fill `sums_gradient`, going back from step `stop` to step `cut` and no further.

        Shapes: read_gradient (R, B, H), the loss's gradient for the R last hidden states.
        """
        yield from self.cut()
        yield from self.step_back(stop - 1, read_gradient[-1])
        if stop - cut > 1:
            yield partial(transpose, self._recurrent_kernel, self._recurrent_transposed)
        hidden_gradient, first_read = self._hidden_gradient, stop - len(read_gradient)
        for t in reversed(range(cut, stop - 1)):
            yield partial(self.sums_gradient[t + 1].dot, self._recurrent_transposed, hidden_gradient)
            if t >= first_read:
                yield partial(np.add, hidden_gradient, read_gradient[t - first_read], hidden_gradient)
            yield from self.step_back(t, hidden_gradient)


class Elman(Cell):
    """h_t = φ(x_t·W + h_{t-1}·U + b).

    Source: Elman 1990.
    """

    def __init__(self, model: ModelSpec, kernel: Array, time_steps: int, batch: int) -> None:
        super().__init__(model, kernel, time_steps, batch)
        self._sums = np.empty((batch, model.hidden), kernel.dtype)

    def cut(self) -> Calls:
        return iter(())


class TanhElman(Elman):
    """φ = tanh; φ' = 1 − h²."""

    def prepare(self) -> Calls:
        return iter(())

    def step(self, t: int) -> Calls:
        yield partial(self.stacked[t].dot, self.kernel, self._sums)
        yield partial(np.tanh, self._sums, self.hidden[t + 1])

    def step_back(self, t: int, hidden_gradient: Array) -> Calls:
        hidden, slope = self.hidden[t + 1], self.sums_gradient[t]
        yield partial(np.multiply, hidden, hidden, slope)
        yield partial(np.subtract, self.one, slope, slope)
        yield partial(np.multiply, slope, hidden_gradient, slope)


class SigmoidElman(Elman):
    """φ(x) = σ(x) = ½·tanh(½x) + ½, which no x overflows; φ' = h − h²."""

    def __init__(self, model: ModelSpec, kernel: Array, time_steps: int, batch: int) -> None:
        super().__init__(model, kernel, time_steps, batch)
        self._half_kernel = np.empty_like(kernel)

    def prepare(self) -> Calls:
        yield partial(np.multiply, self.kernel, self.half, self._half_kernel)

    def step(self, t: int) -> Calls:
        hidden = self.hidden[t + 1]
        yield partial(self.stacked[t].dot, self._half_kernel, self._sums)
        yield partial(np.tanh, self._sums, hidden)
        yield partial(np.multiply, hidden, self.half, hidden)
        yield partial(np.add, hidden, self.half, hidden)

    def step_back(self, t: int, hidden_gradient: Array) -> Calls:
        hidden, slope = self.hidden[t + 1], self.sums_gradient[t]
        yield partial(np.multiply, hidden, hidden, slope)
        yield partial(np.subtract, hidden, slope, slope)
        yield partial(np.multiply, slope, hidden_gradient, slope)


class Lstm(Cell):
    """c_t = σ(f)·c_{t-1} + σ(i)·tanh(g); h_t = σ(o)·tanh(c_t); the kernel's columns in the order i, f, o, g.

    The gates lie where their sums' gradient will: when a step back overwrites them, they have been read.

    Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000.
    """

    def __init__(self, model: ModelSpec, kernel: Array, time_steps: int, batch: int) -> None:
        super().__init__(model, kernel, time_steps, batch)
        H, dtype = model.hidden, kernel.dtype
        self.gates = self.sums_gradient.reshape(time_steps, 4, batch, H)
        self.memory = np.zeros((time_steps + 1, batch, H), dtype)
        self._squashed = np.empty((time_steps, batch, H), dtype)
        self._sums_gradient_by_gate = self.sums_gradient.reshape(time_steps, batch, 4, H).swapaxes(1, 2)
        self._kernel_by_gate = kernel.reshape(len(kernel), 4, H).swapaxes(0, 1)
        self._scales = np.array([0.5, 0.5, 0.5, 1], dtype).reshape(4, 1, 1)
        self._scaled_kernel = np.empty(self._kernel_by_gate.shape, dtype)
        self._products = np.empty((4, batch, H), dtype)
        self._reaching = np.empty((5, batch, H), dtype)
        self._memory_gradient = np.empty((batch, H), dtype)

    def prepare(self) -> Calls:
        """The kernel halved for i, f and o: σ(x) = ½·tanh(½x) + ½, which no x overflows."""
        yield partial(np.multiply, self._kernel_by_gate, self._scales, self._scaled_kernel)

    def step(self, t: int) -> Calls:
        gates, sigmoids, product = self.gates[t], self.gates[t, :3], self._products[0]
        i, f, o, g = gates
        memory, squashed = self.memory[t + 1], self._squashed[t]
        yield partial(np.matmul, self.stacked[t], self._scaled_kernel, gates)
        yield partial(np.tanh, gates, gates)
        yield partial(np.multiply, sigmoids, self.half, sigmoids)
        yield partial(np.add, sigmoids, self.half, sigmoids)
        yield partial(np.multiply, f, self.memory[t], memory)
        yield partial(np.multiply, i, g, product)
        yield partial(np.add, memory, product, memory)
        yield partial(np.tanh, memory, squashed)
        yield partial(np.multiply, o, squashed, self.hidden[t + 1])

    def cut(self) -> Calls:
        yield partial(self._reaching[4].fill, 0)

    def step_back(self, t: int, hidden_gradient: Array) -> Calls:
        """With δh and δc for the gradients of h_t and c_t, and i, f, o, g for what σ or tanh made of them:

        δc = f_{t+1}·δc_{t+1} + δh·o·(1 − tanh²(c)), and the sums under i, f, o and g have the gradients
        δc·i·g·(1 − i), δc·f·c_{t-1}·(1 − f), δh·o·tanh(c)·(1 − o) and δc·i·(1 − g²).
        """
        i_f, i_f_o, o, g = self.gates[t, :2], self.gates[t, :3], self.gates[t, 2], self.gates[t, 3]
        squashed, memory_gradient = self._squashed[t], self._memory_gradient
        reaching, products = self._reaching, self._products
        yield partial(np.multiply, hidden_gradient, o, products[0])
        yield partial(np.multiply, products[0], squashed, reaching[2])
        yield partial(np.multiply, reaching[2], squashed, products[1])
        yield partial(np.subtract, products[0], products[1], memory_gradient)
        yield partial(np.add, memory_gradient, reaching[4], memory_gradient)
        yield partial(np.multiply, memory_gradient, i_f, reaching[3:])
        yield partial(np.multiply, reaching[3], g, reaching[0])
        yield partial(np.multiply, reaching[4], self.memory[t], reaching[1])
        yield partial(np.multiply, reaching[:3], i_f_o, products[:3])
        yield partial(np.multiply, reaching[0], g, products[3])
        yield partial(np.subtract, reaching[:4], products, self._sums_gradient_by_gate[t])


CELLS: dict[tuple[str, str], type[Cell]] = {
    ("elman", "tanh"): TanhElman,
    ("elman", "sigmoid"): SigmoidElman,
    ("lstm", "tanh"): Lstm,
}
"""By cell and activation."""


def cell_type(model: ModelSpec) -> type[Cell]:
    """The cell that a model names."""
    return CELLS[model.cell, model.activation]


def transpose(source: Array, out: Array) -> None:
    """Copy sourceᵀ in strips as wide as a cache line: five times as fast where a side is a power of two."""
    strip = 64 // source.itemsize
    for first in range(0, len(source), strip):
        out[:, first : first + strip] = source[first : first + strip].T
