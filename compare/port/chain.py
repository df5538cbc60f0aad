"""A model as a chain of layers, computed in NumPy, for mistakes to be made in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from adapters.interface import Array

Parts = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One direction of one recurrent layer.

    `padded` says whether steps beyond a sequence's length are computed like others; `cell_activation` is
    what an LSTM's cell state goes through on its way out; `time_first` that the first axis is taken for time.
    """

    kind: str
    parts: Parts
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    cell_activation: str | None = None
    reset: str = "after"
    exchanged: bool = False
    reverse: bool = False
    padded: bool = False
    realigned: bool = True
    time_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A stage of the chain: cells side by side, or a layer without steps."""

    name: str
    kind: str
    cells: tuple[Cell, ...] = ()
    parts: Parts = field(default_factory=dict)
    activation: str = "linear"
    epsilon: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Groups one after the other; `read` says which step is read before the first dense layer."""

    groups: tuple[Group, ...]
    read: str = "states"
    last: str = "linear"


def run(chain: Chain, inputs: Array, lengths: Array | None) -> Array:
    """The outputs of a chain."""
    values, pending = inputs, any(group.cells for group in chain.groups)
    states: Array | None = None
    for place, group in enumerate(chain.groups):
        if group.cells:
            sequences = [_sequence(cell, values, lengths) for cell in group.cells]
            values = np.concatenate(sequences, axis=-1)
            states = np.concatenate(
                [_state(cell, each, lengths) for cell, each in zip(group.cells, sequences, strict=True)],
                axis=-1,
            )
            continue
        more = any(later.cells for later in chain.groups[place:])
        if pending and not more and states is not None and (group.kind == "dense" or chain.read != "every"):
            values, pending = READ[chain.read](values, states, lengths), False
        values = LAYERS[group.kind](group, values)
    if pending and states is not None:
        values = READ[chain.read](values, states, lengths)
    return ACTIVATIONS[chain.last](values)


def _sequence(cell: Cell, values: Array, lengths: Array | None) -> Array:
    """(B, T, D) -> (B, T, H), the reverse direction's steps in the order of time again."""
    if cell.time_first:
        turned = _sequence(replace(cell, time_first=False), values.swapaxes(0, 1), None)
        return turned.swapaxes(0, 1)
    batch, steps = values.shape[:2]
    valid = _valid(values.shape[:2], None if cell.padded else lengths)
    hidden = cell.parts["recurrent_kernel"].shape[0]
    h = c = np.zeros((batch, hidden))
    outputs = np.zeros((batch, steps, hidden))
    for t in reversed(range(steps)) if cell.reverse else range(steps):
        next_h, next_c = STEPS[cell.kind](cell, values[:, t], h, c)
        keep = valid[:, t, np.newaxis]
        h, c = np.where(keep, next_h, h), np.where(keep, next_c, c)
        outputs[:, t] = h
    return outputs[:, ::-1] if cell.reverse and not cell.realigned else outputs


def _valid(shape: tuple[int, ...], lengths: Array | None) -> Array:
    if lengths is None:
        return np.ones(shape, bool)
    return np.arange(shape[1]) < np.asarray(lengths)[:, np.newaxis]


def _state(cell: Cell, sequence: Array, lengths: Array | None) -> Array:
    if cell.reverse:
        return sequence[:, 0 if cell.realigned else -1]
    return _at_last(sequence, None if cell.padded else lengths)


def _at_last(sequence: Array, lengths: Array | None) -> Array:
    if lengths is None:
        return sequence[:, -1]
    return np.asarray(sequence[np.arange(len(sequence)), np.maximum(np.asarray(lengths) - 1, 0)])


def _mean(values: Array, states: Array, lengths: Array | None) -> Array:
    valid = _valid(values.shape[:2], lengths)[..., np.newaxis]
    return np.asarray((values * valid).sum(axis=1) / valid.sum(axis=1))


Reader = Callable[[Array, Array, "Array | None"], Array]
READ: dict[str, Reader] = {
    "states": lambda values, states, lengths: states,
    "every": lambda values, states, lengths: values,
    "last valid step": lambda values, states, lengths: _at_last(values, lengths),
    "last step": lambda values, states, lengths: values[:, -1],
    "first step": lambda values, states, lengths: values[:, 0],
    "last step but one": lambda values, states, lengths: values[:, -2],
    "mean over steps": _mean,
    "mean over all steps, padded ones too": lambda values, states, lengths: values.mean(axis=1),
    "maximum over steps": lambda values, states, lengths: values.max(axis=1),
    "sum over steps": lambda values, states, lengths: values.sum(axis=1),
}


def _gates(cell: Cell, x: Array, h: Array) -> Array:
    gates = x @ cell.parts["input_kernel"] + h @ cell.parts["recurrent_kernel"]
    for part in ("bias", "recurrent_bias"):
        if part in cell.parts:
            gates = gates + cell.parts[part]
    return np.asarray(gates)


def _elman(cell: Cell, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    return ACTIVATIONS[cell.activation](_gates(cell, x, h)), c


def _lstm(cell: Cell, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    act, gate = ACTIVATIONS[cell.activation], ACTIVATIONS[cell.recurrent_activation]
    out = ACTIVATIONS[cell.cell_activation or cell.activation]
    i, f, g, o = np.split(_gates(cell, x, h), 4, axis=-1)
    c = gate(f) * c + gate(i) * act(g)
    return gate(o) * out(c), c


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


def _dense(group: Group, values: Array) -> Array:
    outputs = values @ group.parts["kernel"]
    if "bias" in group.parts:
        outputs = outputs + group.parts["bias"]
    return ACTIVATIONS[group.activation](outputs)


def _norm(group: Group, values: Array) -> Array:
    apart = values - values.mean(axis=-1, keepdims=True)
    outputs = apart / np.sqrt((apart**2).mean(axis=-1, keepdims=True) + group.epsilon)
    outputs = outputs * group.parts.get("scale", 1.0)
    return np.asarray(outputs + group.parts.get("offset", 0.0))


LAYERS: dict[str, Callable[[Group, Array], Array]] = {
    "dense": _dense,
    "norm": _norm,
    "embedding": lambda group, values: group.parts["table"][values.astype(int)],
}


def sigmoid(x: Array) -> Array:
    """σ(x), which no x overflows."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))


def softmax(x: Array) -> Array:
    """Along the last axis."""
    moved = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(moved / moved.sum(axis=-1, keepdims=True))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard sigmoid of Keras 2": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "softmax": softmax,
    "log_softmax": lambda x: np.log(softmax(x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "softplus": lambda x: np.logaddexp(x, 0),
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x: x * sigmoid(x),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
}
