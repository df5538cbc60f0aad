"""The recurrent layer and its readout over one slice of a batch, with its own buffers and gradient."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from adapters.interface import Array, ModelSpec, Span
from adapters.numpy_backend.calls import Call, Calls, carry_out
from adapters.numpy_backend.cells import cell_type
from adapters.numpy_backend.losses import LOSSES
from adapters.parameters import shapes

CANDIDATE_LAST = [0, 1, 3, 2]
"""Canonical gate order i, f, g, o to the one kept here, i, f, o, g, and back: σ gates lie together."""


def pack(model: ModelSpec, parameters: dict[str, Array]) -> Array:
    """One flat vector [kernel | readout], each with its bias as the last row."""
    kernel = np.concatenate([np.atleast_2d(parameters[name]) for name in _RECURRENT if name in parameters])
    readout = np.concatenate([np.atleast_2d(parameters[name]) for name in _READOUT if name in parameters])
    return np.concatenate([_reorder(model, kernel).ravel(), readout.ravel()])


def unpack(model: ModelSpec, flat: Array) -> dict[str, Array]:
    """The canonical parameters of a flat vector, as copies."""
    kernel, readout = split(model, flat)
    rows = _reorder(model, kernel)
    D, H = model.inputs, model.hidden
    parts = {
        "input_kernel": rows[:D],
        "recurrent_kernel": rows[D : D + H],
        "bias": rows[-1],
        "readout_kernel": readout[:H],
        "readout_bias": readout[-1],
    }
    return {name: parts[name].copy() for name in shapes(model)}


def split(model: ModelSpec, flat: Array) -> tuple[Array, Array]:
    """Views of a flat vector: the kernel (D+H+1, G·H) and the readout (H+1, K), or a row less each."""
    border = flat.size - model.outputs * (model.hidden + int(model.bias))
    return flat[:border].reshape(-1, model.gates * model.hidden), flat[border:].reshape(-1, model.outputs)


def _reorder(model: ModelSpec, kernel: Array) -> Array:
    order = {"elman": [0], "lstm": CANDIDATE_LAST}[model.cell]
    gates = kernel.reshape(len(kernel), -1, model.hidden)
    return gates[:, order].reshape(len(kernel), -1)


_RECURRENT = ("input_kernel", "recurrent_kernel", "bias")
_READOUT = ("readout_kernel", "readout_bias")


class Network:
    """The spans of B sequences of T steps through the cell and the readout.

    `parameters` is a view that somebody else updates; `gradient` is this network's own, of the same
    layout, summed over its sequences.
    """

    def __init__(self, model: ModelSpec, parameters: Array, spans: Sequence[Span], batch: int) -> None:
        time_steps, dtype = spans[-1].stop, parameters.dtype
        read = time_steps if model.readout == "every" else 1
        self.gradient = np.zeros_like(parameters)
        self._hidden = model.hidden
        kernel, self._readout = split(model, parameters)
        self._kernel_gradient, self._readout_gradient = split(model, self.gradient)
        self._cell = cell_type(model)(model, kernel, time_steps, batch)
        self._loss = LOSSES[model.loss]
        self._time_steps, self._first_read = time_steps, time_steps - read
        self._loss_starts = np.array([max(0, span.start - self._first_read) * batch for span in spans])
        self._outputs = np.empty((read, batch, model.outputs), dtype)
        self._outputs_gradient = np.empty_like(self._outputs)
        self._hidden_gradient = np.empty((read, batch, model.hidden), dtype)
        integers = model.loss == "softmax_cross_entropy"
        self._targets = np.empty((read, batch), np.int64) if integers else np.empty_like(self._outputs)
        self._programs: dict[Span, list[Call]] = {}

    def begin(self, inputs: Array, targets: Array) -> None:
        """Take new sequences; their state starts at zero.

        Shapes: inputs (B, T, D); targets (B, R, K) | (B, R) with R steps that are read out, T or 1.
        """
        self._cell.inputs[:] = inputs.swapaxes(0, 1)
        self._targets[:] = targets.swapaxes(0, 1)

    def differentiate(self, span: Span) -> None:
        """Advance over one update's steps, and fill `gradient`."""
        program = self._programs.get(span)
        if program is None:
            program = self._programs[span] = list(self.update(span))
        carry_out(program)

    def losses(self) -> Array:
        """The loss of each span, before its update, summed over the sequences.

        Shapes: -> (spans,)
        """
        return np.add.reduceat(
            self._loss.values(_rows(self._outputs), _rows(self._targets)), self._loss_starts
        )

    def predict(self, inputs: Array) -> Array:
        """The outputs at every step that the model reads out.

        Shapes: (B, T, D) -> (B, R, K) with R = T or 1.
        """
        self._cell.inputs[:] = inputs.swapaxes(0, 1)
        carry_out(self._cell.forward(0, self._time_steps))
        outputs: Array = self._readable(self._first_read, self._time_steps) @ self._readout
        return outputs.reshape(self._outputs.shape).swapaxes(0, 1)

    def update(self, span: Span) -> Calls:
        """The steps of a span forward, the loss, and the way back; all but the loss is matrix products."""
        cell, first_read = self._cell, max(span.cut, self._first_read)
        reached = slice(span.cut, span.stop)
        read = slice(first_read - self._first_read, span.stop - self._first_read)
        readable = self._readable(first_read, span.stop)
        outputs, outputs_gradient = _rows(self._outputs[read]), _rows(self._outputs_gradient[read])
        yield from cell.forward(span.start, span.stop)

        yield partial(readable.dot, self._readout, outputs)
        yield from self._loss.gradient(outputs, _rows(self._targets[read]), outputs_gradient)
        yield partial(readable.T.dot, outputs_gradient, self._readout_gradient)

        hidden_columns = self._readout[: self._hidden].T
        yield partial(outputs_gradient.dot, hidden_columns, _rows(self._hidden_gradient[read]))
        yield from cell.backward(span.cut, span.stop, self._hidden_gradient[read])
        yield partial(
            _rows(cell.stacked[reached]).T.dot, _rows(cell.sums_gradient[reached]), self._kernel_gradient
        )

    def _readable(self, first: int, stop: int) -> Array:
        """What the readout sees after the steps [first, stop): rows of [h_t, 1]."""
        return _rows(self._cell.stacked[first + 1 : stop + 1])[:, -len(self._readout) :]


def _rows(values: Array) -> Array:
    """(steps, B, …) -> a view (steps·B, …)."""
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])
