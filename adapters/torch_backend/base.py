"""What every way of training in PyTorch has in common: raw tensors in, raw tensors out."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from adapters.interface import (
    Adapter,
    Alone,
    Array,
    KernelRun,
    ModelSpec,
    Span,
    TrainSpec,
    UnsupportedSpec,
    Work,
)
from adapters.torch_backend.alone import alone
from adapters.torch_backend.flat_parameters import FlatParameters
from adapters.torch_backend.kernels import kernels
from adapters.torch_backend.readout import Batch
from adapters.torch_backend.reduced import check_kernels

torch.backends.cudnn.allow_tf32 = False  # float32 means float32 on a GPU too


class Trainer(ABC):
    """One way of running a model and of differentiating it; its tensors are of the kind that it needs."""

    parameters: FlatParameters

    @abstractmethod
    def train_batch(self, batch: Batch, spans: tuple[Span, ...], losses: Tensor) -> None:
        """Make every update of one batch of sequences; fill in the losses before them, summed over the batch.

        Shapes: losses (updates,).
        """

    @abstractmethod
    def predict(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        """(N, T, D) -> (N, K) or, with readout 'every', (N, T, K)."""


TrainerType = Callable[[ModelSpec, TrainSpec, Mapping[str, Array], torch.device], Trainer]


class TorchBase(Adapter):
    """No nn.Module and no torch.optim; a subclass says how it trains."""

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise UnsupportedSpec(f"device is {device!r}: this build of torch has no such device")
        check_kernels(model, train.dtype, device)
        self._model, self._train_spec = model, train
        self._device = torch.device(device)
        self._trainer = self._begin(parameters, None)

    @abstractmethod
    def trainer(self, model: ModelSpec, lengths: Tensor | None) -> TrainerType:
        """What trains this model on sequences of such lengths; None: all are as long as their arrays."""

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._spans = self._train_spec.spans(self._model, inputs.shape[1])
        self._inputs = self._tensor(inputs)
        convert = {"half_squared_error": self._tensor, "softmax_cross_entropy": self._whole_numbers}
        self._targets = convert[self._model.loss](targets)
        self._lengths = self._lengths_of(lengths)
        state = self.state()
        self._trainer = self._begin(self.parameters(), self._lengths)
        self.restore(state)

    def _train(self, batches: Array) -> Array:
        rows = self._whole_numbers(batches)
        losses = torch.empty((len(rows), len(self._spans)), dtype=self._inputs.dtype, device=self._device)
        for row, indices in zip(losses, rows, strict=True):
            self._trainer.train_batch(self._batch(indices), self._spans, row)
        result: Array = losses.div_(batches.shape[1]).cpu().numpy().ravel()
        return result

    @torch.no_grad()
    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        outputs = self._trainer.predict(self._tensor(inputs), self._lengths_of(lengths))
        result: Array = outputs.cpu().numpy()
        return result

    def parameters(self) -> dict[str, Array]:
        flat = self._trainer.parameters
        return {name: value.cpu().numpy().copy() for name, value in flat.named(flat.values).items()}

    def state(self) -> dict[str, Array]:
        return self._trainer.parameters.state()

    def restore(self, state: Mapping[str, Array]) -> None:
        self._trainer.parameters.restore(state)

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        build = torch.__config__.show()
        return tuple(
            re.findall(r"(?:Intel\(R\) oneAPI )?Math Kernel Library Version [\d.]+|MKL-DNN v[\d.]+", build)
        )

    def kernels(self, batches: Array) -> tuple[KernelRun, ...]:
        return kernels(lambda: self.train(batches))

    @classmethod
    def alone(cls, work: Work) -> Alone:
        return alone(work)

    @classmethod
    def gpu_kernels(cls, work: Callable[[], object]) -> int:
        return kernels_run(work)

    def _begin(self, parameters: Mapping[str, Array], lengths: Tensor | None) -> Trainer:
        """What trains on sequences of such lengths, before its first update."""
        make = self.trainer(self._model, lengths)
        return make(self._model, self._train_spec, parameters, self._device)

    def _batch(self, indices: Tensor) -> Batch:
        lengths = None if self._lengths is None else self._lengths[indices]
        return Batch(inputs=self._inputs[indices], targets=self._targets[indices], lengths=lengths)

    def _lengths_of(self, lengths: Array | None) -> Tensor | None:
        return None if lengths is None else self._whole_numbers(lengths)

    def _tensor(self, values: Array) -> Tensor:
        return torch.tensor(np.array(values, self._train_spec.kept_dtype), device=self._device)

    def _whole_numbers(self, values: Array) -> Tensor:
        return torch.tensor(np.array(values, np.int64), device=self._device)


def kernels_run(work: Callable[[], object]) -> int:
    """Do some work; how many kernels the GPU ran for it, copies left out."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        work()
        torch.cuda.synchronize()
    on_gpu = [event.name for event in profile.events() or () if event.device_type.name == "CUDA"]
    return sum(not name.startswith(("Memcpy", "Memset")) for name in on_gpu)
