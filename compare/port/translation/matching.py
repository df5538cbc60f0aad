"""Which layer of one program is whose counterpart in the other."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError
from compare.port.records.interface import Layer
from compare.port.translation.array_names import in_order_of_names
from compare.port.translation.by_hand import Waiting, are_turned, exchanged, from_arrays, from_dense, pair_of
from compare.port.translation.parts import CORE, Pair

Names = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """All counterparts, in the first program's order."""

    pairs: tuple[Pair, ...]

    def handed_over(self, values: Mapping[str, Array], own: Mapping[str, Array]) -> dict[str, Array]:
        """The second program's parameters with the first one's values."""
        return {key: value for pair in self.pairs for key, value in pair.handed_over(values, own).items()}

    def common(self, first: bool, values: Mapping[str, Array]) -> dict[str, Array]:
        """One side's parameters in the form that both have, under the first one's names."""
        return {key: value for pair in self.pairs for key, value in pair.common(first, values).items()}

    def common_gradient(self, first: bool, gradient: Mapping[str, Array]) -> dict[str, Array]:
        """One side's gradient in the form that both have."""
        return {k: v for pair in self.pairs for k, v in pair.common_gradient(first, gradient).items()}


def match(first: Sequence[Layer], second: Sequence[Layer], given: Names = ()) -> Matching:
    """Counterparts by the names given, else by kind, shape and order.

    Raises: UsageError where a layer has none, or more than one, with the table to fill in.
    """
    left, right = Waiting(first), Waiting(second)
    turned = are_turned([each for each in first if each.kind == "array"], second)
    pairs = [*_named(left, right, given, turned)]
    pairs += _same_names(left, right)
    pairs += _same_shapes(left, right, turned)
    pairs += from_arrays(left, right)
    pairs += [exchanged(pair) for pair in from_arrays(right, left)]
    pairs += from_dense(left, right)
    pairs += [exchanged(pair) for pair in from_dense(right, left)]
    pairs += _turned_shapes(left, right, turned)
    if left.layers or right.layers:
        raise UsageError(_no_counterpart(left.layers, right.layers))
    order = {layer.key(part): place for place, layer in enumerate(first) for part in layer.parts}
    return Matching(pairs=tuple(sorted(pairs, key=lambda pair: _first_place(pair, order))))


def _first_place(pair: Pair, order: Mapping[str, int]) -> int:
    return min((order[place.key] for place in pair.first_places.values()), default=len(order))


def _signature(layer: Layer) -> tuple[object, ...]:
    return layer.kind, *(tuple(layer.parts[part]) for part in CORE if part in layer.parts)


def _turned(layer: Layer) -> tuple[object, ...]:
    """The signature of an array whose rows and columns are exchanged."""
    return layer.kind, tuple(layer.parts["array"])[::-1]


def _pair(one: Layer, other: Layer, turned: bool) -> Pair:
    """Two counterparts; an array's axes are exchanged as its shape says, a square one's where `turned`."""
    if one.kind != "array":
        return pair_of(one, other)
    square = len(set(one.parts["array"])) == 1
    return pair_of(one, other, transposed=turned if square else _signature(one) != _signature(other))


def _named(left: Waiting, right: Waiting, given: Names, turned: bool) -> list[Pair]:
    """Counterparts that the user names: layers, or arrays."""
    pairs = []
    for a, b in given:
        one, other = left.named(a), right.named(b)
        for side, name, found, free in (("A", a, one, left.layers), ("B", b, other, right.layers)):
            if found is None:
                raise UsageError(
                    f"--map names {name!r}: no layer of {side} has that name, choose from {_list(free)}"
                )
        assert one is not None
        assert other is not None
        if one.kind != other.kind:
            raise UsageError(f"--map pairs {_shown(one)} with {_shown(other)}: they are of different kinds")
        if _signature(one) not in (_signature(other), _turned(other) if other.kind == "array" else None):
            raise UsageError(f"--map pairs {_shown(one)} with {_shown(other)}: their shapes differ")
        pairs.append(_pair(left.take(one), right.take(other), turned))
    return pairs


def _same_names(left: Waiting, right: Waiting) -> list[Pair]:
    """Counterparts of one name, kind and shape, where every such name is found on both sides."""
    names = {layer.name for layer in left.layers}
    if names != {layer.name for layer in right.layers}:
        return []
    found = [(layer, right.named(layer.name)) for layer in left.layers]
    if any(other is None or _signature(layer) != _signature(other) for layer, other in found):
        return []
    return [pair_of(left.take(layer), right.take(other)) for layer, other in found if other is not None]


def _same_shapes(left: Waiting, right: Waiting, turned: bool) -> list[Pair]:
    """Counterparts of one kind and shape in their order, where there are as many on both sides.

    Raises: UsageError where neither names nor order say which arrays belong together.
    """
    return _in_groups(left, right, list(right.layers), _signature, turned)


def _turned_shapes(left: Waiting, right: Waiting, turned: bool) -> list[Pair]:
    """As `_same_shapes`, of arrays whose rows and columns are exchanged on one side."""
    arrays = [each for each in right.layers if each.kind == "array"]
    return _in_groups(left, right, arrays, _turned, turned)


def _in_groups(
    left: Waiting,
    right: Waiting,
    there: Sequence[Layer],
    signature: Callable[[Layer], tuple[object, ...]],
    turned: bool,
) -> list[Pair]:
    groups: dict[tuple[object, ...], tuple[list[Layer], list[Layer]]] = defaultdict(lambda: ([], []))
    for layer in left.layers:
        groups[_signature(layer)][0].append(layer)
    for layer in there:
        groups[signature(layer)][1].append(layer)
    return [
        _pair(left.take(one), right.take(other), turned)
        for ones, others in groups.values()
        if len(ones) == len(others)
        for one, other in _by_direction(ones, in_order_of_names(ones, others))
    ]


def _by_direction(ones: Sequence[Layer], others: Sequence[Layer]) -> list[tuple[Layer, Layer]]:
    """In their order; those that read backwards among themselves, where there are as many on both sides."""
    backward = [[_is_backward(layer) for layer in side] for side in (ones, others)]
    if sum(backward[0]) != sum(backward[1]):
        return list(zip(ones, others, strict=True))
    return list(zip(sorted(ones, key=_is_backward), sorted(others, key=_is_backward), strict=True))


def _is_backward(layer: Layer) -> bool:
    return layer.settings.get("direction") == "reverse"


def _no_counterpart(left: Sequence[Layer], right: Sequence[Layer]) -> str:
    side, layer = ("A", left[0]) if left else ("B", right[0])
    others = right if left else left
    near = f"; without one on the other side too: {_list(others)}" if others else ""
    lines = [f"{side}: {_shown(layer)} has no counterpart{near}: name the pairs in a file, --map FILE"]
    for place in range(max(len(left), len(right))):
        one = left[place].name if place < len(left) else "?"
        other = right[place].name if place < len(right) else "?"
        lines.append(f"    {one}  {other}")
    return (
        "\n".join(lines)
        if left and right
        else lines[0].replace(
            ": name the pairs in a file, --map FILE", ": give both programs the same layers"
        )
    )


def _list(layers: Sequence[Layer]) -> str:
    return ", ".join(_shown(layer) for layer in layers) or "none"


def _shown(layer: Layer) -> str:
    core = next((part for part in CORE if part in layer.parts), None)
    shape = f" {tuple(layer.parts[core])}" if core else ""
    return f"{layer.name} ({layer.kind}{shape})"


def round_trip_holds(matching: Matching, values: Mapping[str, Array], own: Mapping[str, Array]) -> bool:
    """Whether what was handed over comes back as it was, bit for bit, in the form that both have."""
    there = matching.handed_over(values, own)
    before, after = matching.common(True, values), matching.common(False, there)
    return all(np.array_equal(value, after[name]) for name, value in before.items())
