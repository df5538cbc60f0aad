"""What the loops over PyTorch's modules have in common: a module, a readout and `torch.optim`."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from adapters.interface import (
    Adam,
    AdamW,
    Array,
    Cosine,
    LearningRate,
    ModelSpec,
    RmsProp,
    TrainSpec,
    rate_at,
)
from adapters.torch_backend.base import kernels_run  # which has cuDNN compute in float32, not TF32
from compare.benchmarks.native_loop import (
    NativeLoop,
)


class ModuleLoop(NativeLoop):
    """A recurrent module, `torch.nn.Linear` and an optimizer of `torch.optim`, a batch at a time."""

    layer: ClassVar[type[nn.LSTM | nn.GRU]] = nn.LSTM

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        super().__init__(model, train, parameters, device=device)
        self._layer = self.layer(
            model.inputs,
            model.hidden,
            model.layers,
            bias=model.bias,
            batch_first=True,
            bidirectional=model.bidirectional,
            device=device,
        )
        self._readout = nn.Linear(model.width, model.outputs, bias=model.bias, device=device)
        self._loss, self._device = LOSSES[model.loss], device
        self._trained = [*self._layer.parameters(), *self._readout.parameters()]
        rule = train.optimizer
        self._optimizer = OPTIMIZERS[type(rule)](self._trained, rule, rate_at(rule.learning_rate, 0))
        self._schedule = schedule(self._optimizer, rule.learning_rate)
        self._clip_norm = train.clip_norm

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._inputs = torch.tensor(np.asarray(inputs, np.float32), device=self._device)
        dtype = np.float32 if self._loss is nn.functional.mse_loss else np.int64
        self._targets = torch.tensor(np.asarray(targets, dtype), device=self._device)
        self._lengths = None if lengths is None else torch.tensor(lengths)

    def _train(self, batches: Array) -> Array:
        losses = [self._step(indices) for indices in torch.tensor(batches, device=self._device)]
        shown: Array = torch.stack(losses).cpu().numpy()
        return shown

    @classmethod
    def gpu_kernels(cls, work: Callable[[], object]) -> int:
        return kernels_run(work)

    def _step(self, indices: Tensor) -> Tensor:
        self._optimizer.zero_grad()
        read = self._read(self._inputs[indices], None if self._lengths is None else self._lengths[indices])
        loss = self._loss(self._readout(read), self._targets[indices])
        loss.backward()  # type: ignore[no-untyped-call]
        if self._clip_norm is not None:
            nn.utils.clip_grad_norm_(self._trained, self._clip_norm)
        self._optimizer.step()
        if self._schedule is not None:
            self._schedule.step()
        return loss.detach()

    def _read(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        """What is read out: the top layer's state after the last step, unless a loop says otherwise."""
        hidden, _ = self._layer(inputs)
        last: Tensor = hidden[:, -1]
        return last


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "half_squared_error": nn.functional.mse_loss,
    "softmax_cross_entropy": nn.functional.cross_entropy,
}
"""By the spec's name; the squared error is the mean over all outputs, without the ½."""


def adam(trained: list[Tensor], rule: Adam, rate: float) -> Any:
    return torch.optim.Adam(trained, rate, (rule.beta1, rule.beta2), rule.epsilon, fused=True)


def adam_w(trained: list[Tensor], rule: AdamW, rate: float) -> Any:
    betas = (rule.beta1, rule.beta2)
    return torch.optim.AdamW(trained, rate, betas, rule.epsilon, rule.weight_decay, fused=True)


def rms_prop(trained: list[Tensor], rule: RmsProp, rate: float) -> Any:
    return torch.optim.RMSprop(trained, rate, rule.decay, rule.epsilon)


OPTIMIZERS: dict[type, Callable[..., Any]] = {Adam: adam, AdamW: adam_w, RmsProp: rms_prop}


def schedule(optimizer: Any, rate: LearningRate) -> Any:
    """`CosineAnnealingLR` for a cosine, None for a number."""
    if not isinstance(rate, Cosine):
        return None
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, rate.updates, rate.floor)
