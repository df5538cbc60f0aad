"""PyTorch as its tutorials write it: every step of the cell spelled out, gradients by autograd."""

import torch
from torch import Tensor

from adapters.interface import Declaration, ModelSpec, Span
from adapters.torch_backend.base import Network, TorchBase
from adapters.torch_backend.layers import LAYERS, Layer, State, loss, read_out, zero_state
from adapters.torch_backend.optimizers import Weights


class AutogradNetwork(Network):
    """A differentiable layer; `backward` adds its gradients straight into the flat one."""

    def __init__(self, model: ModelSpec, weights: Weights, layer: Layer) -> None:
        self._model, self._weights, self._layer = model, weights, layer
        self._leaves = {
            name: view.requires_grad_() for name, view in weights.named(weights.values.detach()).items()
        }
        for name, view in weights.named(weights.gradient).items():
            self._leaves[name].grad = view

    def learn(self, inputs: Tensor, targets: Tensor, spans: tuple[Span, ...], losses: Tensor) -> None:
        state = zero_state(self._model, inputs)
        for place, span in enumerate(spans):
            losses[place], state = self._follow(inputs, targets, span, state)

    def predict(self, inputs: Tensor) -> Tensor:
        hidden, _ = self._layer(self._model, self._leaves, inputs, zero_state(self._model, inputs))
        return read_out(self._model, self._leaves, hidden)

    def _follow(self, inputs: Tensor, targets: Tensor, span: Span, state: State) -> tuple[Tensor, State]:
        """One update; the loss before it, summed over the batch, and the state after, cut from gradients."""
        model, leaves = self._model, self._leaves
        if span.cut > span.start:
            with torch.no_grad():
                _, state = self._layer(model, leaves, inputs[:, span.start : span.cut], state)
        hidden, state = self._layer(model, leaves, inputs[:, span.cut : span.stop], state)
        if model.readout == "every":
            targets = targets[:, span.cut : span.stop]
        summed_loss = loss(model, read_out(model, leaves, hidden), targets)
        self._weights.gradient.zero_()
        torch.autograd.backward(summed_loss / len(inputs))
        self._weights.update()
        return summed_loss.detach(), tuple(part.detach() for part in state)


class TorchAutogradAdapter(TorchBase):
    """The tutorials' way: both cells step by step, everything else left to autograd."""

    declaration = Declaration(
        distribution="torch",
        computes="both cells step by step, gradients by autograd",
        devices=("cpu", "cuda"),
    )

    def network(self, model: ModelSpec, weights: Weights) -> Network:
        return AutogradNetwork(model, weights, LAYERS[model.cell, model.activation])
