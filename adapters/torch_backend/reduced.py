"""Recurrent layers in bfloat16 or float16, where torch has kernels for these."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from adapters.interface import Dtype, ModelSpec, UnsupportedSpec, is_reduced
from adapters.torch_backend.layers import Layer, State, Tensors

DTYPES: Mapping[Dtype, torch.dtype] = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def in_dtype(layer: Layer, dtype: Dtype) -> Layer:
    """The layer with all that it computes in this dtype; what it hands on is in float32 again."""
    if not is_reduced(dtype):
        return layer
    number = DTYPES[dtype]

    def run(model: ModelSpec, parameters: Tensors, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        read = {name: parameter.to(number) for name, parameter in parameters.items()}
        hidden, after = layer(model, read, inputs.to(number), tuple(part.to(number) for part in state))
        return hidden.to(torch.float32), after

    return run


def check_kernels(model: ModelSpec, dtype: Dtype, device: str) -> None:
    """Raise where torch would have no kernel for the dtype, and compute by another, slower way.

    Raises: UnsupportedSpec.
    """
    reason = MISSING[device, dtype](model) if is_reduced(dtype) else None
    if reason:
        raise UnsupportedSpec(f"dtype is {dtype!r}: {reason}")


def bfloat16_on_cpu(model: ModelSpec) -> str | None:
    """As torch asks before it calls oneDNN, whose kernels these are."""
    found = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return None if found else "oneDNN, from which torch has its kernels for it, has none for this CPU"


def float16_on_cpu(model: ModelSpec) -> str | None:
    if model.cell == "lstm":
        return "torch has no LSTM on a CPU that trains in float16, and takes a loop over the steps instead"
    found = torch.ops.mkldnn._is_mkldnn_fp16_supported()
    return None if found else "oneDNN, from which torch has its kernels for it, has none for this CPU"


def bfloat16_on_cuda(model: ModelSpec) -> str | None:
    found = torch.cuda.is_bf16_supported(including_emulation=False)
    return None if found else "this GPU has no units for it, and torch would emulate them"


def float16_on_cuda(model: ModelSpec) -> str | None:
    return None


MISSING: Mapping[tuple[str, str], Callable[[ModelSpec], str | None]] = {
    ("cpu", "bfloat16"): bfloat16_on_cpu,
    ("cpu", "float16"): float16_on_cpu,
    ("cuda", "bfloat16"): bfloat16_on_cuda,
    ("cuda", "float16"): float16_on_cuda,
}
"""By device and dtype: why torch cannot; None where it can."""
