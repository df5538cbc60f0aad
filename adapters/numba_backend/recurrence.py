"""What the cells have in common: the order of steps, and the rows of each."""

from typing import Any

from adapters.interface import Array
from adapters.numba_backend.arrays import Steps, rows_of
from adapters.numba_backend.compiling import compiled


@compiled
def in_order(steps: Steps, first: int, stop: int) -> Any:
    """The steps from `first` to `stop` as the layer reads them: in reverse from the last to the first."""
    return range(stop - 1, first - 1, -1) if steps.before else range(first, stop)


@compiled
def on_the_way_back(steps: Steps, first: int, stop: int) -> Any:
    """The same steps from the one read last to the one read first."""
    return range(first, stop) if steps.before else range(stop - 1, first - 1, -1)


@compiled
def before_and_after(states: Array, steps: Steps, t: int) -> tuple[Array, Array]:
    """The rows of hidden or cell states before a step and after it."""
    B, before = len(steps.lengths), t + steps.before
    after = t + 1 - steps.before
    return rows_of(states, before, before + 1, B), rows_of(states, after, after + 1, B)


@compiled
def states_before(steps: Steps, first: int, stop: int) -> Array:
    """The hidden states that steps began with."""
    before: Array = rows_of(steps.hidden, first + steps.before, stop + steps.before, len(steps.lengths))
    return before
