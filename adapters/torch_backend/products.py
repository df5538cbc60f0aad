"""PyTorch's matrix products, and the kernel that its MKL picks for this CPU."""

import ctypes
import os
import re
import tempfile
from collections.abc import Callable
from typing import Any

import torch

from adapters.interface import MatrixProduct


def matrix_product(size: int) -> MatrixProduct:
    """A product of float32 matrices of `size` rows."""
    left, right, out = torch.ones(size, size), torch.ones(size, size), torch.empty(size, size)
    return MatrixProduct(lambda: torch.mm(left, right, out=out), f"torch, {_kernel()}")


def _kernel() -> str:
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
