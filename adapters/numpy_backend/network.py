"""Cell, readout and loss over a batch of sequences: forward alone to predict, and back to train."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from adapters.interface import Array, ModelSpec, Span
from adapters.numpy_backend.buffers import aligned
from adapters.numpy_backend.elman import SigmoidElman, SigmoidElmanGradient, TanhElman, TanhElmanGradient
from adapters.numpy_backend.flat_parameters import split
from adapters.numpy_backend.losses import LOSSES
from adapters.numpy_backend.lstm import Lstm, LstmGradient
from adapters.numpy_backend.recurrence import Cell, CellGradient, StackedRows, WayBack

CELLS: dict[tuple[str, str], tuple[type[Cell[Any]], type[CellGradient[Any, Any]]]] = {
    ("elman", "tanh"): (TanhElman, TanhElmanGradient),
    ("elman", "sigmoid"): (SigmoidElman, SigmoidElmanGradient),
    ("lstm", "tanh"): (Lstm, LstmGradient),
}
"""By cell and activation: the way forward and the way back."""


def predict(model: ModelSpec, parameters: Array, inputs: Array) -> Array:
    """The outputs at every step that the model reads out; of the steps nothing is kept for a way back.

    Shapes: parameters flat; inputs (B, T, D) -> (B, R, K) with R = 1 or T.
    """
    batch, time_steps, _ = inputs.shape
    kernel, readout = split(model, parameters)
    forward, _ = CELLS[model.cell, model.activation]
    cell, stacked = forward(model, kernel), StackedRows(model, time_steps, batch, parameters.dtype)
    stacked.inputs[:] = inputs.swapaxes(0, 1)
    cell.forward(zip(stacked.rows[:-1], stacked.hidden_states[1:], repeat(cell.values(batch))))
    readable = stacked.readable[-steps_read(model, time_steps) :]
    outputs: Array = _by_rows(readable) @ readout
    return outputs.reshape(len(readable), batch, model.outputs).swapaxes(0, 1)


def steps_read(model: ModelSpec, time_steps: int) -> int:
    """R, how many of a sequence's steps the model reads out: the last, or all."""
    return {"last": 1, "every": time_steps}[model.readout]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateViews:
    """What one update works on; R of its steps are read out, C of them reached by its gradient.

    Shapes: readable (R·B, H+1); outputs and their gradient (R·B, K); targets (R·B, K) or (R·B,);
    read_gradient (R·B, H); rows (C·B, D+H+1); sums_gradient (C·B, G·H). `…_columns` are transposed.
    """

    forward: list[tuple[Array, Array, Any]]
    readable: Array
    readable_columns: Array
    outputs: Array
    targets: Array
    outputs_gradient: Array
    read_gradient: Array
    back: WayBack[Any]
    rows_columns: Array
    sums_gradient: Array


class Backpropagation:
    """The gradient of every update of a batch of B sequences, by backpropagation through time.

    The parameters, a flat vector, are somebody else's to update; `gradient` has the same layout and is
    summed over the sequences.
    """

    def __init__(self, model: ModelSpec, parameters: Array, spans: Sequence[Span], batch: int) -> None:
        time_steps, dtype = spans[-1].stop, parameters.dtype
        read = steps_read(model, time_steps)
        self._first_read = time_steps - read
        self._loss_starts = np.array([max(0, span.start - self._first_read) * batch for span in spans])
        self.batch = batch
        self.gradient = aligned(parameters.shape, dtype)
        kernel, self._readout = split(model, parameters)
        self._kernel_gradient, self._readout_gradient = split(model, self.gradient)
        self._readout_columns = self._readout[: model.hidden].T
        forward, back = CELLS[model.cell, model.activation]
        self._stacked = StackedRows(model, time_steps, batch, dtype)
        self._cell = forward(model, kernel)
        self._cell_gradient = back(model, self._cell, self._stacked)
        loss = LOSSES[model.loss]
        self._loss_values, self._loss_gradient = loss.values, loss.gradient
        self._outputs = np.empty((read, batch, model.outputs), dtype)
        self._targets = np.empty((read, batch), np.int64) if loss.of_classes else np.empty_like(self._outputs)
        self._outputs_gradient = np.empty_like(self._outputs)
        self._read_gradient = aligned((read, batch, model.hidden), dtype)
        self._updates = [self._views(span) for span in spans]

    def begin(self, inputs: Array, targets: Array, indices: Array) -> None:
        """Take the sequences of a batch; their state starts at zero.

        Shapes: inputs (N, T, D); targets (N, R, K) | (N, R) with R steps that are read out, T or 1;
        indices (B,).
        """
        self._stacked.inputs[:] = inputs.take(indices, 0).swapaxes(0, 1)
        self._targets[:] = targets.take(indices, 0).swapaxes(0, 1)

    def differentiate(self, update: int) -> None:
        """Advance over the steps of one of the updates, and fill in `gradient`."""
        views = self._updates[update]
        self._cell.forward(views.forward)
        views.readable.dot(self._readout, views.outputs)  # ŷ = [h, 1]·[V; d]
        self._loss_gradient(views.outputs, views.targets, views.outputs_gradient)
        views.readable_columns.dot(views.outputs_gradient, self._readout_gradient)  # δ[V; d] = [h, 1]ᵀ·δŷ
        views.outputs_gradient.dot(self._readout_columns, views.read_gradient)  # δh = δŷ·Vᵀ
        self._cell_gradient.backward(views.back)
        views.rows_columns.dot(views.sums_gradient, self._kernel_gradient)  # δ[W; U; b] = [x, h, 1]ᵀ·δsums

    def losses(self) -> Array:
        """The loss of each span, before its update, summed over the sequences.

        Shapes: -> (spans,)
        """
        rows = self._loss_values(_by_rows(self._outputs), _by_rows(self._targets))
        return np.add.reduceat(rows, self._loss_starts)

    def _views(self, span: Span) -> UpdateViews:
        """Everything that the update of a span reads and writes."""
        stacked, steps = self._stacked, range(span.start, span.stop)
        reached, first_read = slice(span.cut, span.stop), max(span.cut, self._first_read)
        read = slice(first_read - self._first_read, span.stop - self._first_read)
        readable = _by_rows(stacked.readable[first_read : span.stop])
        return UpdateViews(
            forward=[
                (stacked.rows[t], stacked.hidden_states[t + 1], self._cell_gradient.values(t)) for t in steps
            ],
            readable=readable,
            readable_columns=readable.T,
            outputs=_by_rows(self._outputs[read]),
            targets=_by_rows(self._targets[read]),
            outputs_gradient=_by_rows(self._outputs_gradient[read]),
            read_gradient=_by_rows(self._read_gradient[read]),
            back=self._cell_gradient.way_back(span.cut, span.stop, self._read_gradient[read]),
            rows_columns=_by_rows(stacked.rows[reached]).T,
            sums_gradient=_by_rows(self._cell_gradient.sums_gradient[reached]),
        )


def _by_rows(values: Array) -> Array:
    """(steps, B, …) -> a view (steps·B, …)."""
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])
