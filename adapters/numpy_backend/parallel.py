"""A batch divided over threads, each part of it with arrays of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np
from numpy import add

from adapters.interface import Array
from adapters.numpy_backend.network import Backpropagation


class ParallelBackpropagation:
    """As `Backpropagation`, for all parts of a batch at once; the first runs in the calling thread.

    With a BLAS of one thread in each, the element-wise half of the work, which BLAS does not thread, then
    runs on all cores too.
    """

    def __init__(self, parts: Sequence[Backpropagation], pool: Executor) -> None:
        self._parts, self._pool = parts, pool
        self._borders = np.cumsum([part.batch for part in parts])[:-1]
        self.gradient = parts[0].gradient

    def begin(self, inputs: Array, targets: Array, lengths: Array | None, indices: Array) -> None:
        shares = np.split(indices, self._borders)
        self._at_once(
            [
                partial(part.begin, inputs, targets, lengths, share)
                for part, share in zip(self._parts, shares, strict=True)
            ]
        )

    def differentiate(self, update: int) -> None:
        self._at_once([partial(part.differentiate, update) for part in self._parts])
        for part in self._parts[1:]:
            add(self.gradient, part.gradient, self.gradient)

    def losses(self) -> Array:
        losses: Array = np.add.reduce([part.losses() for part in self._parts])
        return losses

    def _at_once(self, calls: list[Callable[[], None]]) -> None:
        first, *others = calls
        waiting = [self._pool.submit(call) for call in others]
        first()
        for done in waiting:
            done.result()
