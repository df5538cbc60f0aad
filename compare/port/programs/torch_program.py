"""A program in PyTorch: a module, a loss, an optimizer from `torch.optim`."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from adapters.interface import Array
from compare.port.programs.arguments import takes_lengths
from compare.port.programs.torch_layers import layers_of
from compare.port.programs.torch_randomness import without_dropout, without_functional_dropout
from compare.port.programs.torch_recording import Calls, first_tensor, plain, recording
from compare.port.programs.torch_rules import rule_of
from compare.port.records.interface import (
    Batch,
    Description,
    Expected,
    Program,
    Recorded,
    Trace,
    as_array,
)  # fmt: skip
from compare.port.translation.recognized import read_all, stacked, write_all

CLIPPING: dict[str, Callable[..., Any]] = {
    "value": nn.utils.clip_grad_value_,
    "norm": nn.utils.clip_grad_norm_,
}


class TorchProgram(Program):
    """A `torch.nn.Module` and how it is trained.

    `loss(outputs, targets)` returns the tensor that is differentiated. `clip` is `("value", c)` or
    `("norm", c)`, as `torch.nn.utils.clip_grad_value_` and `clip_grad_norm_` do it; `schedule` a
    `torch.optim.lr_scheduler`, stepped after each update. A module whose `forward` takes lengths too is
    given them, where there are any.
    """

    framework: ClassVar[str] = "torch"

    def __init__(
        self,
        module: nn.Module,
        loss: Callable[[Any, Any], torch.Tensor],
        optimizer: torch.optim.Optimizer,
        clip: tuple[str, float] | None = None,
        schedule: Any = None,
    ) -> None:
        if clip is not None and clip[0] not in CLIPPING:
            raise ValueError(f'clip is {clip!r}: it must be ("value", c) or ("norm", c)')
        self.module, self.loss, self.optimizer = module, loss, optimizer
        self.clip, self.schedule = clip, schedule
        self._randomness: list[tuple[str, float]] = []
        self._whole_outputs: bool | None = None

    def prepare(self, dtype: str) -> None:
        self._dtype = dtype
        self._randomness = without_dropout(self.module)
        without_functional_dropout(self._randomness)
        self._layers = layers_of(self.module, self._trained)
        self.module.to(getattr(torch, dtype))

    def meet(self, inputs: Array, lengths: Array | None) -> None:
        with torch.no_grad():
            self._forward(inputs, lengths)

    def describe(self) -> Description:
        return Description(
            framework=self.framework,
            dtype=self._dtype,
            layers=tuple(each.layer for each in self._layers),
            rule=rule_of(self.optimizer, self.clip, self.schedule),
            optimizer=type(self.optimizer).__name__,
            training=self.module.training,
            randomness=tuple(self._randomness),
        )

    def expected(self) -> Expected | None:
        for each in self.module.modules():
            if isinstance(each, nn.Embedding):
                return Expected(kind="tokens", size=each.num_embeddings)
            if isinstance(each, nn.RNNBase | nn.RNNCellBase):
                return Expected(kind="features", size=each.input_size)
            if isinstance(each, nn.Linear):
                return Expected(kind="features", size=each.in_features)
        return None

    def targets_wanted(self) -> str | None:
        name = getattr(self.loss, "__name__", type(self.loss).__name__).lower().replace("_", "")
        if "binary" in name or "bce" in name:
            return "numbers"
        return "classes" if "crossentropy" in name or "nll" in name else None

    def parameters(self) -> dict[str, Array]:
        return read_all(self._layers, self._natives())

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        named = dict(self.module.named_parameters())
        with torch.no_grad():
            for name, value in write_all(self._layers, values, self._natives()).items():
                named[name].copy_(torch.from_numpy(np.ascontiguousarray(value)))

    def trace(self, inputs: Array, lengths: Array | None) -> Trace:
        calls: Calls = {}
        with recording(self.module, calls), torch.no_grad():
            outputs = self._forward(inputs, lengths)
        modules = {
            name: Recorded(inputs=stacked(before), outputs=stacked(after))
            for name, (before, after) in calls.items()
        }
        return Trace(outputs=plain(first_tensor(outputs)), modules=modules)

    def loss_of(self, outputs: Array, targets: Array) -> float:
        with torch.no_grad():
            return float(self.loss(self._tensor(outputs), self._tensor(targets)))

    def differentiate(self, batch: Batch) -> tuple[float, dict[str, Array]]:
        self.module.zero_grad(set_to_none=True)
        loss = self._loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        gradients = {
            name: plain(torch.zeros_like(each) if each.grad is None else each.grad)
            for name, each in self.module.named_parameters()
        }
        self.module.zero_grad(set_to_none=True)
        return float(loss.detach()), read_all(self._layers, gradients)

    def step(self, batch: Batch) -> float:
        self.optimizer.zero_grad()
        loss = self._loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.clip:
            how, limit = self.clip
            CLIPPING[how](self.module.parameters(), limit)
        self.optimizer.step()
        if isinstance(self.schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
            self.schedule.step(loss.detach())
        elif self.schedule is not None:
            self.schedule.step()
        return float(loss.detach())

    def rate(self) -> float | None:
        rates = {float(group["lr"]) for group in self.optimizer.param_groups}
        return rates.pop() if len(rates) == 1 else None

    def _loss(self, batch: Batch) -> torch.Tensor:
        outputs = self._forward(batch.inputs, batch.lengths)
        targets = self._tensor(batch.targets)
        if self._whole_outputs is None:
            self._whole_outputs = isinstance(outputs, torch.Tensor) or self._takes(outputs, targets)
        return self.loss(outputs if self._whole_outputs else first_tensor(outputs), targets)

    def _takes(self, outputs: Any, targets: torch.Tensor) -> bool:
        """Whether the loss takes all that the module returns; else it is handed the first tensor."""
        try:
            self.loss(outputs, targets)
        except (TypeError, AttributeError):
            return False
        return True

    def _forward(self, inputs: Array, lengths: Array | None) -> Any:
        arguments = [self._tensor(inputs)]
        if lengths is not None and takes_lengths(self.module.forward, 1):
            arguments.append(torch.from_numpy(np.array(lengths, np.int64)))
        return self.module(*arguments)

    def _tensor(self, value: Array) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(as_array(value, self._dtype)))

    def _natives(self) -> dict[str, Array]:
        return {name: plain(each) for name, each in self.module.named_parameters()}

    def _trained(self, parameter: nn.Parameter) -> bool:
        listed = {id(each) for group in self.optimizer.param_groups for each in group["params"]}
        return parameter.requires_grad and id(parameter) in listed
