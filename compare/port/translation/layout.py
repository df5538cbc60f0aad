"""Where the elements of a canonical array lie in a framework's own arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adapters.interface import Array

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a canonical array: for each of its elements, the place in a native array laid out flat."""

    native: str
    places: Places

    @property
    def transposed(self) -> "Piece":
        """The same elements, rows and columns exchanged."""
        return Piece(self.native, self.places.T)

    def blocks(self, order: Sequence[int], of: int) -> "Piece":
        """Blocks of the last axis, which holds so many of them, in another order; some may be left out."""
        parts = np.split(self.places, of, axis=-1)
        return Piece(self.native, np.concatenate([parts[block] for block in order], axis=-1))

    def row(self, number: int) -> "Piece":
        """One row of a native array of several."""
        return Piece(self.native, self.places[number])


Layout = Mapping[str, tuple[Piece, ...]]
"""Canonical part -> its pieces, side by side along the last axis."""


def whole(native: str, shape: Sequence[int]) -> Piece:
    """A native array as it is."""
    return Piece(native, np.arange(int(np.prod(shape))).reshape(shape))


def shapes_of(layout: Layout) -> dict[str, tuple[int, ...]]:
    """The shape of every canonical part."""
    return {
        part: (*pieces[0].places.shape[:-1], sum(piece.places.shape[-1] for piece in pieces))
        for part, pieces in layout.items()
    }


def read(layout: Layout, natives: Mapping[str, Array]) -> dict[str, Array]:
    """The canonical arrays, copied out of the native ones; gradients and moments are read the same way."""
    return {
        part: np.concatenate([natives[piece.native].ravel()[piece.places] for piece in pieces], axis=-1)
        for part, pieces in layout.items()
    }


def write(layout: Layout, values: Mapping[str, Array], natives: Mapping[str, Array]) -> dict[str, Array]:
    """The native arrays with these canonical values in their places, all else as it was."""
    written = {piece.native: natives[piece.native].copy() for part in values for piece in layout[part]}
    for part, value in values.items():
        begin = 0
        for piece in layout[part]:
            end = begin + piece.places.shape[-1]
            array = written[piece.native]
            flat = array.ravel()
            flat[piece.places] = value[..., begin:end]
            written[piece.native] = flat.reshape(array.shape)
            begin = end
    return written
