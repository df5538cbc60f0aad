"""Elman's cell in PyTorch without autograd: forward and backward by hand, into buffers that stay.

Time lies first. A row of `stacked[t]` is [x_t, h_{t-1}, 1], so that one product with the stacked kernel
[W; U; b] makes a step, and its columns from D on are what the readout sees of the step before. In a small
model the calls of operations are what takes time: there are few here, on views made once and for all.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from adapters.interface import ModelSpec, Span
from adapters.torch_backend.base import Network
from adapters.torch_backend.layers import elman, read_out, zero_state
from adapters.torch_backend.manual_losses import LOSSES
from adapters.torch_backend.optimizers import Weights

ACTIVATE: dict[str, Callable[[Tensor], Tensor]] = {"tanh": Tensor.tanh_, "sigmoid": Tensor.sigmoid_}


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The views that one update works on: R of its steps are read out, C of them reached by the gradient.

    The cell's slope is slope_base − hidden², with a base of 1 (tanh) or hidden (sigmoid); it becomes the
    gradient with respect to what the activation was taken of.

    Shapes: forward (B, D+H+1) and (B, H) for each step; backward (B, H) thrice for each step reached but
    the last, from the end; readable (R·B, H+1); outputs, expected, errors (R·B, K); read_gradient
    (R·B, H); hidden, slope_base, slope (C, B, H); cell_input (C·B, D+H+1); cell_errors (C·B, H).
    `…_columns` are transposed.
    """

    forward: list[tuple[Tensor, Tensor]]
    readable: Tensor
    readable_columns: Tensor
    outputs: Tensor
    expected: Tensor
    errors: Tensor
    read_gradient: Tensor
    hidden: Tensor
    slope_base: Tensor
    slope: Tensor
    last_errors: Tensor
    last_gradient: Tensor
    backward: list[tuple[Tensor, Tensor, Tensor]]
    cell_input_columns: Tensor
    cell_errors: Tensor


class Buffers:
    """Room for a batch of B sequences of T steps; all that is read out in an update lies together."""

    def __init__(self, model: ModelSpec, spans: tuple[Span, ...], batch: int, values: Tensor) -> None:
        D, H, T = model.inputs, model.hidden, spans[-1].stop
        self._stacked = values.new_ones((T + 1, batch, D + H + int(model.bias)))
        self._hidden = self._stacked[:, :, D : D + H]
        self._hidden[0] = 0
        self._readable = self._stacked[1:, :, D:]
        self._slope, self._gradient = values.new_empty((2, T, batch, H)).unbind()
        sigmoid = model.activation == "sigmoid"
        self._slope_base = self._hidden[1:] if sigmoid else values.new_ones((T, batch, H))
        self._first_read = {"last": T - 1, "every": 0}[model.readout]
        longest = spans[0].stop - self._first_read
        places = (3, len(spans), longest, batch, model.outputs)
        self.outputs, self.expected, self._errors = values.new_zeros(places).flatten(1, 2).unbind()
        self.inputs = self._stacked[:T, :, :D]
        self.updates = [self._update(span) for span in spans]

    def _update(self, span: Span) -> Update:
        steps, reached = range(span.start, span.stop), range(span.cut, span.stop)
        cut = slice(span.cut, span.stop)
        read = slice(max(span.cut, self._first_read), span.stop)
        place = slice(read.start - self._first_read, read.stop - self._first_read)
        slope, gradient = self._slope, self._gradient
        return Update(
            forward=[(self._stacked[t], self._hidden[t + 1]) for t in steps],
            readable=self._readable[read].flatten(0, 1),
            readable_columns=self._readable[read].flatten(0, 1).t(),
            outputs=self.outputs[place].flatten(0, 1),
            expected=self.expected[place].flatten(0, 1),
            errors=self._errors[place].flatten(0, 1),
            read_gradient=gradient[read].flatten(0, 1),
            hidden=self._hidden[1:][cut],
            slope_base=self._slope_base[cut],
            slope=slope[cut],
            last_errors=slope[span.stop - 1],
            last_gradient=gradient[span.stop - 1],
            backward=[(slope[t + 1], gradient[t], slope[t]) for t in reversed(reached[:-1])],
            cell_input_columns=self._stacked[cut].flatten(0, 1).t(),
            cell_errors=slope[cut].flatten(0, 1),
        )


class ElmanNetwork(Network):
    """What autograd would do, at a fraction of its cost where the model is small."""

    def __init__(self, model: ModelSpec, weights: Weights) -> None:
        self._model, self._weights = model, weights
        self._kernel, self._readout = self._stacked(weights.values)
        self._kernel_gradient, self._readout_gradient = self._stacked(weights.gradient)
        self._kernel_back = self._kernel[model.inputs : model.inputs + model.hidden].t()
        self._readout_back = self._readout[: model.hidden].t()
        self._every = model.readout == "every"
        self._activate = ACTIVATE[model.activation]
        self._loss = LOSSES[model.loss]
        self._spans: tuple[Span, ...] = ()
        self._batch = 0

    @torch.inference_mode()
    def learn(self, inputs: Tensor, targets: Tensor, spans: tuple[Span, ...], losses: Tensor) -> None:
        if (spans, len(inputs)) != (self._spans, self._batch):
            self._spans, self._batch = spans, len(inputs)
            self._buffers = Buffers(self._model, spans, self._batch, self._weights.values)
        buffers = self._buffers
        buffers.inputs.copy_(inputs.transpose(0, 1))
        read = targets.transpose(0, 1) if self._every else targets[None]
        self._loss.expect(read, buffers.expected[: len(read)])
        for update in buffers.updates:
            self._forward(update)
            self._backward(update)
            self._weights.update()
        values = self._loss.values(buffers.outputs, buffers.expected)
        torch.sum(values.view(len(spans), -1), 1, out=losses)

    def predict(self, inputs: Tensor) -> Tensor:
        weights = self._weights.named(self._weights.values)
        hidden, _ = elman(self._model, weights, inputs, zero_state(self._model, inputs))
        return read_out(self._model, weights, hidden)

    def _stacked(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Views of a flat tensor: [W; U; b], (D+H+1, H), and the readout's [V; c], (H+1, K)."""
        width = self._model.hidden + int(self._model.bias)
        kernel, readout = torch.split(
            flat, [(self._model.inputs + width) * self._model.hidden, width * self._model.outputs]
        )
        return kernel.view(-1, self._model.hidden), readout.view(width, -1)

    def _forward(self, update: Update) -> None:
        kernel, activate = self._kernel, self._activate
        for cell_inputs, hidden in update.forward:
            torch.mm(cell_inputs, kernel, out=hidden)
            activate(hidden)
        torch.mm(update.readable, self._readout, out=update.outputs)

    def _backward(self, update: Update) -> None:
        self._loss.set_errors(update.outputs, update.expected, update.errors)
        if self._batch > 1:
            update.errors.mul_(1 / self._batch)
        torch.mm(update.errors, self._readout_back, out=update.read_gradient)
        hidden = update.hidden
        torch.addcmul(update.slope_base, hidden, hidden, value=-1, out=update.slope)
        update.last_errors.mul_(update.last_gradient)
        for later_errors, gradient, errors in update.backward:
            torch.addmm(gradient, later_errors, self._kernel_back, beta=self._every, out=gradient)
            errors.mul_(gradient)
        torch.mm(update.cell_input_columns, update.cell_errors, out=self._kernel_gradient)
        torch.mm(update.readable_columns, update.errors, out=self._readout_gradient)
