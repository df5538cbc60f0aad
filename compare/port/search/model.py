"""A program's layers as a chain: what is known of them, or can be told from their arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from adapters.interface import Array
from compare.port.records.differences import FIT_BANDS, close
from compare.port.records.interface import Trace
from compare.port.search.activations import ACTIVATIONS, known_name
from compare.port.search.cells import Cell
from compare.port.search.chain import Chain, Group
from compare.port.translation.gates import sounds_recurrent
from compare.port.translation.parts import Pair

RECURRENT = ("lstm", "gru", "elman")
KINDS = {4: "lstm", 3: "gru", 1: "elman"}
"""By the number of gates."""

Values = Mapping[str, Array]
Waiting = Sequence[tuple[str, Values]]
"""Layers that are made of arrays of no known kind, by name."""


def chain_of(
    pairs: Sequence[Pair], traces: Sequence[Trace], place: int, values: Values, features: int
) -> Chain | None:
    """A side's layers one after the other; None where one is of no known kind.

    `features` is the number of inputs a step, by which an array is told that they are multiplied by.
    """
    placed = _in_order(pairs, traces)
    groups: list[Group] = []
    by_hand = _gates_by_hand(placed)
    waiting: list[tuple[str, Values]] = []
    for pair in placed:
        parts = parts_of(pair, place, values)
        if pair.kind == "array" or pair.name in by_hand:
            waiting.append((pair.name, parts))
            continue
        group = group_of(pair, place, parts)
        if group is None:
            return None
        if group.activation == "linear":
            group = replace(group, activation=_activation_after(pair, place, traces[place]))
        if group.cells and groups and _beside(groups[-1], group):
            beside = replace(group.cells[0], reverse=True)
            groups[-1] = replace(groups[-1], cells=(*groups[-1].cells, beside))
        else:
            groups.append(group)
    if waiting:
        tables = [group for group in groups if group.kind == "embedding"]
        width = tables[0].parts["table"].shape[1] if tables else features
        guessed = _from_arrays(waiting, width) or _from_arrays(_turned(waiting), width)
        if guessed is None:
            return None
        groups = [*tables, *guessed, *(group for group in groups if group.kind != "embedding")]
    return Chain(groups=tuple(groups))


def _in_order(pairs: Sequence[Pair], traces: Sequence[Trace]) -> list[Pair]:
    """The order in which a side that shows all layers calls them; else that in which they usually stand."""
    for trace, side in zip(traces, ("first", "second"), strict=True):
        order = {name: number for number, name in enumerate(trace.modules)}
        modules = [getattr(pair, side).module for pair in pairs]
        if all(module in order for module in modules):
            return sorted(pairs, key=lambda pair: order[getattr(pair, side).module])
    return sorted(pairs, key=lambda pair: ("embedding", *RECURRENT).count(pair.kind) == 0)


def _activation_after(pair: Pair, place: int, trace: Trace) -> str:
    """What a layer's outputs go through before another takes them, where both are shown."""
    module = (pair.second if place else pair.first).module
    recorded = trace.modules.get(module) if module is not None else None
    if recorded is None or pair.kind not in {"dense", "norm"}:
        return "linear"
    taken = [
        each.inputs for name, each in trace.modules.items() if name != module and each.inputs is not None
    ]
    band = FIT_BANDS.get(str(recorded.outputs.dtype), FIT_BANDS["float32"])
    with np.errstate(all="ignore"):
        return next(
            (
                name
                for name, function in ACTIVATIONS.items()
                if any(close(function(recorded.outputs), each, band) for each in (*taken, trace.outputs))
            ),
            "linear",
        )


def parts_of(pair: Pair, place: int, values: Values) -> dict[str, Array]:
    """One side's parameters of a layer, by part."""
    places = pair.second_places if place else pair.first_places
    return {part: where.take(values) for part, where in places.items()}


def group_of(pair: Pair, place: int, parts: Values) -> Group | None:
    """One layer as a group of the chain; what a side does not say of it is as the other has it."""
    settings = {**pair.first.settings, **(pair.second.settings if place else {})}
    kind = pair.kind
    activation = known_name(settings.get("activation") or ("tanh" if kind in RECURRENT else "linear"))
    recurrent = known_name(settings.get("recurrent_activation") or "sigmoid")
    if activation is None or recurrent is None:
        return None
    if kind in RECURRENT:
        cell = Cell(
            kind=kind,
            parts=parts,
            activation=activation,
            cell_activation=activation if kind == "lstm" else "tanh",
            recurrent_activation=recurrent,
            reset=str(settings.get("reset") or "after"),
            reverse=settings.get("direction") == "reverse",
        )
        return Group(name=pair.name, kind=kind, cells=(cell,), merge=str(settings.get("merge") or "concat"))
    if kind not in {"dense", "embedding", "norm"}:
        return None
    epsilon = settings.get("epsilon") or 0.0
    assert isinstance(epsilon, float | int)
    return Group(name=pair.name, kind=kind, parts=parts, activation=activation, epsilon=float(epsilon))


def _beside(before: Group, group: Group) -> bool:
    """Whether a cell reads what the one before it reads, in the other direction."""
    if len(before.cells) != 1:
        return False
    one, other = before.cells[0], group.cells[0]
    size, hidden = one.parts["input_kernel"].shape[0], one.parts["recurrent_kernel"].shape[0]
    same = other.parts["input_kernel"].shape[0] == size
    return same and not one.reverse and (other.reverse or size != hidden)


def _gates_by_hand(pairs: Sequence[Pair]) -> set[str]:
    """Two dense layers in a row that make all gates of a cell, one from its inputs, one from its state."""
    dense = [pair for pair in pairs if pair.kind == "dense"]
    for one, other in pairwise(dense):
        (_, width), (hidden, columns) = (_kernel_of(pair) for pair in (one, other))
        if width == columns and width in (3 * hidden, 4 * hidden):
            return {one.name, other.name}
    return set()


def _kernel_of(pair: Pair) -> tuple[int, ...]:
    return next(layer.parts["kernel"] for layer in (pair.first, pair.second) if "kernel" in layer.parts)


def _turned(waiting: Waiting) -> Waiting:
    return [(name, {part: value.T for part, value in parts.items()}) for name, parts in waiting]


def _from_arrays(waiting: Waiting, features: int) -> list[Group] | None:
    """One recurrent layer, and perhaps a dense one after it, told by the shapes of arrays; else None."""
    arrays = [(name, value) for name, parts in waiting for value in parts.values()]
    matrices = [(name, value) for name, value in arrays if value.ndim == 2]
    vectors = [(name, value) for name, value in arrays if value.ndim == 1]
    if len(matrices) + len(vectors) != len(arrays):
        return None
    for name, recurrent in sorted(matrices, key=lambda each: not sounds_recurrent(each[0])):
        hidden, width = recurrent.shape
        kind = KINDS.get(width // hidden) if width % hidden == 0 else None
        others = [each for each in matrices if each[1] is not recurrent]
        kernels = [each for each in others if each[1].shape == (features, width)]
        rest = [each for each in others if not kernels or each[1] is not kernels[0][1]]
        if kind is None or not kernels or len(rest) > 1 or (rest and rest[0][1].shape[0] != hidden):
            continue
        parts = {"input_kernel": kernels[0][1], "recurrent_kernel": recurrent}
        parts |= _biases([value for _, value in vectors if len(value) == width], kind, hidden)
        cell = Cell(kind=kind, parts=parts)
        group = Group(name=f"the cell of {kernels[0][0]} and {name}", kind=kind, cells=(cell,))
        return [group, *(_dense_of(rest[0], vectors, width) if rest else [])]
    return None


def _biases(found: Sequence[Array], kind: str, hidden: int) -> dict[str, Array]:
    parts = dict(zip(("bias", "recurrent_bias"), found, strict=False))
    if kind == "gru" and "recurrent_bias" in parts:
        second = parts["recurrent_bias"]
        parts |= {"recurrent_bias": second[: 2 * hidden], "candidate_bias": second[2 * hidden :]}
    return parts


def _dense_of(found: tuple[str, Array], vectors: Sequence[tuple[str, Array]], width: int) -> list[Group]:
    name, kernel = found
    parts = {"kernel": kernel}
    biases = [value for _, value in vectors if len(value) == kernel.shape[1] != width]
    if biases:
        parts["bias"] = biases[0]
    return [Group(name=name, kind="dense", parts=parts)]
