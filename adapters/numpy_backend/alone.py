"""Parts of an update by themselves: NumPy's products, its element-wise functions, its copies of rows."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from adapters.interface import Alone, Array, Functions, Product, Rows, Work
from adapters.numpy_backend.buffers import aligned
from adapters.work import Function

InPlace = Callable[[Array, Array], object]


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


def product(work: Product, values_per_thread: int) -> Callable[[int], Array]:
    left = np.ones((work.rows, work.inner), work.dtype)
    right = np.ones((work.inner, work.columns), work.dtype)
    out = np.empty((work.rows, work.columns), work.dtype)

    def run(times: int) -> Array:
        for _ in range(times):
            np.matmul(left, right, out)
        return out

    return run


def functions(work: Functions, values_per_thread: int) -> Callable[[int], Array]:
    """As the adapter does: a large batch in as many parts as there are threads."""
    dtype: np.dtype[Any] = np.dtype(work.dtype)
    values, halves = aligned((work.rows, work.columns), dtype), aligned((work.rows, work.columns), dtype)
    values.fill(0.5)
    halves.fill(0.5)
    count = max(1, min(threads(), work.rows, work.rows * work.columns // values_per_thread))
    parts = [slice(work.rows * n // count, work.rows * (n + 1) // count) for n in range(count)]
    calls = [FUNCTIONS[name] for name in work.names]
    pool = ThreadPoolExecutor(max(1, count - 1))

    def run_part(part: slice, times: int) -> None:
        own, half = values[part], halves[part]
        for _ in range(times):
            for call in calls:
                call(own, half)

    def run(times: int) -> Array:
        others = [pool.submit(run_part, part, times) for part in parts[1:]]
        run_part(parts[0], times)
        for other in others:
            other.result()
        return values

    return run


def rows(work: Rows, values_per_thread: int) -> Callable[[int], Array]:
    values = np.ones((work.rows, work.columns), work.dtype)
    indices = np.random.default_rng(0).integers(0, work.rows, work.taken)

    taken = np.empty((work.taken, work.columns), work.dtype)

    def run(times: int) -> Array:
        for _ in range(times):
            taken[:] = values.take(indices, 0)
        return taken

    return run


PARTS: dict[type[Work], Callable[..., Callable[[int], Array]]] = {
    Product: product,
    Functions: functions,
    Rows: rows,
}


def alone(work: Work, values_per_thread: int) -> Alone:
    """A part; element-wise functions are shared between threads that have so many values each."""
    return Alone(PARTS[type(work)](work, values_per_thread), f"numpy, {kernel()}")


def threads() -> int:
    """The threads that BLAS was given."""
    blas = ThreadpoolController().select(user_api="blas")
    return max((pool["num_threads"] for pool in blas.info()), default=1)


def kernel() -> str:
    """Which BLAS multiplies, and for which CPU."""
    pools = ThreadpoolController().select(user_api="blas").info()
    named = [f"{pool['internal_api']} for {pool.get('architecture', 'any CPU')}" for pool in pools]
    return ", ".join(named) or "its own"
