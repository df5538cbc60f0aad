"""The recurrent layer and its readout over one slice of a batch, with its own buffers and gradient."""

import numpy as np

from adapters.interface import Array, ModelSpec, Span
from adapters.numpy_cells import CELLS, sum_of_products
from adapters.numpy_losses import LOSSES
from adapters.parameters import shapes

CANDIDATE_LAST = [0, 1, 3, 2]
"""Canonical gate order i, f, g, o to the one kept here, i, f, o, g, and back: σ gates lie together."""


def pack(model: ModelSpec, parameters: dict[str, Array]) -> Array:
    """One flat vector [kernel | readout], each features first with its bias as the last column."""
    kernel = np.concatenate([np.atleast_2d(parameters[name]) for name in _RECURRENT if name in parameters])
    readout = np.concatenate([np.atleast_2d(parameters[name]) for name in _READOUT if name in parameters])
    return np.concatenate([_reorder(model, kernel).T.ravel(), readout.T.ravel()])


def unpack(model: ModelSpec, flat: Array) -> dict[str, Array]:
    """The canonical parameters of a flat vector, as copies."""
    kernel, readout = split(model, flat)
    rows = {"": _reorder(model, kernel.T), "readout": readout.T}
    D, H = model.inputs, model.hidden
    parts = {
        "input_kernel": rows[""][:D],
        "recurrent_kernel": rows[""][D : D + H],
        "bias": rows[""][-1],
        "readout_kernel": rows["readout"][:H],
        "readout_bias": rows["readout"][-1],
    }
    return {name: parts[name].copy() for name in shapes(model)}


def split(model: ModelSpec, flat: Array) -> tuple[Array, Array]:
    """Views of a flat vector: the kernel (G·H, D+H+1) and the readout (K, H+1), or a column less each."""
    width = model.hidden + int(model.bias)
    border = flat.size - model.outputs * width
    return flat[:border].reshape(model.gates * model.hidden, -1), flat[border:].reshape(-1, width)


def _reorder(model: ModelSpec, rows: Array) -> Array:
    if model.cell == "elman":
        return rows
    gates = rows.reshape(len(rows), 4, model.hidden)
    return gates[:, CANDIDATE_LAST].reshape(len(rows), -1)


_RECURRENT = ("input_kernel", "recurrent_kernel", "bias")
_READOUT = ("readout_kernel", "readout_bias")


class Network:
    """T steps of B sequences through the cell and the readout.

    `parameters` is a view that somebody else updates; `gradient` is this network's own, of the
    same layout, summed over its sequences.
    """

    def __init__(self, model: ModelSpec, parameters: Array, time_steps: int, batch: int) -> None:
        self.gradient = np.zeros_like(parameters)
        kernel, self._readout = split(model, parameters)
        kernel_gradient, self._readout_gradient = split(model, self.gradient)
        self._cell = CELLS[model.cell](model, kernel, kernel_gradient, time_steps, batch)
        self._hidden_rows = self._readout[:, : model.hidden].T
        self._readout_product = np.empty_like(self._readout_gradient)
        self._loss = LOSSES[model.loss]
        self._every = model.readout == "every"
        self._time_steps = time_steps
        self._targets: Array = np.empty(0)

    def begin(self, inputs: Array, targets: Array | None = None) -> None:
        """Take new sequences; their state starts at zero.

        Shapes: inputs (B, T, D); targets (B, K) | (B, T, K) | (B,) | (B, T).
        """
        np.copyto(self._cell.inputs, inputs.transpose(1, 2, 0))
        if targets is not None:
            features_first = np.moveaxis(targets, 0, -1)
            self._targets = features_first if self._every else features_first[None]

    def predict(self) -> Array:
        """The outputs of the sequences begun, at every step that the model reads out.

        Shapes: -> (R, K, B) with R = T or 1.
        """
        self._cell.forward(0, self._time_steps)
        first = 1 if self._every else self._time_steps
        outputs: Array = self._readout @ self._cell.readable[first:]
        return outputs

    def differentiate(self, span: Span, batch: int) -> float:
        """Advance over one update's steps; fill `gradient`; return the loss, both divided by `batch`."""
        cell = self._cell
        cell.forward(span.start, span.stop)
        read = slice(span.cut + 1 if self._every else span.stop, span.stop + 1)
        readable = cell.readable[read]
        targets = self._targets[span.cut : span.stop] if self._every else self._targets
        loss, output_gradient = self._loss(self._readout @ readable, targets)
        output_gradient /= batch
        sum_of_products(output_gradient, readable, self._readout_gradient, self._readout_product)
        cell.backward(span.cut, span.stop, read, self._hidden_rows @ output_gradient)
        return loss / batch
