"""Parts of an update by themselves: torch's products, its element-wise functions, its copies of rows."""

import ctypes
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, TypedDict

import torch
from torch import Tensor

from adapters.interface import Alone, Functions, Product, Rows, Work
from adapters.work import Function

DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


class Kind(TypedDict):
    """Of what numbers a tensor is, and where it lies."""

    dtype: torch.dtype
    device: str


FUNCTIONS: Mapping[Function, Callable[[Tensor, Tensor], object]] = {
    "add": lambda values, half: values.add_(half),
    "divide": lambda values, half: values.div_(half),
    "multiply": lambda values, half: values.mul_(half),
    "sigmoid": lambda values, half: values.sigmoid_(),
    "sqrt": lambda values, half: values.sqrt_(),
    "tanh": lambda values, half: values.tanh_(),
}


def product(work: Product) -> Callable[[int], Tensor]:
    kind = Kind(dtype=DTYPES[work.dtype], device=work.device)
    left, right = torch.ones(work.rows, work.inner, **kind), torch.ones(work.inner, work.columns, **kind)
    out = torch.empty(work.rows, work.columns, **kind)

    def run(times: int) -> Tensor:
        for _ in range(times):
            torch.mm(left, right, out=out)
        return out

    return run


def functions(work: Functions) -> Callable[[int], Tensor]:
    kind = Kind(dtype=DTYPES[work.dtype], device=work.device)
    values = torch.full((work.rows, work.columns), 0.5, **kind)
    half = values.clone()
    calls = [FUNCTIONS[name] for name in work.names]

    def run(times: int) -> Tensor:
        for _ in range(times):
            for call in calls:
                call(values, half)
        return values

    return run


def rows(work: Rows) -> Callable[[int], Tensor]:
    kind = Kind(dtype=DTYPES[work.dtype], device=work.device)
    values, taken = torch.ones(work.rows, work.columns, **kind), torch.empty(work.taken, work.columns, **kind)
    indices = torch.randint(work.rows, (work.taken,), generator=torch.Generator().manual_seed(0))
    indices = indices.to(work.device)

    def run(times: int) -> Tensor:
        for _ in range(times):
            torch.index_select(values, 0, indices, out=taken)
        return taken

    return run


PARTS: dict[type[Work], Callable[..., Callable[[int], Tensor]]] = {
    Product: product,
    Functions: functions,
    Rows: rows,
}


def alone(work: Work) -> Alone:
    """A part, without a record for autograd."""
    part = torch.inference_mode()(PARTS[type(work)](work))
    if work.device == "cpu":
        return Alone(part, f"torch, {kernel()}")

    def run(times: int) -> Tensor:
        result = part(times)
        torch.cuda.synchronize()
        return result

    return Alone(run, f"torch, CUDA {torch.version.cuda} for {torch.cuda.get_device_name()}")


def kernel() -> str:
    """The CPUs that MKL has made its choice for, as it prints them on demand; else ATen's choice."""
    mkl: Any = torch.backends.mkl
    if mkl.is_available():
        small = torch.ones(8, 8)
        with mkl.verbose(mkl.VERBOSE_ON):
            said = _printed(lambda: torch.mm(small, small))
        if found := re.search(r"architecture (.+?), \w+ [\d.]+GHz", said):
            return f"MKL for {found[1]}"
    return f"ATen for {torch.backends.cpu.get_cpu_capability()}"


def _printed(work: Callable[[], object]) -> str:
    """What `work` prints below Python, kept from the standard output."""
    with tempfile.TemporaryFile() as stream:
        output = os.dup(1)
        os.dup2(stream.fileno(), 1)
        try:
            work()
            ctypes.CDLL(None).fflush(None)
        finally:
            os.dup2(output, 1)
            os.close(output)
        stream.seek(0)
        return stream.read().decode(errors="replace")
