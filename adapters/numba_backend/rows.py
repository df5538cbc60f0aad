"""Loops over the rows of a matrix."""

import numpy as np

from adapters.interface import Array
from adapters.numba_backend.compiling import compiled


@compiled
def copy_row(source: Array, row: int, out: Array) -> None:
    """A row, to the same place in another array."""
    for column in range(source.shape[1]):
        out[row, column] = source[row, column]


@compiled
def clear_row(values: Array, row: int) -> None:
    """Zeros in a row."""
    for column in range(values.shape[1]):
        values[row, column] = 0


@compiled
def add_up(values: Array, first_column: int, out: Array) -> None:
    """The sum over all rows, of as many columns as there is room for."""
    for column in range(len(out)):
        out[column] = 0
    for row in range(len(values)):
        for column in range(len(out)):
            out[column] += values[row, first_column + column]


@compiled
def room_like(values: Array, columns: int, batch: int) -> Array:
    """Zeros (B, columns) in the same dtype."""
    return np.zeros((batch, columns), values.dtype)


@compiled
def add_to_rows(values: Array, bias: Array) -> None:
    """A bias on every row; an empty one is none."""
    for row in range(len(values)):
        for column in range(len(bias)):
            values[row, column] += bias[column]


@compiled
def copy_columns(source: Array, first: int, out: Array, out_first: int, columns: int) -> None:
    """Some columns, to those from another on."""
    for row in range(len(source)):
        for column in range(columns):
            out[row, out_first + column] = source[row, first + column]
