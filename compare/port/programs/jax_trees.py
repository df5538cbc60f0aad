"""Trees of arrays, and the names of their leaves."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from compare.port.records.interface import CannotBeCompared


def counted_in_int64(leaf: Any) -> Any:
    """A counter of updates, from which schedules would compute a rate in float32."""
    return leaf.astype(jnp.int64) if getattr(leaf, "dtype", None) == jnp.int32 else leaf


def is_real(leaf: Any) -> bool:
    """Whether it is an array of real numbers."""
    return bool(jnp.issubdtype(jnp.asarray(leaf).dtype, jnp.floating))


def names_of(tree: Any) -> list[str]:
    """Every leaf's path, as in `cell/dense_i/kernel`."""
    paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(tree)[0]]
    return ["/".join(part for part in map(_part, path) if part != "value") or "array" for path in paths]


def _part(key: Any) -> str:
    return str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", key))))


def first_array(outputs: Any) -> Any:
    """The first array in what a function returns.

    Raises: CannotBeCompared where it returned nothing.
    """
    leaves = outputs
    while isinstance(leaves, tuple | list | Mapping):
        if not leaves:
            raise CannotBeCompared("the function returned nothing: expected an array")
        leaves = next(iter(leaves.values() if isinstance(leaves, Mapping) else leaves))
    return leaves
