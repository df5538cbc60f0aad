"""All updates of many batches in one compiled call; those of a large batch in parts, a thread for each."""

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np

from adapters.interface import Array
from adapters.numba_backend.arrays import Sizes
from adapters.numba_backend.compiling import entry
from adapters.numba_backend.network import Functions, backward, forward, lose
from adapters.numba_backend.optimizers import Moments, clip
from adapters.numba_backend.room import Room


class Data(NamedTuple):
    """What is loaded.

    Shapes: inputs (N, T, D); targets (N, R, K), or (N, R, 1) of classes; lengths (N,).
    """

    inputs: Array
    targets: Array
    lengths: Array


class Training(NamedTuple):
    """What updates go by, and what they change; limits that there are not are infinite.

    Shapes: parameters flat; constants as the rule has them; spans (updates, 3).
    """

    sizes: Sizes
    parameters: Array
    moments: Moments
    constants: Array
    clip_value: float
    clip_norm: float
    spans: Array


class Part(NamedTuple):
    """Room for a part of a batch, and the gradient of its share of the loss."""

    room: Room
    gradient: Array


@entry
def begin(room: Room, data: Data, indices: Array) -> None:
    """Take some of the sequences."""
    B = len(indices)
    for b in range(B):
        index = indices[b]
        room.lengths[b] = data.lengths[index]
        for t in range(data.inputs.shape[1]):
            for column in range(data.inputs.shape[2]):
                room.inputs[t * B + b, column] = data.inputs[index, t, column]
        for r in range(data.targets.shape[1]):
            for column in range(data.targets.shape[2]):
                room.targets[r * B + b, column] = data.targets[index, r, column]


@entry
def differentiate(functions: Functions, training: Training, part: Part, update: int, share: float) -> float:
    """Fill in the gradient of one update's loss, times a share -> that loss before it, summed."""
    start, cut, stop = training.spans[update, 0], training.spans[update, 1], training.spans[update, 2]
    forward(functions, training.parameters, training.sizes, part.room, start, stop)
    total: float = lose(functions, training.sizes, part.room, start, stop, share)
    backward(functions, training.parameters, part.gradient, training.sizes, part.room, cut, stop)
    return total


@entry
def move(functions: Functions, training: Training, gradient: Array, rates: Array) -> None:
    """Make one update by the whole of a gradient."""
    clip(gradient, training.clip_value, training.clip_norm)
    functions.update(training.parameters, gradient, training.moments, rates, training.constants)


@entry
def train_rows(
    functions: Functions,
    training: Training,
    part: Part,
    data: Data,
    batches: Array,
    rates: Array,
    losses: Array,
) -> None:
    """Train on every row of indices, and fill in the losses.

    Shapes: batches (S, B); rates (S, updates, 2); losses (S, updates).
    """
    share = 1 / batches.shape[1]
    for row in range(len(batches)):
        begin(part.room, data, batches[row])
        for update in range(len(training.spans)):
            losses[row, update] = differentiate(functions, training, part, update, share) * share
            move(functions, training, part.gradient, rates[row, update])


def train_rows_in_parts(
    functions: Functions,
    training: Training,
    parts: Sequence[Part],
    pool: Executor,
    data: Data,
    batches: Array,
    rates: Array,
    losses: Array,
) -> None:
    """The same with every batch divided over parts, which are added up always in the same order."""
    share = 1 / batches.shape[1]
    borders = np.cumsum([len(part.room.lengths) for part in parts])[:-1]
    whole = parts[0].gradient
    for row, indices in enumerate(batches):
        for part, own in zip(parts, np.split(indices, borders), strict=True):
            begin(part.room, data, own)
        for update in range(len(training.spans)):
            shares = [pool.submit(differentiate, functions, training, part, update, share) for part in parts]
            losses[row, update] = sum(each.result() for each in shares) * share
            for part in parts[1:]:
                whole += part.gradient
            move(functions, training, whole, rates[row, update])
