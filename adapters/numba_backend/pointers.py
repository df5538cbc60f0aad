"""The pointers that a model and its training need, for arrays of one dtype."""

from typing import Any

import numpy as np
from numba import typeof, void

from adapters.interface import Array, ModelSpec
from adapters.numba_backend.arrays import Layer, Products, Steps
from adapters.numba_backend.cells import CELLS
from adapters.numba_backend.compiling import pointer
from adapters.numba_backend.losses import LOSSES
from adapters.numba_backend.network import Functions
from adapters.numba_backend.optimizers import Moments


def dtype_of_targets(model: ModelSpec, dtype: str) -> str:
    """That of the model where they are values, int64 where they are classes."""
    return {"half_squared_error": dtype, "softmax_cross_entropy": "int64"}[model.loss]


def functions_of(model: ModelSpec, update: Any, dtype: str) -> Functions:
    """Everything that is called by a pointer, compiled once in a process for each dtype.

    Raises: KeyError for a cell or a loss that is not known here.
    """
    vector, matrix, whole = np.empty(0, dtype), np.empty((0, 0), dtype), typeof(0)
    counts = np.empty(0, np.int64)
    row, rows = typeof(vector), typeof(matrix)
    layer = typeof(Layer(matrix, matrix, vector, vector))
    steps = typeof(Steps(matrix, matrix, matrix, matrix, counts, 0))
    products = Products(
        *(pointer(each, void, rows, rows, rows) for each in (plain, left_transposed, right_transposed))
    )
    targets = typeof(np.empty(0, dtype_of_targets(model, dtype)))
    cell = CELLS[model.cell, model.activation, model.reset]
    run = (typeof(products), layer, steps, whole, whole)
    return Functions(
        products=products,
        cell=pointer(cell.forward, void, *run),
        cell_back=pointer(cell.backward, void, *run, rows, layer),
        loss=pointer(LOSSES[model.loss], row.dtype, row, targets),
        update=pointer(update, void, row, row, typeof(Moments(vector, vector)), row, row),
    )


def plain(left: Array, right: Array, out: Array) -> None:
    """a·b."""
    np.dot(left, right, out)


def left_transposed(left: Array, right: Array, out: Array) -> None:
    """aᵀ·b."""
    np.dot(left.T, right, out)


def right_transposed(left: Array, right: Array, out: Array) -> None:
    """a·bᵀ."""
    np.dot(left, right.T, out)
