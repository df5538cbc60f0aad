"""What some sequences are computed in: made once for each size of a batch."""

from typing import NamedTuple

import numpy as np

from adapters.interface import Array
from adapters.numba_backend.arrays import Sizes, Steps, rows_of
from adapters.numba_backend.compiling import compiled


class Room(NamedTuple):
    """What some sequences are computed in, B rows for each step.

    Shapes: inputs (T·B, D); handed_on (L, T·B, H'), what each layer hands to the one above; last (B, H');
    of each layer and direction hidden and cell (…, (T+1)·B, H), gates (…, T·B, G·H), kept (…, T·B, H);
    read_gradient (directions, T·B, H), by the hidden states of the layer that is next on the way back;
    outputs (R·B, K), in whose place comes the loss's gradient; targets (R·B, K), or (R·B, 1) of classes;
    lengths (B,).
    """

    inputs: Array
    handed_on: Array
    last: Array
    hidden: Array
    cell: Array
    gates: Array
    kept: Array
    read_gradient: Array
    outputs: Array
    targets: Array
    lengths: Array


def room_for(sizes: Sizes, time_steps: int, batch: int, dtype: str, targets: Array) -> Room:
    """Room for that many sequences with targets of this kind, (N, R, K) or (N, R, 1)."""
    T, B, H, width = time_steps, batch, sizes.hidden, sizes.directions * sizes.hidden
    n, read = sizes.layers * sizes.directions, time_steps if sizes.every else 1

    def zeros(*shape: int) -> Array:
        return np.zeros(shape, dtype)

    return Room(
        inputs=zeros(T * B, sizes.inputs),
        handed_on=zeros(sizes.layers, T * B, width),
        last=zeros(B, width),
        hidden=zeros(n, (T + 1) * B, H),
        cell=zeros(n, (T + 1) * B, H),
        gates=zeros(n, T * B, sizes.gates * H),
        kept=zeros(n, T * B, H),
        read_gradient=zeros(sizes.directions, T * B, H),
        outputs=zeros(read * B, sizes.outputs),
        targets=np.zeros((read * B, targets.shape[2]), targets.dtype),
        lengths=np.full(B, T, np.int64),
    )


@compiled
def steps_of(room: Room, sizes: Sizes, level: int, direction: int) -> Steps:
    """What the steps of a layer in one direction leave behind."""
    n = level * sizes.directions + direction
    return Steps(room.hidden[n], room.cell[n], room.gates[n], room.kept[n], room.lengths, direction)


@compiled
def inputs_of(room: Room, level: int, first: int, stop: int) -> Array:
    """What a layer reads in some steps."""
    read: Array = rows_of(room.handed_on[level - 1] if level else room.inputs, first, stop, len(room.lengths))
    return read


@compiled
def read_and_outputs(room: Room, sizes: Sizes, first: int, stop: int) -> tuple[Array, Array]:
    """What is read out of some steps, and the outputs."""
    if sizes.every:
        B = len(room.lengths)
        return rows_of(room.handed_on[-1], first, stop, B), rows_of(room.outputs, first, stop, B)
    return room.last, room.outputs
