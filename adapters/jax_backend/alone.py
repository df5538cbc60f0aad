"""Parts of an update by themselves: what XLA makes of products, element-wise functions and copies of rows."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array as Tensor
from jax.sharding import Mesh

from adapters.interface import Alone, Functions, Product, Rows, Work
from adapters.jax_backend.devices import mesh_of, shared, whole
from adapters.jax_backend.products import product as product_of
from adapters.work import Function

Repeated = Callable[[int], Tensor]

FUNCTIONS: Mapping[Function, Callable[[Tensor, Tensor], Tensor]] = {
    "add": lambda values, half: values + half,
    "divide": lambda values, half: values / half,
    "multiply": lambda values, half: values * half,
    "sigmoid": lambda values, half: jax.nn.sigmoid(values),
    "sqrt": lambda values, half: jnp.sqrt(values),
    "tanh": lambda values, half: jnp.tanh(values),
}


def product(work: Product) -> Repeated:
    mesh, rows_of_all = mesh_for(work), work.shares * work.rows
    left = jnp.ones((rows_of_all, work.inner), work.dtype, device=shared(mesh))
    right = jnp.ones((work.inner, work.columns), work.dtype, device=whole(mesh))

    def once(_: Any, carried: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        left, right, _ = jax.lax.optimization_barrier(carried)  # or XLA would multiply once, before the loop
        return left, right, product_of(left, right)

    out = jnp.zeros((rows_of_all, work.columns), work.dtype, device=shared(mesh))
    return repeated(once, (left, right, out), lambda carried: carried[2])


def functions(work: Functions) -> Repeated:
    shape, placed = (work.shares * work.rows, work.columns), shared(mesh_for(work))
    values = half = jnp.full(shape, 0.5, work.dtype, device=placed)

    def once(_: Any, carried: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        values, half = carried
        for name in work.names:
            values = FUNCTIONS[name](values, half)
        return values, half

    return repeated(once, (values, half), lambda carried: carried[0])


def rows(work: Rows) -> Repeated:
    mesh, taken_of_all = mesh_for(work), work.shares * work.taken
    values = jnp.ones((work.rows, work.columns), work.dtype, device=whole(mesh))
    indices = jax.random.randint(jax.random.key(0), (taken_of_all,), 0, work.rows)
    indices = jax.device_put(indices, shared(mesh))

    def once(_: Any, carried: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        values, indices, _ = jax.lax.optimization_barrier(carried)
        return values, indices, values[indices]

    taken = jnp.zeros((taken_of_all, work.columns), work.dtype, device=shared(mesh))
    return repeated(once, (values, indices, taken), lambda carried: carried[2])


def mesh_for(work: Work) -> Mesh:
    """A device for each share, as the adapter divides a batch."""
    return mesh_of(jax.devices(work.device)[0].platform, work.shares)


def repeated(once: Callable[[Any, Any], Any], begin: Any, result: Callable[[Any], Tensor]) -> Repeated:
    """One program for any number of times: to call it costs as much as a call of `train`, once."""
    program = jax.jit(lambda times, carried: result(jax.lax.fori_loop(0, times, once, carried)))

    def run(times: int) -> Tensor:
        return program(times, begin).block_until_ready()

    return run


PARTS: dict[type[Work], Callable[..., Repeated]] = {Product: product, Functions: functions, Rows: rows}


def alone(work: Work) -> Alone:
    """A part, in a loop inside of one compiled program, as the parts of an update are."""
    return Alone(PARTS[type(work)](work), f"XLA, as built for JAX {jax.__version__}")
