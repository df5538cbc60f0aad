"""PyTorch as its tutorials write it: every step of the cell spelled out, gradients by autograd."""

import torch
from torch import Tensor

from adapters.interface import Declaration, ModelSpec, Span
from adapters.torch_backend.base import TorchBase, Trainer
from adapters.torch_backend.flat_parameters import FlatParameters
from adapters.torch_backend.layers import LAYERS, LOSSES, READOUTS, Layer, State, read_out, zero_state


class AutogradTrainer(Trainer):
    """A layer that autograd differentiates; its gradients are added straight into the flat one."""

    def __init__(self, model: ModelSpec, parameters: FlatParameters, layer: Layer) -> None:
        self._model, self._parameters, self._layer = model, parameters, layer
        self._leaves = {
            name: view.requires_grad_() for name, view in parameters.named(parameters.values.detach()).items()
        }
        for name, view in parameters.named(parameters.gradient).items():
            self._leaves[name].grad = view

    def train_batch(self, inputs: Tensor, targets: Tensor, spans: tuple[Span, ...], losses: Tensor) -> None:
        state = zero_state(self._model, inputs)
        for update, span in enumerate(spans):
            losses[update], state = self._update(inputs, targets, span, state)

    def predict(self, inputs: Tensor) -> Tensor:
        hidden, _ = self._layer(self._model, self._leaves, inputs, zero_state(self._model, inputs))
        return read_out(self._model, self._leaves, hidden)

    def _update(self, inputs: Tensor, targets: Tensor, span: Span, state: State) -> tuple[Tensor, State]:
        """Make one update -> the loss before it, summed over the batch, and the state after its steps.

        No gradient reaches back through either.
        """
        model, leaves = self._model, self._leaves
        if span.cut > span.start:
            with torch.no_grad():
                _, state = self._layer(model, leaves, inputs[:, span.start : span.cut], state)
        hidden, state = self._layer(model, leaves, inputs[:, span.cut : span.stop], state)
        read_targets = READOUTS[model.readout].targets(targets, span)
        summed_loss = LOSSES[model.loss](read_out(model, leaves, hidden), read_targets)
        self._parameters.gradient.zero_()
        torch.autograd.backward(summed_loss / len(inputs))
        self._parameters.update()
        return summed_loss.detach(), tuple(part.detach() for part in state)


class TorchAutogradAdapter(TorchBase):
    """The tutorials' way: both cells step by step, everything else left to autograd."""

    declaration = Declaration(
        distribution="torch",
        computes="both cells step by step, gradients by autograd",
        devices=("cpu", "cuda"),
    )

    def trainer(self, model: ModelSpec, parameters: FlatParameters) -> Trainer:
        return AutogradTrainer(model, parameters, LAYERS[model.cell, model.activation])
