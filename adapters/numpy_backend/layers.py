"""One layer in one direction over all steps of a batch; and the layers of Elman's cell and the LSTM."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from itertools import repeat
from typing import Any

from adapters.interface import Array, ModelSpec, Span
from adapters.numpy_backend.flat_parameters import LayerArrays
from adapters.numpy_backend.recurrence import Cell, CellGradient, StackedRows

Call = Callable[[], object]
"""A part of an update, with everything that it reads and writes: made once, called in every batch."""


class DirectedLayer(ABC):
    """One layer in one direction; whoever owns it writes `inputs`, and reads `hidden_states` or `readable`.

    Shapes: inputs (T, B, D); hidden_states (T+1, B, H), of which the first is h_0 = 0; readable (T, B, H+1),
    the [h_t, 1] that a readout sees, without bias (T, B, H).
    """

    inputs: Array
    hidden_states: Array
    readable: Array

    @abstractmethod
    def forward(self, span: Span) -> list[Call]:
        """What is done to go forward over the steps of a span."""

    @abstractmethod
    def backward(self, span: Span, read_gradient: Array) -> list[Call]:
        """What is done to go back over the steps that a span's gradient reaches, and to fill in its gradient.

        Shapes: read_gradient (R, B, H), the loss's gradient by the last R hidden states of the span.
        """

    @abstractmethod
    def inputs_gradient(self, span: Span, out: Array) -> Call:
        """What is done, after `backward`, for the gradient by the inputs of those steps, δx = δsums·Wᵀ.

        Shapes: out (C, B, D).
        """


class StackedLayer(DirectedLayer):
    """A layer of a cell whose sums are [x, h, 1]·[W; U; b]."""

    def __init__(
        self,
        model: ModelSpec,
        arrays: LayerArrays,
        gradient: LayerArrays,
        time_steps: int,
        batch: int,
        *,
        cell: type[Cell[Any]],
        cell_gradient: type[CellGradient[Any, Any]],
    ) -> None:
        self._stacked = StackedRows(model, arrays.kernel, time_steps, batch)
        self.inputs, self.hidden_states = self._stacked.inputs, self._stacked.hidden_states
        self.readable = self._stacked.readable
        self._cell = cell(model, arrays.kernel)
        self._cell_gradient = cell_gradient(model, self._cell, self._stacked)
        self._input_columns = arrays.kernel[: self.inputs.shape[2]].T
        self._kernel_gradient = gradient.kernel

    def forward(self, span: Span) -> list[Call]:
        steps = [
            (self._stacked.rows[t], self.hidden_states[t + 1], self._cell_gradient.values(t))
            for t in range(span.start, span.stop)
        ]
        return [partial(self._cell.forward, steps)]

    def backward(self, span: Span, read_gradient: Array) -> list[Call]:
        way = self._cell_gradient.way_back(span.cut, span.stop, read_gradient)
        columns = by_rows(self._stacked.rows[span.cut : span.stop]).T
        return [
            partial(self._cell_gradient.backward, way),
            partial(columns.dot, self._sums_gradient(span), self._kernel_gradient),  # [x, h, 1]ᵀ·δsums
        ]

    def inputs_gradient(self, span: Span, out: Array) -> Call:
        return partial(self._sums_gradient(span).dot, self._input_columns, by_rows(out))

    def _sums_gradient(self, span: Span) -> Array:
        return by_rows(self._cell_gradient.sums_gradient[span.cut : span.stop])


def stacked_hidden_states(
    model: ModelSpec, arrays: LayerArrays, inputs: Array, *, cell: type[Cell[Any]]
) -> Array:
    """The hidden states of all steps; of the steps nothing is kept for a way back.

    Shapes: (T, B, D) -> (T+1, B, H), of which the first is h_0 = 0.
    """
    time_steps, batch, _ = inputs.shape
    stacked, forward = StackedRows(model, arrays.kernel, time_steps, batch), cell(model, arrays.kernel)
    stacked.inputs[:] = inputs
    forward.forward(zip(stacked.rows[:-1], stacked.hidden_states[1:], repeat(forward.values(batch))))
    return stacked.hidden_states


def by_rows(values: Array) -> Array:
    """(steps, B, …) -> a view (steps·B, …)."""
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])
