"""What goes through the layers of `torch.nn`, recorded."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from adapters.interface import Array
from compare.port.programs.torch_layers import records
from compare.port.records.interface import CannotBeCompared

Calls = dict[str, tuple[list[Array], list[Array]]]
"""By module: what went in and what came out, call by call."""


@contextmanager
def recording(whole: nn.Module, calls: Calls) -> Iterator[None]:
    """Record what goes through each layer that is known."""

    def hook(name: str) -> Callable[..., None]:
        def record(module: nn.Module, inputs: tuple[Any, ...], outputs: Any) -> None:
            before, after = calls.setdefault(name, ([], []))
            time_first = isinstance(module, nn.RNNBase) and not module.batch_first
            before.append(_recorded(inputs[0], time_first))
            after.append(_recorded(first_tensor(outputs), time_first))

        return record

    handles = [
        each.register_forward_hook(hook(name)) for name, each in whole.named_modules() if records(each)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def first_tensor(outputs: Any) -> torch.Tensor | nn.utils.rnn.PackedSequence:
    """The first tensor in what a module returns."""
    while not isinstance(outputs, torch.Tensor | nn.utils.rnn.PackedSequence):
        if isinstance(outputs, Mapping):
            outputs = tuple(outputs.values())
        if not isinstance(outputs, tuple | list) or not outputs:
            raise CannotBeCompared(f"the module returned a {type(outputs).__name__}: expected a tensor")
        outputs = outputs[0]
    return outputs


def _recorded(value: Any, time_first: bool) -> Array:
    if isinstance(value, nn.utils.rnn.PackedSequence):
        return plain(nn.utils.rnn.pad_packed_sequence(value, batch_first=True)[0])
    return plain(value.transpose(0, 1) if time_first and value.dim() == 3 else value)


def plain(value: Any) -> Array:
    """A tensor as an array of its own."""
    array: Array = value.detach().cpu().numpy().copy()
    return array
