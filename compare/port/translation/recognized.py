"""A layer of a program and where its parameters lie; what the frameworks' own readers have in common."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from adapters.interface import Array
from compare.port.records.interface import Layer
from compare.port.translation.layout import Layout, read, shapes_of, whole, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognized:
    """A layer, and the pieces of its parameters in the framework's arrays."""

    layer: Layer
    layout: Layout


def array_layer(name: str, shape: tuple[int, ...], *, frozen: bool = False, dtype: str = "") -> Recognized:
    """A parameter of no layer that is known."""
    layout = {"array": (whole(name, shape),)}
    return Recognized(
        layer=Layer(
            name=name,
            kind="array",
            parts=shapes_of(layout),
            frozen=("array",) if frozen else (),
            dtypes=(dtype,) if dtype else (),
        ),
        layout=layout,
    )


def read_all(found: Iterable[Recognized], natives: Mapping[str, Array]) -> dict[str, Array]:
    """Every parameter of these layers in canonical layout."""
    return {
        each.layer.key(part): value for each in found for part, value in read(each.layout, natives).items()
    }


def write_all(
    found: Iterable[Recognized], values: Mapping[str, Array], natives: Mapping[str, Array]
) -> dict[str, Array]:
    """The native arrays that change where these parameters are taken.

    Raises: KeyError for a name that is none of theirs.
    """
    written: dict[str, Array] = {}
    found = tuple(found)
    unknown = values.keys() - {each.layer.key(part) for each in found for part in each.layout}
    if unknown:
        raise KeyError(f"no parameter of the program is called {', '.join(sorted(unknown))}")
    for each in found:
        mine = {part: values[each.layer.key(part)] for part in each.layout if each.layer.key(part) in values}
        written |= write(each.layout, mine, {**natives, **written})
    return written


def stacked(calls: list[Array]) -> Array:
    """One call as it is; of several, as of a cell in a loop, steps (B, T, …)."""
    same = all(call.shape == calls[0].shape for call in calls)
    return calls[0] if len(calls) == 1 or not same else np.stack(calls, axis=1)
