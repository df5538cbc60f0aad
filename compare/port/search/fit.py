"""Which chain, with which mistakes made in it, computes what a program does."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from adapters.interface import Array
from compare.port.records.differences import relative
from compare.port.search.cells import Cell
from compare.port.search.chain import READ, Chain, States, outputs_of, recurrent_part, states_of
from compare.port.search.mistakes import Mistake, mistakes

SECONDS_FOR_PAIRS = 12.0
FEW_ROWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Padding:
    """Beyond a sequence's length forward cells, or reverse ones, compute on; or all hand on zeros."""

    forward: bool = False
    reverse: bool = False
    zeroed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The chain of a program, inputs, and what the program made of them; equal within `band`."""

    chain: Chain
    inputs: Array
    lengths: Array | None
    outputs: Array
    band: float


def explain(probes: Sequence[Probe], like: Chain | None = None, *, most: int = 2) -> Chain | None:
    """The chain with the fewest mistakes, so many at most, that reproduces every probe.

    Of several ways to read and to pad, those of the chain that it should be `like` come first.
    """
    search = _Search(probes, like)
    for number in range(most + 1):
        found = search.with_mistakes(number)
        if found is not None:
            return found
    return None


class _Search:
    def __init__(self, probes: Sequence[Probe], like: Chain | None) -> None:
        self.probes, first = probes, probes[0]
        self.few = _few(first)
        self.lengths = any(probe.lengths is not None for probe in probes)
        self.paddings = _first(_paddings(first.chain, self.lengths), like and _padding_of(like))
        self.reads = _first(list(READ) if first.chain.recurrent else [first.chain.read], like and like.read)
        self.states: dict[tuple[object, ...], States | None] = {}

    def with_mistakes(self, number: int) -> Chain | None:
        """The first chain with so many mistakes that reproduces all."""
        plain = self.probes[0].chain
        for padding in self.paddings:
            end = time.monotonic() + SECONDS_FOR_PAIRS / len(self.paddings)
            self.states.clear()  # its keys are of mistakes that live as long as this list
            found = mistakes(_padded(plain, padding))
            for made in _together(found, number):
                if number > 1 and time.monotonic() > end:
                    break
                for read in self.reads:
                    if self._may_be(padding, made, read) and self._is(padding, made, read):
                        return self._made(plain, padding, made, read)
        return None

    def _made(self, plain: Chain, padding: Padding, made: Sequence[Mistake], read: str) -> Chain:
        chain = replace(_padded(plain, padding), read=read)
        for each in made:
            chain = each.change(chain)
        return chain

    def _may_be(self, padding: Padding, made: Sequence[Mistake], read: str) -> bool:
        """Whether a few rows come out as they should."""
        chain = self._made(self.few.chain, padding, made, read)
        if _is_time_first(chain):
            return True
        states = self._states_of_few(chain, padding, made)
        return states is not None and _same(chain, states, self.few)

    def _states_of_few(self, chain: Chain, padding: Padding, made: Sequence[Mistake]) -> States | None:
        """What the recurrent part makes of a few rows; kept, since many ways to read follow."""
        length = len(recurrent_part(chain))
        key = (padding, *(id(each) for each in made if _is_before(each, length)))
        if key not in self.states:
            if len(self.states) > 2000:
                self.states.clear()
            self.states[key] = _states(chain, self.few)
        return self.states[key]

    def _is(self, padding: Padding, made: Sequence[Mistake], read: str) -> bool:
        for probe in self.probes:
            chain = self._made(probe.chain, padding, made, read)
            states = _states(chain, probe)
            if states is None or not _same(chain, states, probe):
                return False
        return True


def _first(choices: list, favourite: object) -> list:  # type: ignore[type-arg]
    return sorted(choices, key=lambda each: each != favourite)


def _few(probe: Probe) -> Probe:
    return replace(
        probe,
        inputs=probe.inputs[:FEW_ROWS],
        lengths=None if probe.lengths is None else probe.lengths[:FEW_ROWS],
        outputs=probe.outputs[:FEW_ROWS],
    )


def _paddings(chain: Chain, lengths: bool) -> list[Padding]:
    if not lengths or not chain.recurrent:
        return [Padding()]
    return [Padding(), Padding(zeroed=True), Padding(forward=True, reverse=True), Padding(reverse=True)]


def _padding_of(chain: Chain) -> Padding:
    cells = [cell for group in chain.groups for cell in group.cells]
    ways = [any(cell.padded for cell in cells if cell.reverse == reverse) for reverse in (False, True)]
    return Padding(
        forward=ways[0],
        reverse=ways[1] or (ways[0] and not any(cell.reverse for cell in cells)),
        zeroed=any(cell.zeroed for cell in cells),
    )


def _padded(chain: Chain, padding: Padding) -> Chain:
    def with_padding(cell: Cell) -> Cell:
        computed = padding.reverse if cell.reverse else padding.forward
        return replace(cell, padded=computed, zeroed=padding.zeroed)

    groups = tuple(
        replace(group, cells=tuple(with_padding(cell) for cell in group.cells)) for group in chain.groups
    )
    return replace(chain, groups=groups)


def _together(found: Sequence[Mistake], number: int) -> Iterator[tuple[Mistake, ...]]:
    """So many mistakes at once, none in the place of another."""
    for made in combinations(found, number):
        places = [each.place for each in made]
        if len(set(places)) == len(places):
            yield made


def _is_before(mistake: Mistake, length: int) -> bool:
    """Whether it changes the recurrent part."""
    number = mistake.place[0]
    return not isinstance(number, int) or number < length


def _is_time_first(chain: Chain) -> bool:
    return any(cell.time_first for group in chain.groups for cell in group.cells)


def _states(chain: Chain, probe: Probe) -> States | None:
    try:
        with np.errstate(all="ignore"):
            return states_of(recurrent_part(chain), probe.inputs, probe.lengths)
    except (LookupError, ValueError):
        return None


def _same(chain: Chain, states: States, probe: Probe) -> bool:
    try:
        with np.errstate(all="ignore"):
            found = outputs_of(chain, states, probe.lengths)
    except (LookupError, ValueError):
        return False
    outputs = probe.outputs
    if found.shape != outputs.shape and found.size == outputs.size:
        found = found.reshape(outputs.shape)
    return found.shape == outputs.shape and bool(relative(found, outputs).max(initial=0.0) <= probe.band)
