"""What Elman's cell and the LSTM have in common: the rows that a step reads, and the way back through time.

On small cells the time goes into the calls, not into the arithmetic. So every view is made once, constants
are arrays without axes, functions of NumPy are imported by name, products are `ndarray.dot`, and the array
for a result is handed over by position: each takes less time than the usual way.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy import add

from adapters.interface import Array, ModelSpec
from adapters.numpy_backend.buffers import aligned, transpose

Values = TypeVar("Values")
Views = TypeVar("Views")


class StackedRows:
    """A row [x_t, h_{t-1}, 1] for every step and sequence; without bias it ends before the 1.

    The product of a step's rows and the stacked kernel [W; U; b] is x_t·W + h_{t-1}·U + b, the sums that
    the cell takes σ or tanh of. The state h_t is written into the rows of the step after it: there is one
    step more than the sequences have.

    Shapes: rows (T+1, B, D+H+1); inputs (T, B, D); hidden_states (T+1, B, H), of which the first is h_0 = 0;
    readable (T, B, H+1), the [h_t, 1] that the readout sees.
    """

    def __init__(self, model: ModelSpec, kernel: Array, time_steps: int, batch: int) -> None:
        columns, H = len(kernel), model.hidden
        D = columns - H - int(model.bias)
        self.rows = np.zeros((time_steps + 1, batch, columns), kernel.dtype)
        self.rows[..., D + H :] = 1
        self.inputs = self.rows[:time_steps, :, :D]
        self.hidden_states = self.rows[..., D : D + H]
        self.readable = self.rows[1:, :, D:]


class Cell(ABC, Generic[Values]):
    """A cell's formulas, forward; `Values` are the arrays for what a step computes beside h_t.

    Shapes: kernel (D+H+1, G·H), or one row less without bias.
    """

    def __init__(self, model: ModelSpec, kernel: Array) -> None:
        self.kernel, self.hidden = kernel, model.hidden
        self.half = np.array(0.5, kernel.dtype)

    @abstractmethod
    def values(self, batch: int) -> Values:
        """Arrays that all steps can share where nothing goes back; they begin with a state of zero."""

    @abstractmethod
    def forward(self, steps: Iterable[tuple[Array, Array, Values]]) -> None:
        """Run steps one after another, each from its rows to its h_t.

        Shapes: rows (B, D+H+1), h_t (B, H).
        """


@dataclass(frozen=True, slots=True)
class WayBack(Generic[Views]):
    """The steps of one update from its last back to the one where the gradient is cut.

    Of the last: the loss's gradient by its h_t, and the views that its cell works on. Of each before it: the
    gradient by the sums of the step after it, the loss's gradient by its own h_t, None where that is not
    read out, and the views.
    """

    last: tuple[Array, Views]
    earlier: tuple[tuple[Array, Array | None, Views], ...]


class CellGradient(ABC, Generic[Values, Views]):
    """A cell's formulas on the way back, and all that T steps of B sequences keep for it.

    Shapes: sums_gradient (T, B, G·H), the loss's gradient by x_t·W + h_{t-1}·U + b.
    """

    def __init__(self, model: ModelSpec, cell: Cell[Values], stacked: StackedRows) -> None:
        H, dtype = model.hidden, cell.kernel.dtype
        self.time_steps, self.batch, D = stacked.inputs.shape
        self.hidden_states = stacked.hidden_states
        self.sums_gradient = aligned((self.time_steps, self.batch, model.gates * H), dtype)
        self._recurrent_kernel = cell.kernel[D : D + H]
        self._recurrent_transposed = aligned((model.gates * H, H), dtype)
        self._hidden_gradient = aligned((self.batch, H), dtype)

    @abstractmethod
    def values(self, t: int) -> Values:
        """The arrays where step t, on its way forward, leaves what the way back needs."""

    @abstractmethod
    def views(self, t: int) -> Views:
        """The arrays that `backward` works on at step t."""

    @abstractmethod
    def backward(self, way: WayBack[Views]) -> None:
        """Fill in `sums_gradient` for the steps of a way, from the last on."""

    def way_back(self, cut: int, stop: int, read_gradient: Array) -> WayBack[Views]:
        """The way from step `stop` back to step `cut`.

        Shapes: read_gradient (R, B, H), the loss's gradient by the last R hidden states, which are read out.
        """
        first_read = stop - len(read_gradient)
        earlier = (
            (
                self.sums_gradient[t + 1],
                read_gradient[t - first_read] if t >= first_read else None,
                self.views(t),
            )
            for t in reversed(range(cut, stop - 1))
        )
        return WayBack((read_gradient[-1], self.views(stop - 1)), tuple(earlier))

    def hidden_gradients(self, way: WayBack[Views]) -> Iterable[tuple[Array, Views]]:
        """Of each step, from the last on, the gradient by its h_t and its views.

        A step's `sums_gradient` is to be filled in before the next is asked for: δh_t = δsums_{t+1}·Uᵀ, and
        where h_t is read out, the loss's own gradient on top.

        Shapes: (B, H).
        """
        return self._back_through_time(way) if way.earlier else (way.last,)

    def _back_through_time(self, way: WayBack[Views]) -> Iterator[tuple[Array, Views]]:
        yield way.last
        hidden_gradient, recurrent_transposed = self._hidden_gradient, self._recurrent_transposed
        transpose(self._recurrent_kernel, recurrent_transposed)
        for later_sums_gradient, read_gradient, views in way.earlier:
            later_sums_gradient.dot(recurrent_transposed, hidden_gradient)
            if read_gradient is not None:
                add(hidden_gradient, read_gradient, hidden_gradient)
            yield hidden_gradient, views
