"""The table of cells: how a layer of each is trained, and how it is run alone."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from adapters.interface import Array
from adapters.numpy_backend.elman import SigmoidElman, SigmoidElmanGradient, TanhElman, TanhElmanGradient
from adapters.numpy_backend.gru import Gru, GruAfter, GruBefore
from adapters.numpy_backend.gru_layer import GruLayer, gru_hidden_states
from adapters.numpy_backend.layers import DirectedLayer, StackedLayer, stacked_hidden_states
from adapters.numpy_backend.lstm import Lstm, LstmGradient
from adapters.numpy_backend.recurrence import Cell, CellGradient


@dataclass(frozen=True, slots=True)
class CellKind:
    """What trains a layer, from model, parameters, their gradient, T and B; what runs one, from inputs."""

    trained: Callable[..., DirectedLayer]
    hidden_states: Callable[..., Array]


def _stacked(cell: type[Cell[Any]], cell_gradient: type[CellGradient[Any, Any]]) -> CellKind:
    return CellKind(
        trained=partial(StackedLayer, cell=cell, cell_gradient=cell_gradient),
        hidden_states=partial(stacked_hidden_states, cell=cell),
    )


def _gru(cell: type[Gru]) -> CellKind:
    return CellKind(trained=partial(GruLayer, cell=cell), hidden_states=partial(gru_hidden_states, cell=cell))


CELLS: dict[tuple[str, str, str], CellKind] = {
    ("elman", "tanh", "after"): _stacked(TanhElman, TanhElmanGradient),
    ("elman", "sigmoid", "after"): _stacked(SigmoidElman, SigmoidElmanGradient),
    ("lstm", "tanh", "after"): _stacked(Lstm, LstmGradient),
    ("gru", "tanh", "after"): _gru(GruAfter),
    ("gru", "tanh", "before"): _gru(GruBefore),
}
"""By cell, activation and reset."""
