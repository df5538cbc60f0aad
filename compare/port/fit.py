"""Which chain, with which mistakes made in it, computes what a program does."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from adapters.interface import Array
from compare.port.chain import READ, Chain, run
from compare.port.mistakes import Mistake, mistakes
from compare.port.records.differences import relative

SECONDS_FOR_PAIRS = 15.0
BAND = 1e-9
FEW_ROWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Inputs, the parameters' chain, and what the program made of them."""

    chain: Chain
    inputs: Array
    lengths: Array | None
    outputs: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The chain that a program computes: one of the ways to read and pad, and the mistakes made in it."""

    read: str
    padded: tuple[bool, bool]
    made: tuple[Mistake, ...]


Ways = Sequence[tuple[str, tuple[bool, bool]]]


def explain(probes: Sequence[Probe], first: "Explained | None" = None, *, most: int = 2) -> Explained | None:
    """The fewest mistakes, so many at most, that reproduce every probe; ways like another's come first."""
    padding = any(probe.lengths is not None for probe in probes)
    ways = list(_ways(probes[0], padding))
    if first is not None:
        ways.sort(key=lambda way: way != (first.read, first.padded))
    for number in range(most + 1):
        end = time.monotonic() + SECONDS_FOR_PAIRS
        for read, padded in ways:
            for made in _combinations(_as(probes[0].chain, read, padded), padding, number):
                if time.monotonic() > end:
                    return None
                if all(_reproduces(probe, read, padded, made) for probe in probes):
                    return Explained(read=read, padded=padded, made=made)
    return None


def _combinations(chain: Chain, padding: bool, number: int) -> Iterable[tuple[Mistake, ...]]:
    return combinations(mistakes(chain, lengths=padding), number) if number else [()]


def _ways(probe: Probe, padding: bool) -> Iterator[tuple[str, tuple[bool, bool]]]:
    """What to read, and whether forward and reverse directions compute padded steps."""
    paddings = [(False, False), (True, True), (False, True)] if padding else [(False, False)]
    if not any(group.cells for group in probe.chain.groups):
        yield probe.chain.read, paddings[0]
        return
    for padded in paddings:
        yield from ((read, padded) for read in READ)


def _as(chain: Chain, read: str, padded: tuple[bool, bool]) -> Chain:
    groups = tuple(
        replace(group, cells=tuple(replace(cell, padded=padded[cell.reverse]) for cell in group.cells))
        for group in chain.groups
    )
    return replace(chain, groups=groups, read=read)


def _reproduces(probe: Probe, read: str, padded: tuple[bool, bool], made: Sequence[Mistake]) -> bool:
    few = replace(
        probe,
        inputs=probe.inputs[:FEW_ROWS],
        lengths=None if probe.lengths is None else probe.lengths[:FEW_ROWS],
        outputs=probe.outputs[:FEW_ROWS],
    )
    time_first = any(each.slug == "batch-axis" for each in made)
    checked = [probe] if time_first else [few, probe]
    return all(_computes(each, read, padded, made) for each in checked)


def _computes(probe: Probe, read: str, padded: tuple[bool, bool], made: Sequence[Mistake]) -> bool:
    chain = _as(probe.chain, read, padded)
    try:
        for each in made:
            chain = each.change(chain)
        with np.errstate(all="ignore"):
            found = run(chain, probe.inputs, probe.lengths)
    except (LookupError, ValueError):
        return False
    outputs = probe.outputs
    if found.shape != outputs.shape and found.size == outputs.size:
        found = found.reshape(outputs.shape)
    return found.shape == outputs.shape and bool(relative(found, outputs).max(initial=0.0) <= BAND)
