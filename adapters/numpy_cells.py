"""The two recurrent cells, forward and backward by hand, features first: a step's values are (rows, B).

Rows of `stacked[t]` are [x_t; h_{t-1}; 1], so that one product with the stacked kernel [W; U; b]
gives all gates of a step, and rows from D on are what the readout sees of the step before.
The formulas stand at `adapters.interface.ModelSpec`; the backward pass is their chain rule.
"""

from abc import ABC, abstractmethod

import numpy as np

from adapters.interface import Array, ModelSpec


class Cell(ABC):
    """Buffers and arithmetic of one cell over T steps and B sequences.

    Shapes: kernel and its gradient (G·H, D+H+1), or one column less without bias.
    """

    def __init__(self, model: ModelSpec, kernel: Array, gradient: Array, time_steps: int, batch: int) -> None:
        D, H, dtype = model.inputs, model.hidden, kernel.dtype
        self.kernel, self.gradient = kernel, gradient
        self.recurrent = kernel[:, D : D + H].T
        self.stacked = np.zeros((time_steps + 1, kernel.shape[1], batch), dtype)
        self.stacked[:, D + H :] = 1
        self.inputs = self.stacked[:time_steps, :D]
        self.hidden = self.stacked[:, D : D + H]
        self.readable = self.stacked[:, D:]
        self.gates = np.empty((time_steps, kernel.shape[0], batch), dtype)
        self._product = np.empty_like(gradient)
        self._hidden_gradient = np.empty((H, batch), dtype)

    @abstractmethod
    def step(self, t: int) -> None:
        """From `stacked[t]` to `hidden[t + 1]`."""

    @abstractmethod
    def step_back(self, t: int, hidden_gradient: Array) -> None:
        """From the gradient of `hidden[t + 1]` to that of `gates[t]`, which takes the gates' place."""

    @abstractmethod
    def cut(self) -> None:
        """Forget any gradient of later steps."""

    def forward(self, start: int, stop: int) -> None:
        """Run the steps [start, stop) on from the state that `hidden[start]` holds."""
        for t in range(start, stop):
            np.matmul(self.kernel, self.stacked[t], out=self.gates[t])
            self.step(t)

    def backward(self, cut: int, stop: int, read: slice, read_gradient: Array) -> None:
        """Fill `gradient`, going back from step `stop` to step `cut` and no further.

        Shapes: read_gradient (R, H, B), the loss's gradient for the R entries of `hidden[read]`.
        """
        self.cut()
        hidden_gradient = read_gradient[-1]
        for t in reversed(range(cut, stop)):
            self.step_back(t, hidden_gradient)
            if t > cut:
                hidden_gradient = np.matmul(self.recurrent, self.gates[t], out=self._hidden_gradient)
                if t >= read.start:
                    hidden_gradient += read_gradient[t - read.start]
        sum_of_products(self.gates[cut:stop], self.stacked[cut:stop], self.gradient, self._product)


class Elman(Cell):
    """h_t = φ(x_t·W + h_{t-1}·U + b).

    Source: Elman 1990.
    """

    def __init__(self, model: ModelSpec, kernel: Array, gradient: Array, time_steps: int, batch: int) -> None:
        super().__init__(model, kernel, gradient, time_steps, batch)
        self._sigmoid = model.activation == "sigmoid"

    def step(self, t: int) -> None:
        if self._sigmoid:
            sigmoid(self.gates[t], out=self.hidden[t + 1])
        else:
            np.tanh(self.gates[t], out=self.hidden[t + 1])

    def step_back(self, t: int, hidden_gradient: Array) -> None:
        hidden, slope = self.hidden[t + 1], self.gates[t]
        np.multiply(hidden, hidden, out=slope)
        np.subtract(hidden if self._sigmoid else 1, slope, out=slope)
        slope *= hidden_gradient

    def cut(self) -> None:
        pass


class Lstm(Cell):
    """c_t = σ(f)·c_{t-1} + σ(i)·tanh(g); h_t = σ(o)·tanh(c_t); the kernel's rows in the order i, f, o, g.

    Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000.
    """

    def __init__(self, model: ModelSpec, kernel: Array, gradient: Array, time_steps: int, batch: int) -> None:
        super().__init__(model, kernel, gradient, time_steps, batch)
        H, dtype = model.hidden, kernel.dtype
        self._memory = np.zeros((time_steps + 1, H, batch), dtype)
        self._squashed = np.empty((time_steps, H, batch), dtype)
        self._memory_gradient = np.zeros((H, batch), dtype)
        self._gate_gradient = np.empty((4, H, batch), dtype)
        self._scratch = np.empty((H, batch), dtype)
        self._slope = np.empty((4, H, batch), dtype)

    def _split(self, t: int) -> Array:
        gates: Array = self.gates[t].reshape(4, *self._scratch.shape)
        return gates

    def step(self, t: int) -> None:
        gates = self._split(t)
        gates[:3] *= 0.5
        np.tanh(gates, out=gates)
        gates[:3] *= 0.5
        gates[:3] += 0.5
        i, f, o, g = gates
        memory, scratch = self._memory[t + 1], self._scratch
        np.multiply(f, self._memory[t], out=memory)
        np.multiply(i, g, out=scratch)
        memory += scratch
        np.tanh(memory, out=self._squashed[t])
        np.multiply(o, self._squashed[t], out=self.hidden[t + 1])

    def step_back(self, t: int, hidden_gradient: Array) -> None:
        gates, slope, toward, scratch = self._split(t), self._slope, self._gate_gradient, self._scratch
        i, f, o, g = gates
        squashed, memory_gradient = self._squashed[t], self._memory_gradient

        np.multiply(squashed, squashed, out=scratch)
        np.subtract(1, scratch, out=scratch)
        scratch *= o
        scratch *= hidden_gradient
        memory_gradient += scratch

        np.multiply(memory_gradient, g, out=toward[0])
        np.multiply(memory_gradient, self._memory[t], out=toward[1])
        np.multiply(hidden_gradient, squashed, out=toward[2])
        np.multiply(memory_gradient, i, out=toward[3])
        memory_gradient *= f

        np.multiply(gates, gates, out=slope)
        np.subtract(gates[:3], slope[:3], out=slope[:3])
        np.subtract(1, slope[3], out=slope[3])
        np.multiply(slope, toward, out=gates)

    def cut(self) -> None:
        self._memory_gradient[:] = 0


CELLS: dict[str, type[Cell]] = {"elman": Elman, "lstm": Lstm}


def sum_of_products(left: Array, right: Array, out: Array, scratch: Array) -> None:
    """Σ_t left_t·right_tᵀ.

    Shapes: left (T, M, B), right (T, N, B), out and scratch (M, N).
    """
    np.matmul(left[0], right[0].T, out=out)
    for t in range(1, len(left)):
        np.matmul(left[t], right[t].T, out=scratch)
        out += scratch


def sigmoid(x: Array, out: Array) -> None:
    """σ(x) = ½ + ½·tanh(½x), which no x overflows."""
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5
