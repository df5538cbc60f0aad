"""A large batch on a CPU: a share of the sequences for each thread, whose gradients are summed.

XLA runs a loop over time in one thread. TensorFlow runs programs that do not wait for each other at the
same time.
"""

import os
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from adapters.interface import Span
from adapters.tensorflow_backend.network import States
from adapters.tensorflow_backend.trainer import Trainer

Tensor = Any

SUMS_PER_SHARE = 1500
"""For a share of a batch: so many sums under gates in each step."""

SEQUENCES_PER_SHARE = 16
"""And so many sequences: the gradients of each share, as large as all kernels, are summed for them."""

STEPS_PER_UPDATE = 16
"""And for so many steps: to begin several programs costs as much as some steps take."""


def has_long_updates(spans: Sequence[Span]) -> bool:
    """Whether a batch makes a single update of many steps: several are faster in one program."""
    return len(spans) == 1 and spans[0].stop >= STEPS_PER_UPDATE


def shares_for(batch: int, sums: int) -> int:
    """Among how many threads a batch is divided, where a step has so many sums of each sequence."""
    enough = min(batch // SEQUENCES_PER_SHARE, batch * sums // SUMS_PER_SHARE)
    return max(1, min(int(os.environ.get("TF_NUM_INTEROP_THREADS", "1")), enough))


def sizes_of(batch: int, count: int) -> list[int]:
    """The sequences of each share, as even as they can be."""
    return [batch // count + (share < batch % count) for share in range(count)]


class Shares:
    """The updates of a trainer, each as so many programs for gradients and one that takes all of them."""

    def __init__(self, trainer: Trainer, count: int) -> None:
        self._trainer, self._count = trainer, count
        self._differentiate = tf.function(trainer.differentiate, jit_compile=True)
        self._apply = tf.function(self._apply_sum, jit_compile=True)

    def update(
        self, inputs: Tensor, targets: Tensor, valid: Tensor | None, cut: int, states: States
    ) -> tuple[Tensor, States]:
        """An `Update`."""
        batch = inputs.shape[0]
        sizes = sizes_of(batch, self._count)
        valid_shares = [None] * self._count if valid is None else tf.split(valid, sizes)
        found = [
            self._differentiate(*share, cut, before, batch)
            for *share, before in zip(
                tf.split(inputs, sizes),
                tf.split(targets, sizes),
                valid_shares,
                _split(states, sizes),
                strict=True,
            )
        ]
        self._apply([share.gradients for share in found])
        return tf.add_n([share.loss for share in found]), _joined([share.states for share in found])

    def _apply_sum(self, gradients: Sequence[list[Tensor]]) -> None:
        self._trainer.apply([tf.add_n(parts) for parts in zip(*gradients, strict=True)])


def _split(states: States, sizes: Sequence[int]) -> list[States]:
    """By share."""
    divided = [[tf.split(state, sizes) for state in layer] for layer in states]
    return [[[parts[share] for parts in layer] for layer in divided] for share in range(len(sizes))]


def _joined(shares: Sequence[States]) -> States:
    """Of all shares."""
    return [
        [tf.concat(parts, axis=0) for parts in zip(*layers, strict=True)]
        for layers in zip(*shares, strict=True)
    ]
