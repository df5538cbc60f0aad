"""Outputs, layer by layer and step by step."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from adapters.interface import Array
from compare.port.records.differences import Row, close, relative
from compare.port.records.interface import Layer, Recorded, Trace
from compare.port.search.activations import ACTIVATIONS, known_name
from compare.port.search.cells import valid_steps
from compare.port.translation.matching import Matching
from compare.port.translation.parts import Pair

FINAL = "outputs"
SAME_ORDER_BAND = 1e-4
"""So near are sequences of which one is the other turned around; what is left is then compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came out of one layer on both sides, in one shape; `steps` says whether axis 1 is time."""

    name: str
    first: Array
    second: Array
    steps: bool


def compare_outputs(first: Trace, second: Trace, matching: Matching, lengths: Array | None) -> list[Row]:
    """A row for each layer that both programs show, in the first one's order; the final outputs last."""
    return [_row(each) for each in compared(first, second, matching, lengths)]


def compared(first: Trace, second: Trace, matching: Matching, lengths: Array | None) -> Iterator[Compared]:
    """The layers that both programs show; the final outputs last."""
    order = {name: place for place, name in enumerate(first.modules)}
    pairs = sorted(matching.pairs, key=lambda pair: order.get(pair.first.module or "", len(order)))
    for pair in pairs:
        one, other = layer_outputs(first, pair.first), layer_outputs(second, pair.second)
        if one is None or other is None:
            continue
        valid = _valid(first, second, pair.first, pair.second, lengths)
        reverse = pair.first.settings.get("direction") == "reverse"
        one, other = activated_alike(pair, one, other)
        shown = _in_one_order(pair, *_in_one_form(one, other, valid, reverse))
        yield Compared(name=pair.name, first=shown[0], second=shown[1], steps=shown[0].ndim >= 3)
    one, other = within_lengths(first, second, lengths)
    if one.shape != other.shape and _without_ones(one) == _without_ones(other):
        other = other.reshape(one.shape)  # (N, 1) and (N): where that matters, the loss says it
    yield Compared(name=FINAL, first=one, second=other, steps=one.ndim >= 3)


def within_lengths(first: Trace, second: Trace, lengths: Array | None) -> tuple[Array, Array]:
    """The outputs of both, zero beyond each sequence's length where they are sequences."""
    one, other = first.outputs, second.outputs
    if one.ndim != other.ndim or one.ndim < 3:
        return one, other
    recorded = [each for trace in (first, second) for each in trace.modules.values()]
    masks = [np.asarray(each.mask, bool) for each in recorded if each.mask is not None]
    given = [valid_steps(one.shape[:2], lengths)] if lengths is not None else []
    return _in_one_form(one, other, next(iter(masks + given), None), reverse=False)


def _in_one_order(pair: Pair, one: Array, other: Array) -> tuple[Array, Array]:
    """Sequences of a layer that reads backwards, in the order of time or as they are read."""
    backward = any(layer.settings.get("direction") == "reverse" for layer in (pair.first, pair.second))
    turned = backward and one.ndim >= 3 and close(one, other[:, ::-1], SAME_ORDER_BAND)
    return (one, other[:, ::-1]) if turned else (one, other)


def _without_ones(value: Array) -> tuple[int, ...]:
    return tuple(size for size in value.shape if size != 1)


def activated_alike(pair: Pair, one: Array, other: Array) -> tuple[Array, Array]:
    """What comes out of dense layers of which one has its activation inside, the other after it."""
    names = [known_name(layer.settings.get("activation")) for layer in (pair.first, pair.second)]
    if pair.kind != "dense" or None in names or names[0] == names[1] or "linear" not in names:
        return one, other
    inside = ACTIVATIONS[str(names[0] if names[1] == "linear" else names[1])]
    return (inside(one), other) if names[0] == "linear" else (one, inside(other))


def layer_outputs(trace: Trace, layer: Layer) -> Array | None:
    """What came out of a layer; None where that is not shown."""
    recorded = trace.modules.get(layer.module) if layer.module is not None else None
    if recorded is None:
        return None
    if layer.kind not in {"lstm", "gru", "elman"}:
        return recorded.outputs
    if layer.columns is None or recorded.outputs.shape[-1] < layer.columns[1]:
        return None
    return recorded.outputs[..., slice(*layer.columns)]


def _valid(first: Trace, second: Trace, one: Layer, other: Layer, lengths: Array | None) -> Array | None:
    """Which steps count, (B, T); None where all do."""
    for trace, layer in ((first, one), (second, other)):
        recorded: Recorded | None = trace.modules.get(layer.module or "")
        if recorded is not None and recorded.mask is not None:
            return np.asarray(recorded.mask, bool)
    if lengths is None:
        return None
    steps = max(
        (each.outputs.shape[1] for each in first.modules.values() if each.outputs.ndim >= 3), default=0
    )
    return np.arange(steps) < np.asarray(lengths)[:, np.newaxis]


def _in_one_form(one: Array, other: Array, valid: Array | None, reverse: bool) -> tuple[Array, Array]:
    """Both as sequences, or both as the one state that the other returns; steps that do not count are 0."""
    if one.ndim == other.ndim + 1:
        one = final_state(one, valid, reverse)
    elif other.ndim == one.ndim + 1:
        other = final_state(other, valid, reverse)
    if one.ndim >= 3 and valid is not None and one.shape == other.shape and one.shape[:2] == valid.shape:
        kept = valid.reshape(*valid.shape, *[1] * (one.ndim - 2))
        one, other = np.where(kept, one, 0), np.where(kept, other, 0)
    if one.shape == other.shape:
        return one, other
    shorter = min(one.shape[1], other.shape[1]) if one.ndim == other.ndim >= 3 else 0
    same = one.ndim == other.ndim and (one.shape[0], *one.shape[2:]) == (other.shape[0], *other.shape[2:])
    if valid is not None and shorter and same:  # steps beyond the longest sequence are left out by one
        return _in_one_form(one[:, :shorter], other[:, :shorter], valid[:, :shorter], reverse)
    return one, other


def final_state(sequence: Array, valid: Array | None, reverse: bool) -> Array:
    """The state after all steps that count: of the reverse direction that at the first."""
    if reverse:
        return sequence[:, 0]
    if valid is None or valid.shape != sequence.shape[:2]:
        return sequence[:, -1]
    last = np.maximum(valid.sum(axis=1) - 1, 0)
    return np.asarray(sequence[np.arange(len(sequence)), last])


def _row(each: Compared) -> Row:
    if each.first.shape != each.second.shape:
        where = f"shapes {each.first.shape} and {each.second.shape}"
        return Row(name=each.name, difference=float("inf"), where=where)
    if not each.first.size:
        return Row(name=each.name, difference=0.0)
    apart = relative(each.first, each.second)
    place = np.unravel_index(int(np.argmax(apart)), apart.shape)
    return Row(
        name=each.name,
        difference=float(apart[place]),
        where=_where(apart, each.steps),
        first=float(each.first[place]),
        second=float(each.second[place]),
    )


def _where(apart: Array, steps: bool) -> str:
    """The first step that is as far off as counts."""
    if not steps:
        return ""
    by_step = apart.max(axis=tuple(axis for axis in range(apart.ndim) if axis != 1))
    beyond = by_step > max(1e-10, by_step.max() * 1e-3)
    return f"step {int(np.argmax(beyond))}" if beyond.any() else ""
