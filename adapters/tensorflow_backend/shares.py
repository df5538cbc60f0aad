"""A large batch on a CPU: a share of the sequences for each thread, whose gradients are summed.

XLA runs a loop over time in one thread. TensorFlow runs programs that do not wait for each other at the
same time.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from adapters.interface import Span
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


def text_of(program: Any, *arguments: Any) -> str:
    """What XLA makes of a program for such arguments, as text."""
    return str(program.experimental_get_compiler_ir(*arguments)(stage="optimized_hlo"))


class Shares:
    """Batches of one update each, which is so many programs for gradients and one that takes their sum.

    The gradient reaches back to step `cut` of the sequences.
    """

    def __init__(self, trainer: Trainer, count: int, cut: int) -> None:
        self._trainer, self._count, self._cut = trainer, count, cut
        self._differentiate = tf.function(trainer.differentiate, jit_compile=True)
        self._apply = tf.function(self._apply_sum, jit_compile=True)

    def train_batch(self, *batch: Tensor) -> Tensor:
        """Make the update -> (1,) loss before it."""
        size = batch[0].shape[0]
        found = [self._differentiate(*share, cut=self._cut, batch=size) for share in self._divided(batch)]
        losses, gradients = zip(*found, strict=True)
        self._apply(gradients)
        return tf.add_n(losses)[tf.newaxis]

    def programs(self, *batch: Tensor) -> Iterator[str]:
        """What XLA makes of an update, as text: of shares of each size, and of the sum."""
        size = batch[0].shape[0]

        def differentiate(*share: Tensor) -> Any:  # by position, as sequences may have no lengths
            return self._trainer.differentiate(*share, cut=self._cut, batch=size)

        for share in {each[0].shape[0]: each for each in self._divided(batch)}.values():
            yield text_of(tf.function(differentiate, jit_compile=True), *share)
        yield text_of(self._apply, [self._trainer.no_gradients()] * self._count)

    def _divided(self, batch: Sequence[Tensor]) -> Iterator[tuple[Tensor, ...]]:
        sizes = sizes_of(batch[0].shape[0], self._count)
        return zip(*(tf.split(each, sizes) for each in batch), strict=True)

    def _apply_sum(self, gradients: Sequence[Sequence[Tensor]]) -> None:
        self._trainer.apply([tf.add_n(parts) for parts in zip(*gradients, strict=True)])
