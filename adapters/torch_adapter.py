"""PyTorch on raw tensors: no nn.Module, no torch.optim, gradients by autograd."""

import math
import re
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from adapters.interface import (
    Adam,
    Adapter,
    Array,
    Declaration,
    ModelSpec,
    Span,
    TrainSpec,
    UnsupportedSpec,
    check_batches,
    check_data,
    check_sequences,
)
from adapters.parameters import check_parameters

ACTIVATIONS = {"tanh": torch.tanh, "sigmoid": torch.sigmoid}
State = tuple[Tensor, ...]

torch.backends.cudnn.allow_tf32 = False  # float32 means float32 on a GPU too


class TorchAdapter(Adapter):
    """Elman steps written out; LSTM sequences through `torch.lstm`, the kernel under `torch.nn.LSTM`."""

    declaration = Declaration(distribution="torch", devices=("cpu", "cuda"))

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if device != "cpu" and not (device.startswith("cuda") and torch.cuda.is_available()):
            raise UnsupportedSpec(f"device is {device!r}: this build of torch has no such device")
        check_parameters(model, parameters)
        self._model, self._train = model, train
        self._device = torch.device(device)
        self._dtype = torch.float64 if train.dtype == "float64" else torch.float32
        self._parameters = {name: self._tensor(value).requires_grad_() for name, value in parameters.items()}
        self._layer = self._lstm if model.cell == "lstm" else self._elman
        self._update = self._adam if isinstance(train.optimizer, Adam) else self._sgd
        self._moments = [
            (torch.zeros_like(parameter), torch.zeros_like(parameter))
            for parameter in self._parameters.values()
        ]
        self._step = 0
        self._sequences = 0
        self._no_bias = self._tensor([0.0] * 4 * model.hidden)

    def load(self, inputs: Array, targets: Array) -> None:
        self._spans = check_data(self._model, self._train, inputs, targets)
        self._sequences = len(inputs)
        self._inputs = self._tensor(inputs)
        classes = self._model.loss == "softmax_cross_entropy"
        self._targets = self._whole_numbers(targets) if classes else self._tensor(targets)

    def train(self, batches: Array) -> Array:
        check_batches(batches, self._sequences)
        rows = self._whole_numbers(batches)
        losses = torch.empty((len(rows), len(self._spans)), dtype=self._dtype, device=self._device)
        for row, indices in enumerate(rows):
            inputs, targets = self._inputs[indices], self._targets[indices]
            state = self._zero_state(len(indices))
            for column, span in enumerate(self._spans):
                losses[row, column], state = self._learn(inputs, targets, span, state)
        result: Array = losses.cpu().numpy().ravel()
        return result

    @torch.no_grad()
    def predict(self, inputs: Array) -> Array:
        check_sequences(self._model, inputs)
        sequences = self._tensor(inputs)
        hidden, _ = self._layer(sequences, self._zero_state(len(sequences)))
        result: Array = self._read_out(hidden).cpu().numpy()
        return result

    def parameters(self) -> dict[str, Array]:
        return {name: value.detach().cpu().numpy().copy() for name, value in self._parameters.items()}

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        build = torch.__config__.show()
        return tuple(
            re.findall(r"(?:Intel\(R\) oneAPI )?Math Kernel Library Version [\d.]+|MKL-DNN v[\d.]+", build)
        )

    def _tensor(self, values: Array | list[float]) -> Tensor:
        return torch.tensor(np.array(values, self._train.dtype), device=self._device)

    def _whole_numbers(self, values: Array) -> Tensor:
        return torch.tensor(np.array(values, np.int64), device=self._device)

    def _zero_state(self, batch: int) -> State:
        zeros = torch.zeros((1, batch, self._model.hidden), dtype=self._dtype, device=self._device)
        return (zeros, zeros) if self._model.cell == "lstm" else (zeros,)

    def _elman(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, T, D) and the state before -> hidden states (B, T, H) and the state after."""
        activation, recurrent = ACTIVATIONS[self._model.activation], self._parameters["recurrent_kernel"]
        projected = inputs @ self._parameters["input_kernel"]
        if self._model.bias:
            projected = projected + self._parameters["bias"]
        hidden, steps = state[0][0], []
        for step in projected.unbind(1):
            hidden = activation(torch.addmm(step, hidden, recurrent))
            steps.append(hidden)
        return torch.stack(steps, 1), (hidden[None],)

    def _lstm(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, T, D) and the state before -> hidden states (B, T, H) and the state after."""
        weights = [self._parameters["input_kernel"].t(), self._parameters["recurrent_kernel"].t()]
        if self._model.bias:
            weights += [self._parameters["bias"], self._no_bias]
        hidden, *after = torch.lstm(
            inputs, state, weights, self._model.bias, 1, 0.0, torch.is_grad_enabled(), False, True
        )
        return hidden, tuple(after)

    def _read_out(self, hidden: Tensor) -> Tensor:
        readable = hidden if self._model.readout == "every" else hidden[:, -1]
        outputs = readable @ self._parameters["readout_kernel"]
        return outputs + self._parameters["readout_bias"] if self._model.bias else outputs

    def _loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if self._model.loss == "half_squared_error":
            return (outputs - targets).square().sum() / (2 * len(outputs))
        log_probabilities = torch.log_softmax(outputs, -1)
        return -log_probabilities.gather(-1, targets[..., None]).sum() / len(outputs)

    def _learn(self, inputs: Tensor, targets: Tensor, span: Span, state: State) -> tuple[Tensor, State]:
        """One update; the loss before it, and the state after its steps, cut from its gradient."""
        if span.cut > span.start:
            with torch.no_grad():
                _, state = self._layer(inputs[:, span.start : span.cut], state)
        hidden, state = self._layer(inputs[:, span.cut : span.stop], state)
        if self._model.readout == "every":
            targets = targets[:, span.cut : span.stop]
        loss = self._loss(self._read_out(hidden), targets)
        gradients = torch.autograd.grad(loss, list(self._parameters.values()))
        with torch.no_grad():
            self._apply(gradients)
        return loss.detach(), tuple(part.detach() for part in state)

    def _apply(self, gradients: tuple[Tensor, ...]) -> None:
        limit = self._train.clip_value
        if limit is not None:
            gradients = tuple(gradient.clamp(-limit, limit) for gradient in gradients)
        self._step += 1
        self._update(gradients)

    def _sgd(self, gradients: tuple[Tensor, ...]) -> None:
        for parameter, gradient in zip(self._parameters.values(), gradients, strict=True):
            parameter.sub_(gradient, alpha=self._train.optimizer.learning_rate)

    def _adam(self, gradients: tuple[Tensor, ...]) -> None:
        spec = self._train.optimizer
        assert isinstance(spec, Adam)
        rate = spec.learning_rate * math.sqrt(1 - spec.beta2**self._step) / (1 - spec.beta1**self._step)
        for parameter, gradient, (mean, square) in zip(
            self._parameters.values(), gradients, self._moments, strict=True
        ):
            mean.lerp_(gradient, 1 - spec.beta1)
            square.mul_(spec.beta2).addcmul_(gradient, gradient, value=1 - spec.beta2)
            parameter.addcdiv_(mean, square.sqrt().add_(spec.epsilon), value=-rate)
