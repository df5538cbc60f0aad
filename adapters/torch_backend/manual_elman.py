"""Elman's cell in PyTorch without autograd: forward and backward by hand, into tensors that stay.

Time lies first. A row of `stacked[t]` is [x_t, h_{t-1}, 1], so that one product with the stacked kernel
[W; U; b] gives the sums of a step, and its columns from D on, [h_{t-1}, 1], are what the readout sees of the
step before. In a small model it is the calls that take time: there are few here, on views made once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from adapters.interface import Array, ModelSpec, Span, TrainSpec
from adapters.torch_backend.base import Trainer
from adapters.torch_backend.flat_parameters import FlatParameters
from adapters.torch_backend.layers import elman
from adapters.torch_backend.manual_losses import LOSSES
from adapters.torch_backend.network import Network
from adapters.torch_backend.readout import Batch, read_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """φ in place, and what φ' is found from: φ' = base − h², with a base of 1 for tanh and of h for σ."""

    apply: Callable[[Tensor], Tensor]
    slope_base: Callable[[Tensor], Tensor]


ACTIVATIONS = {
    "tanh": Activation(apply=Tensor.tanh_, slope_base=lambda hidden: hidden.new_ones(hidden.shape)),
    "sigmoid": Activation(apply=Tensor.sigmoid_, slope_base=lambda hidden: hidden),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateViews:
    """What one update works on: R of its steps are read out, C of them reached by the gradient.

    `sums_gradient` is the loss's gradient by x_t·W + h_{t-1}·U + b; it holds the slope φ' first.

    Shapes: forward: the rows (B, D+H+1) and h_t (B, H) of each step. Backward, of each step reached but the
    last, from the end: the later step's sums_gradient, hidden_gradient, sums_gradient, all (B, H). readable
    (R·B, H+1); outputs, expected, outputs_gradient (R·B, K); read_gradient (R·B, H); hidden, slope_base and
    slope (C, B, H); rows (C·B, D+H+1); sums_gradient (C·B, H). `…_columns` are transposed.
    """

    forward: list[tuple[Tensor, Tensor]]
    readable: Tensor
    readable_columns: Tensor
    outputs: Tensor
    expected: Tensor
    outputs_gradient: Tensor
    read_gradient: Tensor
    hidden: Tensor
    slope_base: Tensor
    slope: Tensor
    last_hidden_gradient: Tensor
    last_sums_gradient: Tensor
    backward: list[tuple[Tensor, Tensor, Tensor]]
    rows_columns: Tensor
    sums_gradient: Tensor


class Buffers:
    """Room for a batch of B sequences of T steps; all that is read out in an update lies together."""

    def __init__(self, model: ModelSpec, spans: tuple[Span, ...], batch: int, values: Tensor) -> None:
        D, H, T = model.inputs, model.hidden, spans[-1].stop
        self._stacked = values.new_ones((T + 1, batch, D + H + int(model.bias)))
        self._hidden = self._stacked[:, :, D : D + H]
        self._hidden[0] = 0
        self._readable = self._stacked[1:, :, D:]
        self._sums_gradient, self._hidden_gradient = values.new_empty((2, T, batch, H)).unbind()
        self._slope_base = ACTIVATIONS[model.activation].slope_base(self._hidden[1:])
        self._first_read = {"last": T - 1, "every": 0}[model.readout]
        longest = spans[0].stop - self._first_read
        places = (3, len(spans), longest, batch, model.outputs)
        self.outputs, self.expected, self._outputs_gradient = values.new_zeros(places).flatten(1, 2).unbind()
        self.inputs = self._stacked[:T, :, :D]
        self.updates = [self._views(span) for span in spans]

    def _views(self, span: Span) -> UpdateViews:
        steps, reached = range(span.start, span.stop), range(span.cut, span.stop)
        cut = slice(span.cut, span.stop)
        read = slice(max(span.cut, self._first_read), span.stop)
        place = slice(read.start - self._first_read, read.stop - self._first_read)
        sums_gradient, hidden_gradient = self._sums_gradient, self._hidden_gradient
        return UpdateViews(
            forward=[(self._stacked[t], self._hidden[t + 1]) for t in steps],
            readable=self._readable[read].flatten(0, 1),
            readable_columns=self._readable[read].flatten(0, 1).t(),
            outputs=self.outputs[place].flatten(0, 1),
            expected=self.expected[place].flatten(0, 1),
            outputs_gradient=self._outputs_gradient[place].flatten(0, 1),
            read_gradient=hidden_gradient[read].flatten(0, 1),
            hidden=self._hidden[1:][cut],
            slope_base=self._slope_base[cut],
            slope=sums_gradient[cut],
            last_hidden_gradient=hidden_gradient[span.stop - 1],
            last_sums_gradient=sums_gradient[span.stop - 1],
            backward=[
                (sums_gradient[t + 1], hidden_gradient[t], sums_gradient[t]) for t in reversed(reached[:-1])
            ],
            rows_columns=self._stacked[cut].flatten(0, 1).t(),
            sums_gradient=sums_gradient[cut].flatten(0, 1),
        )


class ManualElmanTrainer(Trainer):
    """What autograd would do, at a fraction of its cost where the model is small."""

    @torch.inference_mode()  # tensors that autograd keeps no record of are faster
    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], device: torch.device
    ) -> None:
        self._model = model
        self.parameters = FlatParameters(model, train, parameters, device)
        self._kernel, self._readout = self._split(self.parameters.values)
        self._kernel_gradient, self._readout_gradient = self._split(self.parameters.gradient)
        self._recurrent_columns = self._kernel[model.inputs : model.inputs + model.hidden].t()
        self._readout_columns = self._readout[: model.hidden].t()
        self._every = {"last": False, "every": True}[model.readout]
        self._activate = ACTIVATIONS[model.activation].apply
        self._loss = LOSSES[model.loss]
        self._spans: tuple[Span, ...] = ()
        self._batch = 0

    @torch.inference_mode()
    def train_batch(self, batch: Batch, spans: tuple[Span, ...], losses: Tensor) -> None:
        inputs, targets = batch.inputs, batch.targets
        if (spans, len(inputs)) != (self._spans, self._batch):
            self._spans, self._batch = spans, len(inputs)
            self._buffers = Buffers(self._model, spans, self._batch, self.parameters.values)
        buffers = self._buffers
        buffers.inputs.copy_(inputs.transpose(0, 1))
        read_targets = targets.transpose(0, 1) if self._every else targets[None]
        self._loss.set_expected(read_targets, buffers.expected[: len(read_targets)])
        forward, backward, update = self._forward, self._backward, self.parameters.update
        for views in buffers.updates:
            forward(views)
            backward(views)
            update()
        values = self._loss.values(buffers.outputs, buffers.expected)
        torch.sum(values.view(len(spans), -1), 1, out=losses)

    def predict(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        parameters = self.parameters.named(self.parameters.values)
        network = Network(self._model, parameters, elman)
        hidden, _ = network.run(inputs, network.zero_states(inputs), lengths)
        return read_out(self._model, parameters, hidden, lengths)

    def _split(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Views of a flat tensor: [W; U; b], (D+H+1, H), and the readout's [V; d], (H+1, K)."""
        width = self._model.hidden + int(self._model.bias)
        kernel, readout = torch.split(
            flat, [(self._model.inputs + width) * self._model.hidden, width * self._model.outputs]
        )
        return kernel.view(-1, self._model.hidden), readout.view(width, -1)

    def _forward(self, views: UpdateViews) -> None:
        kernel, activate = self._kernel, self._activate
        for rows, hidden in views.forward:
            torch.mm(rows, kernel, out=hidden)  # [x_t, h_{t-1}, 1]·[W; U; b]
            activate(hidden)
        torch.mm(views.readable, self._readout, out=views.outputs)

    def _backward(self, views: UpdateViews) -> None:
        self._loss.set_gradient(views.outputs, views.expected, views.outputs_gradient)
        if self._batch > 1:
            views.outputs_gradient.mul_(1 / self._batch)
        torch.mm(views.outputs_gradient, self._readout_columns, out=views.read_gradient)  # δh = δŷ·Vᵀ
        hidden = views.hidden
        torch.addcmul(views.slope_base, hidden, hidden, value=-1, out=views.slope)
        views.last_sums_gradient.mul_(views.last_hidden_gradient)
        for later_sums_gradient, hidden_gradient, sums_gradient in views.backward:
            # δh_t = δsums_{t+1}·Uᵀ, on top of δŷ_t·Vᵀ where step t is read out; δsums_t = φ'·δh_t
            torch.addmm(
                hidden_gradient,
                later_sums_gradient,
                self._recurrent_columns,
                beta=self._every,
                out=hidden_gradient,
            )
            sums_gradient.mul_(hidden_gradient)
        torch.mm(views.rows_columns, views.sums_gradient, out=self._kernel_gradient)
        torch.mm(views.readable_columns, views.outputs_gradient, out=self._readout_gradient)
