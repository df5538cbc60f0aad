"""Typical mistakes in a model's forward pass, each a change of its chain."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from compare.port.search.cells import Cell
from compare.port.search.chain import Chain, Group
from compare.port.search.settings import OF_CELLS, OF_LAYERS
from compare.port.search.weights import WrongWeights, wrong_weights

Change = Callable[[Chain], Chain]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """The chain that a mistake makes of another; two of one `place` are never made together."""

    place: tuple[object, ...]
    change: Change


Keyed = tuple[tuple[object, ...], Mistake]


def mistakes(chain: Chain) -> list[Mistake]:
    """Everything that may be wrong in a chain.

    A mistake that can be made in several cells is made in all of them first, then in each.
    """
    alike: dict[tuple[object, ...], list[Mistake]] = {}
    for number, group in enumerate(chain.groups):
        for key, mistake in _in_group(number, group):
            alike.setdefault(key, []).append(mistake)
    everywhere = [_in_all(key, same) for key, same in alike.items()]
    each = [mistake for same in alike.values() if len(same) > 1 for mistake in same]
    return [*everywhere, *_between(chain), *each]


def _in_all(key: tuple[object, ...], same: Sequence[Mistake]) -> Mistake:
    def change(chain: Chain) -> Chain:
        for mistake in same:
            chain = mistake.change(chain)
        return chain

    return same[0] if len(same) == 1 else Mistake(place=("all", *key[:2]), change=change)


def _in_group(number: int, group: Group) -> Iterator[Keyed]:
    """The mistakes of one group, each under a key that the same mistake has in other groups."""
    for place, cell in enumerate(group.cells):
        yield from _in_cell(number, place, group, cell)
    for setting in OF_LAYERS:
        if setting.field != "merge" or len(group.cells) == 2:
            for value in setting.others(group):
                changed = _with_group(number, **{setting.field: value})
                yield (number, setting.field, value), Mistake(place=(number, setting.field), change=changed)
    for wrong in wrong_weights(group.kind, group.parts) if not group.cells else ():
        mistake = Mistake(place=(number, wrong.slug), change=_with_wrong_weights(number, None, wrong))
        yield (number, wrong.slug, wrong.words), mistake
    if len(group.cells) == 2:
        yield from _two_directions(number, group)


def _in_cell(number: int, place: int, group: Group, cell: Cell) -> Iterator[Keyed]:
    for setting in OF_CELLS:
        for value in setting.others(cell):
            changed = _with_cell(number, place, **{setting.field: value})
            yield (
                ("cell", setting.field, value),
                Mistake(place=(number, place, setting.field), change=changed),
            )
    for wrong in wrong_weights(cell.kind, cell.parts):
        changed = _with_wrong_weights(number, place, wrong)
        yield ("cell", wrong.slug, wrong.words), Mistake(place=(number, place, wrong.slug), change=changed)


def _with_wrong_weights(number: int, place: int | None, wrong: WrongWeights) -> Change:
    def change(chain: Chain) -> Chain:
        group = chain.groups[number]
        name = group.name if len(group.cells) < 2 else f"{group.name} ({('forward', 'reverse')[place or 0]})"
        if place is None:
            changed = _with_group(number, parts=wrong.make(group.parts))(chain)
        else:
            changed = _with_cell(number, place, parts=wrong.make(group.cells[place].parts))(chain)
        return _made(changed, wrong.slug, f"{name}: {wrong.words}")

    return change


def _two_directions(number: int, group: Group) -> Iterator[Keyed]:
    def exchanged(chain: Chain) -> Chain:
        changed = _with_group(number, cells=chain.groups[number].cells[::-1])(chain)
        return _made(changed, "direction-order", f"{group.name}: the second direction's states come first")

    def each_others(chain: Chain) -> Chain:
        first, second = chain.groups[number].cells
        cells = replace(first, parts=second.parts), replace(second, parts=first.parts)
        return _made(
            _with_group(number, cells=cells)(chain),
            "direction-order",
            f"{group.name}: the two directions have each other's weights",
        )

    yield (number, "exchanged"), Mistake(place=(number, "cells"), change=exchanged)
    yield (number, "each other's"), Mistake(place=(number, "cells"), change=each_others)


def _between(chain: Chain) -> Iterator[Mistake]:
    if chain.recurrent:
        yield Mistake(place=("time",), change=_time_first)
    for i, one in enumerate(chain.groups):
        for j, other in enumerate(chain.groups[i + 1 :], i + 1):
            if _shapes(one) == _shapes(other):
                yield Mistake(place=("order", i, j), change=_swapped(i, j))


def _time_first(chain: Chain) -> Chain:
    groups = tuple(
        replace(group, cells=tuple(replace(cell, time_first=True) for cell in group.cells))
        for group in chain.groups
    )
    return _made(
        replace(chain, groups=groups),
        "batch-axis",
        "the first axis is taken for time, the second for the batch",
    )


def _swapped(i: int, j: int) -> Change:
    def change(chain: Chain) -> Chain:
        groups = list(chain.groups)
        one, other = groups[i], groups[j]
        groups[i], groups[j] = _with_weights(one, other), _with_weights(other, one)
        return _made(
            replace(chain, groups=tuple(groups)),
            "layer-order",
            f"{one.name} and {other.name} have each other's places",
        )

    return change


def _with_weights(group: Group, source: Group) -> Group:
    cells = tuple(
        replace(cell, parts=other.parts) for cell, other in zip(group.cells, source.cells, strict=True)
    )
    return replace(group, cells=cells, parts=source.parts)


def _shapes(group: Group) -> tuple[object, ...]:
    parts = [group.parts, *(cell.parts for cell in group.cells)]
    shapes = tuple((part, value.shape) for each in parts for part, value in sorted(each.items()))
    return group.kind, len(group.cells), shapes


def _with_cell(number: int, place: int, **fields: object) -> Change:
    def change(chain: Chain) -> Chain:
        cells = list(chain.groups[number].cells)
        cells[place] = replace(cells[place], **fields)  # type: ignore[arg-type]
        return _with_group(number, cells=tuple(cells))(chain)

    return change


def _with_group(number: int, **fields: object) -> Change:
    def change(chain: Chain) -> Chain:
        groups = list(chain.groups)
        groups[number] = replace(groups[number], **fields)  # type: ignore[arg-type]
        return replace(chain, groups=tuple(groups))

    return change


def _made(chain: Chain, slug: str, sentence: str) -> Chain:
    return replace(chain, made=chain.made | {(slug, sentence)})
