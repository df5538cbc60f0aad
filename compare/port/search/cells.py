"""One direction of one recurrent layer, computed in NumPy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from adapters.interface import Array
from compare.port.search.activations import ACTIVATIONS

Parts = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One direction of one recurrent layer.

    `padded` says whether steps beyond a sequence's length are computed like others, `zeroed` that zeros are
    handed on there, not the state as it was; `cell_activation` is
    what an LSTM's cell state goes through on its way out; `time_first` that the first axis is taken for time;
    `realigned` that the reverse direction's steps are put back into the order of time.
    """

    kind: str
    parts: Parts
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    cell_activation: str = "tanh"
    reset: str = "after"
    exchanged: bool = False
    reverse: bool = False
    padded: bool = False
    zeroed: bool = False
    realigned: bool = True
    time_first: bool = False


def sequence_of(cell: Cell, values: Array, lengths: Array | None) -> Array:
    """Its states at every step, the reverse direction's in the order of time again.

    Shapes: (B, T, D) -> (B, T, H).
    """
    if cell.time_first:
        return sequence_of(replace(cell, time_first=False), values.swapaxes(0, 1), None).swapaxes(0, 1)
    batch, steps = values.shape[:2]
    valid = valid_steps(values.shape[:2], None if cell.padded else lengths)
    hidden = cell.parts["recurrent_kernel"].shape[0]
    h = c = np.zeros((batch, hidden))
    outputs = np.zeros((batch, steps, hidden))
    for t in reversed(range(steps)) if cell.reverse else range(steps):
        next_h, next_c = STEPS[cell.kind](cell, values[:, t], h, c)
        keep = valid[:, t, np.newaxis]
        h, c = np.where(keep, next_h, h), np.where(keep, next_c, c)
        outputs[:, t] = np.where(keep, h, 0) if cell.zeroed else h
    return outputs[:, ::-1] if cell.reverse and not cell.realigned else outputs


def valid_steps(shape: tuple[int, ...], lengths: Array | None) -> Array:
    """Which steps lie within their sequences' lengths.

    Shapes: (B, T).
    """
    if lengths is None:
        return np.ones(shape, bool)
    return np.arange(shape[1]) < np.asarray(lengths)[:, np.newaxis]


def final_of(cell: Cell, sequence: Array, lengths: Array | None) -> Array:
    """Its state after the last step that it computes.

    Shapes: (B, T, H) -> (B, H).
    """
    if cell.reverse:
        return sequence[:, 0 if cell.realigned else -1]
    return at_last(sequence, None if cell.padded else lengths)


def at_last(sequence: Array, lengths: Array | None) -> Array:
    """What lies at the last step within each length.

    Shapes: (B, T, H) -> (B, H).
    """
    if lengths is None:
        return sequence[:, -1]
    return np.asarray(sequence[np.arange(len(sequence)), np.maximum(np.asarray(lengths) - 1, 0)])


def _gates(cell: Cell, x: Array, h: Array) -> Array:
    gates = x @ cell.parts["input_kernel"] + h @ cell.parts["recurrent_kernel"]
    for part in ("bias", "recurrent_bias"):
        if part in cell.parts:
            gates = gates + cell.parts[part]
    return np.asarray(gates)


def _elman(cell: Cell, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    return ACTIVATIONS[cell.activation](_gates(cell, x, h)), c


def _lstm(cell: Cell, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    gate = ACTIVATIONS[cell.recurrent_activation]
    i, f, g, o = np.split(_gates(cell, x, h), 4, axis=-1)
    c = gate(f) * c + gate(i) * ACTIVATIONS[cell.activation](g)
    return gate(o) * ACTIVATIONS[cell.cell_activation](c), c


def _gru(cell: Cell, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    act, gate = ACTIVATIONS[cell.activation], ACTIVATIONS[cell.recurrent_activation]
    H = h.shape[-1]
    kernel, recurrent = cell.parts["input_kernel"], cell.parts["recurrent_kernel"]
    bias = cell.parts.get("bias", np.zeros(3 * H))
    second = cell.parts.get("recurrent_bias", np.zeros(2 * H))
    own = cell.parts.get("candidate_bias", np.zeros(H))
    from_x = x @ kernel + bias
    from_h = h @ recurrent[:, : 2 * H] + second
    r, z = gate(from_x[:, :H] + from_h[:, :H]), gate(from_x[:, H : 2 * H] + from_h[:, H:])
    if cell.reset == "after":
        n = act(from_x[:, 2 * H :] + r * (h @ recurrent[:, 2 * H :] + own))
    else:
        n = act(from_x[:, 2 * H :] + (r * h) @ recurrent[:, 2 * H :] + own)
    return (z * n + (1 - z) * h if cell.exchanged else (1 - z) * n + z * h), c


STEPS: dict[str, Callable[[Cell, Array, Array, Array], tuple[Array, Array]]] = {
    "elman": _elman,
    "lstm": _lstm,
    "gru": _gru,
}
