"""What predictions of classes come to."""

from typing import NamedTuple

import numpy as np

from adapters.interface import Array
from tasks.interface import Confusion

MOST_SHOWN = 40
"""Classes in the picture of a confusion; the least frequent of more are shown as one."""

OTHERS = "all others"


class ClassScores(NamedTuple):
    """How often each class (row) was taken for each (column), and the mean cross-entropy, in nats.

    Shapes: counts (K, K).
    """

    counts: Array
    cross_entropy: float

    @property
    def accuracy(self) -> float:
        """In per cent."""
        return float(100 * self.counts.trace() / self.counts.sum())

    @property
    def macro_f1(self) -> float:
        """The mean of 2·tp / (2·tp + fp + fn) over the classes that occur or were predicted, in per cent."""
        right, occurrences = np.diag(self.counts), self.counts.sum(axis=0) + self.counts.sum(axis=1)
        return float(100 * np.mean(2 * right[occurrences > 0] / occurrences[occurrences > 0]))


def class_scores(logits: Array, targets: Array) -> ClassScores:
    """Shapes: logits (N, K); targets (N,) whole numbers in [0, K)."""
    logits, size = logits.astype(np.float64), logits.shape[1]
    logits = logits - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), targets]
    counts = np.bincount(targets * size + logits.argmax(axis=1), minlength=size**2).reshape(size, size)
    return ClassScores(counts, float(losses.mean()))


def confusion(counts: Array, classes: tuple[str, ...]) -> Confusion:
    """The picture of the counts; of very many classes the most frequent ones, and all others as one."""
    if len(classes) > MOST_SHOWN:
        frequent = np.argsort(-counts.sum(axis=1), kind="stable")[: MOST_SHOWN - 1]
        place = np.full(len(classes), MOST_SHOWN - 1)
        place[np.sort(frequent)] = np.arange(MOST_SHOWN - 1)
        grouped = np.zeros((MOST_SHOWN, MOST_SHOWN), np.int64)
        np.add.at(grouped, (place[:, np.newaxis], place[np.newaxis]), counts)
        counts, classes = grouped, (*(classes[each] for each in np.sort(frequent)), OTHERS)
    return Confusion(labels=classes, counts=tuple(tuple(row) for row in counts.tolist()))
