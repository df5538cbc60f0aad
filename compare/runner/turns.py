"""Turns: whose comes next, and how much work fills one."""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import numpy as np
from numpy.random import Generator

from adapters.interface import Array
from compare.records.block import Timing

Item = TypeVar("Item")


def shuffled(items: Sequence[Item], generator: Generator) -> Iterator[Item]:
    """The items in an order drawn anew."""
    return (items[place] for place in generator.permutation(len(items)))


def calibrate(
    batches: Iterator[Array], train: Callable[[Array], float], timing: Timing, likely: int = 1
) -> Array:
    """Find how many batches fill a turn; on the way `train` trains on them, and returns its seconds.

    It begins with the number that is `likely`. A turn that is long enough is timed again, as the first time
    may have compiled for its length.

    Shapes: batches (B,) -> (S, B).
    """
    turn = np.vstack([*islice(batches, min(likely, timing.most_batches))])
    while True:
        seconds = train(turn)
        if seconds >= timing.turn_seconds:
            seconds = train(turn)
        if seconds >= timing.turn_seconds or len(turn) >= timing.most_batches:
            return turn
        growth = min(10.0, max(2.0, 1.2 * timing.turn_seconds / max(seconds, 1e-6)))
        wanted = min(timing.most_batches, math.ceil(len(turn) * growth))
        turn = np.vstack([turn, *islice(batches, wanted - len(turn))])
