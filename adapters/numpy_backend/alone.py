"""Parts of an update by themselves: NumPy's products, its element-wise functions, its copies of rows."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from adapters.interface import Alone, Array, Functions, Product, Rows, Work
from adapters.numpy_backend.buffers import aligned
from adapters.work import Function

InPlace = Callable[[Array, Array], object]
Repeated = Callable[[int], Array]


def sigmoid(values: Array, half: Array) -> None:
    """σ(2x) = ½·tanh(x) + ½: the adapter halves a kernel, and no value."""
    np.tanh(values, values)
    np.multiply(values, half, values)
    np.add(values, half, values)


FUNCTIONS: Mapping[Function, InPlace] = {
    "add": lambda values, half: np.add(values, half, values),
    "divide": lambda values, half: np.divide(values, half, values),
    "multiply": lambda values, half: np.multiply(values, half, values),
    "sigmoid": sigmoid,
    "sqrt": lambda values, half: np.sqrt(values, values),
    "tanh": lambda values, half: np.tanh(values, values),
}


def product(work: Product) -> Repeated:
    left = np.ones((work.rows, work.inner), work.dtype)
    right = np.ones((work.inner, work.columns), work.dtype)
    out = np.empty((work.rows, work.columns), work.dtype)

    def run(times: int) -> Array:
        for _ in range(times):
            np.matmul(left, right, out)
        return out

    return run


def functions(work: Functions) -> Repeated:
    dtype: np.dtype[Any] = np.dtype(work.dtype)
    values, half = aligned((work.rows, work.columns), dtype), aligned((work.rows, work.columns), dtype)
    values.fill(0.5)
    half.fill(0.5)
    calls = [FUNCTIONS[name] for name in work.names]

    def run(times: int) -> Array:
        for _ in range(times):
            for call in calls:
                call(values, half)
        return values

    return run


def rows(work: Rows) -> Repeated:
    values = np.ones((work.rows, work.columns), work.dtype)
    indices = np.random.default_rng(0).integers(0, work.rows, work.taken)
    taken = np.empty((work.taken, work.columns), work.dtype)

    def run(times: int) -> Array:
        for _ in range(times):
            taken[:] = values.take(indices, 0)
        return taken

    return run


PARTS: dict[type[Work], Callable[..., Repeated]] = {Product: product, Functions: functions, Rows: rows}


def alone(work: Work) -> Alone:
    """A part; where a batch is divided, one in each thread with a BLAS of one thread, as in the adapter."""
    first, *others = [PARTS[type(work)](work) for _ in range(work.shares)]
    blas, pool = ThreadpoolController().select(user_api="blas"), ThreadPoolExecutor(max(1, len(others)))

    def run(times: int) -> Array:
        with blas.limit(limits=1) if others else nullcontext():
            waiting = [pool.submit(other, times) for other in others]
            result = first(times)
            for done in waiting:
                done.result()
        return result

    return Alone(run, f"numpy, {kernel()}")


def kernel() -> str:
    """Which BLAS multiplies, and for which CPU."""
    pools = ThreadpoolController().select(user_api="blas").info()
    named = [f"{pool['internal_api']} for {pool.get('architecture', 'any CPU')}" for pool in pools]
    return ", ".join(named) or "its own"
