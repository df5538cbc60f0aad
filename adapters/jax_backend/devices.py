"""Where arrays lie: on one device or, of a large batch on a CPU, a share of the sequences on each of several.

XLA runs a loop over time in one thread. JAX can take a CPU for as many devices as there are threads; each
then runs the loop over its own sequences, and gradients are summed over devices.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

SUMS_PER_DEVICE = 2400
"""For a share of a batch: so many sums under gates in each step."""

SEQUENCES_PER_DEVICE = 16
"""And so many sequences: each device's gradients, as large as all kernels, are summed for them."""

AXIS = "sequences"


def devices_for(kind: str, batch: int, sums: int) -> int:
    """Among how many devices a batch is divided evenly, where a step has so many sums of each sequence.

    A GPU has all of it.
    """
    if kind != "cpu":
        return 1
    enough = min(batch // SEQUENCES_PER_DEVICE, batch * sums // SUMS_PER_DEVICE)
    most = min(len(jax.local_devices(backend=kind)), enough)
    return max((count for count in range(1, most + 1) if batch % count == 0), default=1)


@cache
def mesh_of(kind: str, count: int) -> Mesh:
    """The first so many devices."""
    return Mesh(np.array(jax.local_devices(backend=kind)[:count]), (AXIS,))


def spread(arrays: Any, mesh: Mesh) -> Any:
    """Arrays of one device on all of several, which on a CPU read the same memory."""
    if mesh.size == 1:
        return arrays
    return jax.tree.map(lambda array: jax.device_put(np.asarray(array), whole(mesh)), arrays)


def copied(arrays: Any, mesh: Mesh) -> Any:
    """The same, each device with a copy of its own, which a program may write to."""
    return arrays if mesh.size == 1 else jax.device_put(arrays, whole(mesh))


def constrained(arrays: Any, mesh: Mesh, sharding: Callable[[Mesh], NamedSharding]) -> Any:
    """In a program: where arrays lie, if there is a choice."""
    return arrays if mesh.size == 1 else jax.lax.with_sharding_constraint(arrays, sharding(mesh))


def whole(mesh: Mesh) -> NamedSharding:
    """Every device has all of an array."""
    return NamedSharding(mesh, PartitionSpec())


def shared(mesh: Mesh) -> NamedSharding:
    """Every device has as many of the sequences, the first axis of an array."""
    return NamedSharding(mesh, PartitionSpec(AXIS))
