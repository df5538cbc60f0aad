"""Causes put together: a slug, a sentence, and what to do in two frameworks."""

from collections.abc import Iterable
from dataclasses import replace

from compare.port.records.mending import MENDING, Mending
from compare.port.records.result import Cause

_SETUP = {
    "two-biases": "{side} trains two biases in {place} that are summed: their sum moves twice as far",
    "missing-bias": "only {side} has this bias in {place}",
    "frozen-parameter": "{side} does not train {place}",
    "dropout": "dropout differs: {side}",
    "optimizer": "the update rules differ: {side}",
    "reset-gate": "{place}: the reset gate is applied {side}",
}


def cause(slug: str, sentence: str) -> Cause:
    """A cause of a slug that is known."""
    assert slug in MENDING
    return Cause(slug=slug, sentence=sentence)


def at_setup(slug: str, place: str, side: str) -> Cause:
    """A cause that can be told before anything runs."""
    form = _SETUP.get(slug, "{place}: {side}")
    return cause(slug, form.format(place=place.replace("_", " ") if slug not in _SETUP else place, side=side))


def with_mending(causes: Iterable[Cause], frameworks: tuple[str, str]) -> tuple[Cause, ...]:
    """Each cause with what to do about it in these two frameworks."""
    return tuple(replace(each, mend=_in_words(MENDING[each.slug], frameworks)) for each in causes)


def _in_words(mending: Mending, frameworks: tuple[str, str]) -> str:
    own = {name: getattr(mending, name, "") for name in dict.fromkeys(frameworks)}
    said = "; ".join(f"{name}: {words}" for name, words in own.items() if words)
    return f"{mending.general} ({said})" if said else mending.general
