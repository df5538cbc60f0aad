"""In what two chains, each of which computes what its program does, are unlike."""

from collections.abc import Iterator
from itertools import zip_longest

from compare.port.search.cells import Cell
from compare.port.search.chain import Chain, Group
from compare.port.search.settings import OF_CELLS, OF_LAYERS, Setting

LETTERS = ("A", "B")
AVERAGES = {"mean over steps", "mean over all steps, padded ones too"}
LAST_VALID, LAST = "last valid step", {"states", "last step"}
"""Where padded steps are computed, these differ by padding alone."""

Unlike = tuple[str, str]
"""A slug, and a sentence."""


def unlike(one: Chain, other: Chain) -> list[Unlike]:
    """What is done on one side and not on the other, each mistake named once."""
    found = [*_reading(one, other), *_padding(one, other)]
    for place, chain in enumerate((one, other)):
        there = (other, one)[place]
        found += [(slug, f"in {LETTERS[place]}, {words}") for slug, words in sorted(chain.made - there.made)]
    for first, second in zip(one.groups, other.groups, strict=True):
        found += _settings(first, second)
    return list({slug: (slug, words) for slug, words in reversed(found)}.values())[::-1]


def _reading(one: Chain, other: Chain) -> Iterator[Unlike]:
    if one.read != other.read:
        reads = {one.read, other.read}
        beyond = any(_padded(chain, reverse=False) for chain in (one, other))
        padding = reads == AVERAGES or (beyond and LAST_VALID in reads and reads & LAST)
        words = f"A reads the {one.read}, B the {other.read}".replace("the states", "the final states")
        yield "padding" if padding else "readout-step", words


def _padding(one: Chain, other: Chain) -> Iterator[Unlike]:
    """Whether padded steps are computed: by a side's forward cells, or by its reverse ones alone."""
    padded = [[_padded(chain, reverse=reverse) for reverse in (False, True)] for chain in (one, other)]
    for way, slug, words in ((0, "padding", "model"), (1, "direction-padding", "reverse direction")):
        sides = [LETTERS[side] for side in (0, 1) if padded[side][way]]
        alone = way == 0 or padded[0][0] == padded[1][0]
        if len(sides) == 1 and alone:
            yield slug, f"{sides[0]}'s {words} computes steps beyond a sequence's length like others"


def _padded(chain: Chain, *, reverse: bool) -> bool:
    return any(cell.padded for group in chain.groups for cell in group.cells if cell.reverse == reverse)


def _settings(first: Group, second: Group) -> Iterator[Unlike]:
    for setting in OF_LAYERS:
        yield from _setting(setting, first.name, first, second)
    for place, (one, other) in enumerate(zip_longest(first.cells, second.cells)):
        if one is not None and other is not None:
            name = first.name if len(first.cells) == 1 else f"{first.name} ({('forward', 'reverse')[place]})"
            for setting in OF_CELLS:
                yield from _setting(setting, name, one, other)


def _setting(setting: Setting, name: str, first: Cell | Group, second: Cell | Group) -> Iterator[Unlike]:
    if first.kind in setting.kinds and second.kind in setting.kinds:
        one, other = getattr(first, setting.field), getattr(second, setting.field)
        if one != other:
            yield setting.slug, setting.words.format(name=name, one=_shown(one), other=_shown(other))


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
