"""Products of matrices, in bfloat16 and float16, too, where XLA has kernels for these."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array as Tensor

from adapters.dtypes import LEAST_CAPABILITY
from adapters.interface import Dtype, UnsupportedSpec, is_reduced
from adapters.xla_programs import multiplies


def product(left: Tensor, right: Tensor) -> Tensor:
    """(…, rows)·(rows, columns), in the dtype of both."""
    return PRODUCTS[left.dtype.name](left, right)


@jax.custom_vjp  # type: ignore[untyped-decorator]
def reduced(left: Tensor, right: Tensor) -> Tensor:
    """The same with sums in float32; for those that are not, XLA has no kernels on a CPU."""
    return jnp.matmul(left, right, preferred_element_type=jnp.float32).astype(left.dtype)


def reduced_forward(left: Tensor, right: Tensor) -> Any:
    return reduced(left, right), (left, right)


def reduced_backward(factors: tuple[Tensor, Tensor], gradient: Tensor) -> tuple[Tensor, Tensor]:
    left, right = factors
    return reduced(gradient, right.T), over_rows(left, gradient)


reduced.defvjp(reduced_forward, reduced_backward)

PRODUCTS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "float32": jnp.matmul,
    "float64": jnp.matmul,
    "bfloat16": reduced,
    "float16": reduced,
}


def over_rows(left: Tensor, right: Tensor) -> Tensor:
    """(T, B, rows), (T, B, columns) -> (rows, columns): leftᵀ·right, summed over all steps and sequences.

    Both axes are summed over as they are: made into one, each device would need the others' sequences.
    """
    axes = tuple(range(left.ndim - 1))
    sums = jnp.promote_types(left.dtype, jnp.float32)
    contracted = jax.lax.dot_general(left, right, ((axes, axes), ((), ())), preferred_element_type=sums)
    return contracted.astype(left.dtype)


def check_kernels(dtype: Dtype, device: Any) -> None:
    """Raise where XLA would make float32 of the factors, and multiply those.

    Raises: UnsupportedSpec.
    """
    if is_reduced(dtype) and not KERNELS[device.platform](dtype, device):
        raise UnsupportedSpec(f"dtype is {dtype!r}: XLA computes its products in float32 on this device")


@cache
def has_cpu_kernel(dtype: Dtype, device: Any) -> bool:
    """As XLA's own program for a product says."""
    factor = jax.device_put(jnp.ones((32, 32), dtype), device)
    return multiplies(jax.jit(reduced).lower(factor, factor).compile().as_text(), dtype)


def has_gpu_kernel(dtype: Dtype, device: Any) -> bool:
    """By what the GPU's compute capability is, as in "9.0"."""
    found = tuple(map(int, device.compute_capability.split(".")))
    return found >= LEAST_CAPABILITY[dtype]


KERNELS: Mapping[str, Callable[[Dtype, Any], bool]] = {"cpu": has_cpu_kernel, "gpu": has_gpu_kernel}
"""By platform, as JAX calls it."""
