"""PyTorch as its tutorials write it: every step of the cell spelled out, gradients by autograd."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from adapters.interface import Array, Declaration, ModelSpec, Span, TrainSpec
from adapters.torch_backend.base import TorchBase, Trainer, TrainerType
from adapters.torch_backend.flat_parameters import FlatParameters
from adapters.torch_backend.layers import LAYERS, Layer
from adapters.torch_backend.network import Network, States
from adapters.torch_backend.readout import Batch, read_out, summed_loss
from adapters.torch_backend.reduced import in_dtype


class AutogradTrainer(Trainer):
    """Layers that autograd differentiates; their gradients are added straight into the flat one."""

    def __init__(
        self,
        model: ModelSpec,
        train: TrainSpec,
        parameters: Mapping[str, Array],
        device: torch.device,
        *,
        layer: Layer,
    ) -> None:
        self._model = model
        self.parameters = flat = FlatParameters(model, train, parameters, device)
        self._leaves = {
            name: view.requires_grad_() for name, view in flat.named(flat.values.detach()).items()
        }
        for name, view in flat.named(flat.gradient).items():
            self._leaves[name].grad = view
        self._network = Network(model, self._leaves, layer)

    def train_batch(self, batch: Batch, spans: tuple[Span, ...], losses: Tensor) -> None:
        states = self._network.zero_states(batch.inputs)
        for update, span in enumerate(spans):
            losses[update], states = self._gradient(batch, span, states)
            self.parameters.update()

    def predict(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        hidden, _ = self._network.run(inputs, self._network.zero_states(inputs), lengths)
        return read_out(self._model, self._leaves, hidden, lengths)

    def _gradient(self, batch: Batch, span: Span, states: States) -> tuple[Tensor, States]:
        """Leave an update's gradient -> the loss before it, summed over the batch, and the states after.

        No gradient reaches back through either.
        """
        hidden, states = self._hidden(batch, span, states)
        outputs = read_out(self._model, self._leaves, hidden, batch.lengths)
        loss = summed_loss(self._model, outputs, batch, span)
        self.parameters.gradient.zero_()
        torch.autograd.backward(loss, loss.new_full((), 1 / len(batch.inputs)))  # of the mean over the batch
        return loss.detach(), tuple(tuple(part.detach() for part in state) for state in states)

    def _hidden(self, batch: Batch, span: Span, states: States) -> tuple[Tensor, States]:
        """The hidden states at all steps of a span, and the states after; gradients reach back to its cut."""
        run, lengths = self._network.run, batch.lengths
        if span.cut == span.start:
            return run(batch.inputs[:, span.start : span.stop], states, lengths)
        with torch.no_grad():
            carried, states = run(batch.inputs[:, span.start : span.cut], states, lengths)
        reached, states = run(batch.inputs[:, span.cut : span.stop], states, lengths)
        return torch.cat([carried, reached], 1), states


class TorchAutogradAdapter(TorchBase):
    """The tutorials' way: every cell step by step, everything else left to autograd."""

    declaration = Declaration(
        distribution="torch",
        computes="every cell step by step, gradients by autograd",
        devices=("cpu", "cuda"),
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        dtypes=("float32", "float64", "bfloat16", "float16"),
    )

    def trainer(self, model: ModelSpec, lengths: Tensor | None) -> TrainerType:
        layer = in_dtype(LAYERS[model.cell, model.activation, model.reset], self._train_spec.dtype)
        return partial(AutogradTrainer, layer=layer)
