"""Layers, readout and loss over a batch of sequences, forward and back; arrays and views are made once."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy import multiply

from adapters.interface import Array, ModelSpec, Span
from adapters.numpy_backend.buffers import aligned
from adapters.numpy_backend.cells import CELLS
from adapters.numpy_backend.flat_parameters import split
from adapters.numpy_backend.layers import Call, by_rows
from adapters.numpy_backend.levels import Directions, Order, OrderOfLengths, Seam
from adapters.numpy_backend.losses import LOSSES
from adapters.numpy_backend.reading import READINGS, steps_read
from adapters.parameters import layers


class Backpropagation:
    """The gradient of every update of a batch of B sequences, by backpropagation through time.

    The parameters, a flat vector, are somebody else's to update; `gradient` has the same layout and is
    summed over the sequences. With `order`, the sequences are of unlike length.
    """

    def __init__(
        self,
        model: ModelSpec,
        parameters: Array,
        spans: Sequence[Span],
        batch: int,
        order: OrderOfLengths | None,
    ) -> None:
        time_steps, dtype = spans[-1].stop, parameters.dtype
        read = steps_read(model, time_steps)
        self._first_read = time_steps - read
        self._loss_starts = np.array([max(0, span.start - self._first_read) * batch for span in spans])
        self.batch = batch
        self.gradient = aligned(parameters.shape, dtype)
        arrays, self._readout = split(model, parameters)
        gradients, self._readout_gradient = split(model, self.gradient)
        self._readout_columns = self._readout[: model.width].T
        self._order, each = order, zip(arrays, gradients, strict=True)
        trained = CELLS[model.cell, model.activation, model.reset].trained
        self._levels = [
            Directions([trained(model, *next(each), time_steps, batch) for _ in level], order or Order())
            for level in layers(model)
        ]
        self._seams = [Seam(below, above) for below, above in pairwise(self._levels)]
        reading = READINGS[model.readout, model.bidirectional, order is not None]
        self._reading = reading(model, self._levels[-1])
        loss = LOSSES[model.loss]
        self._loss_values, self._loss_gradient = loss.values, loss.gradient
        self._outputs = np.empty((read, batch, model.outputs), dtype)
        self._targets = np.empty((read, batch), np.int64) if loss.of_classes else np.empty_like(self._outputs)
        self._outputs_gradient = np.empty_like(self._outputs)
        self._masked = order is not None and read == time_steps
        self._updates = [self._calls(span) for span in spans]

    def begin(self, inputs: Array, targets: Array, lengths: Array | None, indices: Array) -> None:
        """Take the sequences of a batch; their state starts at zero.

        Shapes: inputs (N, T, D); targets (N, R, K) | (N, R) with R steps that are read out, T or 1;
        lengths (N,); indices (B,).
        """
        if self._order is not None and lengths is not None:
            self._order.take(lengths.take(indices))
        self._levels[0].read(inputs.take(indices, 0).swapaxes(0, 1), slice(None))
        self._targets[:] = targets.take(indices, 0).swapaxes(0, 1)

    def differentiate(self, update: int) -> None:
        """Advance over the steps of one of the updates, and fill in `gradient`."""
        for call in self._updates[update]:
            call()

    def losses(self) -> Array:
        """The loss of each span, before its update, summed over the sequences.

        Shapes: -> (spans,)
        """
        rows = self._loss_values(by_rows(self._outputs), by_rows(self._targets))
        if self._masked and self._order is not None:
            rows = rows * self._order.valid.ravel()
        return np.add.reduceat(rows, self._loss_starts)

    def _calls(self, span: Span) -> list[Call]:
        """Everything that the update of a span does; R of its steps are read out.

        Shapes: readable (R·B, H'+1); outputs and their gradient (R·B, K); read_gradient (R·B, H').
        """
        reading, first_read = self._reading, max(span.cut, self._first_read)
        read = slice(first_read - self._first_read, span.stop - self._first_read)
        readable, read_gradient = by_rows(reading.readable[read]), by_rows(reading.gradient[read])
        outputs, targets, gradient = (
            by_rows(each[read]) for each in (self._outputs, self._targets, self._outputs_gradient)
        )
        return [
            *self._forward(span),
            *reading.forward(span),
            partial(readable.dot, self._readout, outputs),  # ŷ = [h, 1]·[V; d]
            partial(self._loss_gradient, outputs, targets, gradient),
            *self._mask(read),
            partial(readable.T.dot, gradient, self._readout_gradient),  # δ[V; d] = [h, 1]ᵀ·δŷ
            partial(gradient.dot, self._readout_columns, read_gradient),  # δh = δŷ·Vᵀ
            *reading.backward(span),
            *self._backward(span),
        ]

    def _mask(self, read: slice) -> list[Call]:
        """What leaves the steps beyond a sequence's length out of the gradient by the outputs, if any are."""
        if not self._masked or self._order is None:
            return []
        gradient, valid = self._outputs_gradient[read], self._order.valid[read, :, np.newaxis]
        return [partial(multiply, gradient, valid, gradient)]

    def _forward(self, span: Span) -> list[Call]:
        calls: list[Call] = []
        for number, level in enumerate(self._levels):
            if number > 0:
                calls.append(self._seams[number - 1].forward(span))
            for layer in level.directions:
                calls += layer.forward(span)
        return calls

    def _backward(self, span: Span) -> list[Call]:
        calls: list[Call] = []
        gradients = self._reading.read_gradients(span)
        for number, level in reversed([*enumerate(self._levels)]):
            for layer, gradient in zip(level.directions, gradients, strict=True):
                calls += layer.backward(span, gradient)
            if number > 0:
                calls += self._seams[number - 1].backward(span)
                gradients = self._seams[number - 1].read_gradients(span)
        return calls
