"""Turns of predictions: one sequence at a time, then many at once."""

from dataclasses import dataclass
from itertools import cycle
from time import perf_counter

import numpy as np

from adapters.interface import Array
from compare.records.run import Inference
from tasks.interface import Dataset, Predict

BATCH = 256
FEWEST_SINGLE, MOST_SINGLE = 20, 200
FEWEST_BATCHES, MOST_BATCHES = 3, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequences:
    """What is predicted.

    Shapes: inputs (N, T, D); lengths (N,) where the sequences are of unlike length.
    """

    inputs: Array
    lengths: Array | None = None

    def batches(self, size: int) -> list[tuple[Array, Array | None]]:
        """The sequences in order, so many at a time, with their lengths."""
        parts = [slice(first, first + size) for first in range(0, len(self.inputs), size)]
        lengths = self.lengths
        return [(self.inputs[part], None if lengths is None else lengths[part]) for part in parts]


def sequences_to_predict(dataset: Dataset) -> Sequences:
    """As many held-out sequences as a large batch takes, over and over where there are fewer.

    Shapes: inputs (BATCH, T, D).
    """
    chosen = np.resize(np.arange(len(dataset.held_out_inputs)), BATCH)
    lengths = dataset.held_out_lengths
    return Sequences(
        inputs=dataset.held_out_inputs[chosen], lengths=None if lengths is None else lengths[chosen]
    )


def measure_predictions(predict: Predict, sequences: Sequences, seconds: float) -> Inference:
    """A turn of predictions, each kind for so many seconds."""
    single = time_predictions(predict, sequences, 1, seconds, FEWEST_SINGLE, MOST_SINGLE)
    many = time_predictions(predict, sequences, BATCH, seconds, FEWEST_BATCHES, MOST_BATCHES)
    return Inference(batch=BATCH, single_seconds=_short(single), batch_seconds=_short(many))


def time_predictions(
    predict: Predict, sequences: Sequences, batch: int, seconds: float, fewest: int, most: int
) -> list[float]:
    """The seconds of each call, batch after batch, after one that is not counted.

    It stops after `most` calls, or when the time is up and there were the `fewest`.
    """
    batches = sequences.batches(batch)
    predict(*batches[0])
    spent: list[float] = []
    end = perf_counter() + seconds
    for inputs, lengths in cycle(batches):
        begin = perf_counter()
        predict(inputs, lengths)
        now = perf_counter()
        spent.append(now - begin)
        if len(spent) >= most or (now >= end and len(spent) >= fewest):
            break
    return spent


def _short(seconds: list[float]) -> list[float]:
    """Four digits, for storing."""
    return [float(f"{value:.4g}") for value in seconds]
