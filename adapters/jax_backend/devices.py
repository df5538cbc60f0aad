"""Where arrays lie: on one device or, of a large batch on a CPU, a share of the sequences on each of several.

XLA runs a loop over time in one thread. JAX can take a CPU for as many devices as there are threads; each
then runs the loop over its own sequences, and gradients are summed over devices.
"""

from functools import cache

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

SUMS_PER_DEVICE = 8192
"""For a share of a batch: so many sums under gates in each step."""

SEQUENCES_PER_DEVICE = 16
"""And so many sequences: each device's gradients, as large as all kernels, are summed for them."""

AXIS = "sequences"


def devices_for(kind: str, batch: int, sums: int) -> int:
    """Among how many devices a batch of (B, `sums`) is divided evenly; a GPU has all of it."""
    if kind != "cpu":
        return 1
    enough = min(batch // SEQUENCES_PER_DEVICE, batch * sums // SUMS_PER_DEVICE)
    most = min(len(jax.local_devices(backend=kind)), enough)
    return max((count for count in range(1, most + 1) if batch % count == 0), default=1)


@cache
def mesh_of(kind: str, count: int) -> Mesh:
    """The first so many devices."""
    return Mesh(np.array(jax.local_devices(backend=kind)[:count]), (AXIS,))


def whole(mesh: Mesh) -> NamedSharding:
    """Every device has all of an array."""
    return NamedSharding(mesh, PartitionSpec())


def shared(mesh: Mesh) -> NamedSharding:
    """Every device has as many of the sequences, the first axis of an array."""
    return NamedSharding(mesh, PartitionSpec(AXIS))
