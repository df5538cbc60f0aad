"""The table of cells: the way forward of each, and the way back."""

from typing import Any, NamedTuple

from adapters.numba_backend.elman import elman, elman_back, sigmoid_slope, tanh_slope
from adapters.numba_backend.functions import sigmoid, tanh
from adapters.numba_backend.gru import gru_after, gru_after_back, gru_before, gru_before_back
from adapters.numba_backend.lstm import lstm, lstm_back


class Cell(NamedTuple):
    """The compiled functions that run all steps of a layer in one direction, and that differentiate them."""

    forward: Any
    backward: Any


CELLS: dict[tuple[str, str, str], Cell] = {
    ("elman", "tanh", "after"): Cell(elman(tanh), elman_back(tanh_slope)),
    ("elman", "sigmoid", "after"): Cell(elman(sigmoid), elman_back(sigmoid_slope)),
    ("lstm", "tanh", "after"): Cell(lstm, lstm_back),
    ("gru", "tanh", "after"): Cell(gru_after, gru_after_back),
    ("gru", "tanh", "before"): Cell(gru_before, gru_before_back),
}
"""By cell, activation and reset."""
