"""Why updates differ: the rules by which both programs move, and in what they are unlike."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from compare.port.records.causes import cause
from compare.port.records.result import Cause
from compare.port.records.rules import Rule, Seen
from compare.port.search.directions import directions
from compare.port.search.rule_settings import RULE_SETTINGS
from compare.port.search.rules import Identified, flat, identify
from compare.port.translation.parts import Pair

if TYPE_CHECKING:
    from compare.port.observation import Observed

MOST_NUMBERS = 4_000_000
LEAST_SHOWN = 1e-13
"""Below it, a setting that was told from moves is none."""

LETTERS = ("A", "B")
RATE_BANDS = {"float64": 1e-7, "float32": 1e-3}
"""Within which two rates, told from moves in a dtype, are one."""


def causes_at_update(observed: "Observed", updates: int) -> list[Cause] | None:
    """How the second one's rule differs from the first one's; empty where it does not, None where unknown."""
    opened = observed.opened
    size = sum(value.size for value in opened.values.values())
    number = min(updates, max(3, MOST_NUMBERS // max(size, 1)))
    opened.begin()
    every = [side.observe(number) for side in opened.sides]
    seen = [_moving(each) for each in every]
    still = _not_moving(observed, every, seen)
    declared = [description.rule for description in opened.descriptions]
    first = identify(seen[0], declared)
    second = identify(seen[1], [declared[1], declared[0], first.rule if first else None])
    if first is None or second is None:
        sparse = _sparse(observed, number, first, second)
        if sparse is not None:
            return [*still, *sparse]
        return [*still, *_by_parameter(observed, seen, first, second)] or None
    return [*still, *_unlike(first, second, seen[0], len(opened.batches))]


def _sparse(
    observed: "Observed", number: int, first: Identified | None, second: Identified | None
) -> list[Cause] | None:
    """Whether one side follows its rule once gradients of embeddings are added up before it."""
    known, found = [first, second], []
    declared = [description.rule for description in observed.opened.descriptions]
    observed.opened.begin()
    for place, side in enumerate(observed.opened.sides):
        if known[place] is None and side.vary("sparse-gradient"):
            observed.opened.begin()
            known[place] = identify(_moving(side.observe(number)), [declared[place], declared[1 - place]])
            words = f"{LETTERS[place]} hands an embedding's gradient to its optimizer token by token"
            found.append(cause("sparse-gradient", words))
    one, other = known
    if not found or one is None or other is None:
        return None
    observed.opened.begin()
    seen = _moving(observed.opened.sides[0].observe(number))
    return [*found, *_unlike(one, other, seen, len(observed.opened.batches))]


def _unlike(first: Identified, second: Identified, seen: Seen, batches: int) -> list[Cause]:
    return [
        *_rates(first.rates, second.rates, batches, RATE_BANDS[seen.dtype]),
        *_settings(first.rule, second.rule, seen),
    ]


def _by_parameter(
    observed: "Observed", seen: Sequence[Seen], first: Identified | None, second: Identified | None
) -> list[Cause]:
    """What differs where a program has a rule of its own for some parameters."""
    found: list[Cause] = []
    declared = [description.rule for description in observed.opened.descriptions]
    known = [each.rule for each in (first, second) if each is not None]
    likely = [*known, *(rule for rule in declared if rule is not None)]
    for pair in observed.opened.matching.pairs:
        for part in pair.shared:
            one, other = (_rule_of_part(each, pair, part, place, likely) for place, each in enumerate(seen))
            if one is None or other is None:
                continue
            found += [
                replace(each, sentence=f"{pair.name}.{part}: {each.sentence}")
                for each in _unlike(one, other, seen[0].of([pair.first_places[part].key]), 1)
            ]
    return list({each.slug: each for each in reversed(found)}.values())[::-1]


def _rule_of_part(seen: Seen, pair: Pair, part: str, place: int, likely: Sequence[Rule]) -> Identified | None:
    key = (pair.second_places if place else pair.first_places)[part].key
    return identify(seen.of([key]), likely, most=1) if key in seen.parameters[0] else None


def _moving(seen: Seen) -> Seen:
    """What is seen of the parameters that move at all."""
    return seen.of(
        [
            name
            for name, value in seen.parameters[0].items()
            if any(not np.array_equal(value, later[name]) for later in seen.parameters[1:])
        ]
    )


def _not_moving(observed: "Observed", seen: Sequence[Seen], moving: Sequence[Seen]) -> list[Cause]:
    """Parameters that one program moves and the other does not, though both say that they train them."""
    found = []
    for pair in observed.opened.matching.pairs:
        for part in pair.shared:
            keys = pair.first_places[part].key, pair.second_places[part].key
            moves = [key in each.parameters[0] for key, each in zip(keys, moving, strict=True)]
            still = 1 if moves[0] else 0
            pushed = any(gradient[keys[still]].any() for gradient in seen[still].gradients)
            if moves[0] != moves[1] and pushed:
                found.append(cause("frozen-parameter", f"{LETTERS[still]} does not move {pair.name}.{part}"))
    return found


def _rates(first: Sequence[float], second: Sequence[float], batches: int, band: float) -> list[Cause]:
    """How the rates differ: all by one factor, or by when they change."""
    one, other = np.array(first), np.array(second)
    if np.allclose(one, other, rtol=band, atol=0):
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = other / one
    update = int(np.argmin(np.isclose(one, other, rtol=band, atol=0)))
    words = f"rates part at update {update + 1}: {one[update]:.6g} in A, {other[update]:.6g} in B"
    varying = not np.allclose(one, one[0], rtol=10 * band)
    for a, b, behind in ((one, other, "B is one update behind A"), (other, one, "A is one update behind B")):
        if varying and np.allclose(b[1:], a[:-1], rtol=band):
            return [cause("schedule", f"{behind}: {words}")]
    if np.allclose(factors, factors[0], rtol=10 * band):
        return [cause("learning-rate", f"B's learning rate is {factors[0]:.6g} times A's, {one[0]:.4g}")]
    for name, each, constant in (("B", other, one), ("A", one, other)):
        steady = all(
            np.allclose(each[n : n + batches], each[n], rtol=10 * band) for n in range(0, len(each), batches)
        )
        if batches > 1 and steady and not np.allclose(constant, constant[0], rtol=10 * band):
            return [cause("schedule", f"{name}'s rate changes by epoch, the other's by update: {words}")]
    return [cause("schedule", words)]


def _settings(first: Rule, second: Rule, seen: Seen) -> list[Cause]:
    """The settings whose other value makes other moves of the same gradients."""
    if first.kind != second.kind:
        return [cause("optimizer", f"A's updates are those of {first.kind}, B's of {second.kind}")]
    found = [
        cause(slug, f"{name.replace('_', ' ')} is {_shown(first, name)} in A, {_shown(second, name)} in B")
        for slug, name in _other_values(first, second)
        if _acts(first, second, name, seen)
    ]
    return list({each.slug: each for each in reversed(found)}.values())[::-1]


def _other_values(first: Rule, second: Rule) -> Iterator[tuple[str, str]]:
    for each in RULE_SETTINGS:
        tried = first.kind in each.kinds and each.values
        if tried and getattr(first, each.field) != getattr(second, each.field):
            yield each.slug_in(first.kind), each.field


def _shown(rule: Rule, name: str) -> str:
    value = getattr(rule, name)
    if isinstance(value, float):
        return f"{value if abs(value) > LEAST_SHOWN else 0:g}"
    return str(value)


def _acts(first: Rule, second: Rule, name: str, seen: Seen) -> bool:
    """Whether either rule makes other moves with the other's value."""
    return any(
        not _same_moves(rule, replace(rule, **{name: value}), seen)
        for rule, value in ((first, getattr(second, name)), (second, getattr(first, name)))
    )


def _same_moves(one: Rule, other: Rule, seen: Seen) -> bool:
    rates = seen.known_rates or [one.learning_rate or 1.0] * len(seen.gradients)
    pairs = zip(directions(one, seen, rates), directions(other, seen, rates), strict=True)
    return all(
        float(np.linalg.norm(flat(a) - flat(b))) <= 1e-10 * float(np.linalg.norm(flat(a))) for a, b in pairs
    )
