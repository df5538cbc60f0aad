"""Turns of predictions: one sequence at a time, then many at once."""

import math
from collections.abc import Callable
from itertools import cycle
from time import perf_counter

import numpy as np

from adapters.interface import Array
from compare.records.run import Inference

BATCH = 256
FEWEST_SINGLE, MOST_SINGLE = 20, 200
FEWEST_BATCHES, MOST_BATCHES = 3, 200


def sequences_to_predict(held_out: Array) -> Array:
    """As many held-out sequences as a large batch takes, over and over where there are fewer.

    Shapes: (N, T, D) -> (BATCH, T, D).
    """
    return np.tile(held_out, (math.ceil(BATCH / len(held_out)), 1, 1))[:BATCH]


def measure_predictions(predict: Callable[[Array], Array], inputs: Array, seconds: float) -> Inference:
    """A turn of predictions, each kind for so many seconds."""
    single = time_predictions(predict, inputs, 1, seconds, FEWEST_SINGLE, MOST_SINGLE)
    many = time_predictions(predict, inputs, BATCH, seconds, FEWEST_BATCHES, MOST_BATCHES)
    return Inference(batch=BATCH, single_seconds=_short(single), batch_seconds=_short(many))


def time_predictions(
    predict: Callable[[Array], Array], inputs: Array, batch: int, seconds: float, fewest: int, most: int
) -> list[float]:
    """The seconds of each call, batch after batch, after one that is not counted.

    It stops after `most` calls, or when the time is up and there were the `fewest`.
    """
    batches = [inputs[first : first + batch] for first in range(0, len(inputs), batch)]
    predict(batches[0])
    spent: list[float] = []
    end = perf_counter() + seconds
    for sequences in cycle(batches):
        begin = perf_counter()
        predict(sequences)
        now = perf_counter()
        spent.append(now - begin)
        if len(spent) >= most or (now >= end and len(spent) >= fewest):
            break
    return spent


def _short(seconds: list[float]) -> list[float]:
    """Four digits, for storing."""
    return [float(f"{value:.4g}") for value in seconds]
