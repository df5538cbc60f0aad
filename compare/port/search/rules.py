"""Which rule, given a program's own gradients, makes the moves that it made."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np

from adapters.interface import Array
from compare.port.records.differences import FIT_BANDS
from compare.port.records.rules import Rule, Seen
from compare.port.search.directions import directions
from compare.port.search.rule_settings import RULE_SETTINGS

SECONDS_FOR_PAIRS = 8.0
FEW_UPDATES, FEW_ELEMENTS = 4, 200
PLAIN = (Rule(kind="sgd"), Rule(kind="adam", epsilon=1e-8), Rule(kind="rmsprop", epsilon=1e-8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """The rule that makes a program's moves, and its rate by update."""

    rule: Rule
    rates: Sequence[float]


def identify(seen: Seen, likely: Sequence[Rule | None], *, most: int = 2) -> Identified | None:
    """The rule that a program follows; None where it is none that is known.

    The likely ones come first, then each with one setting changed, then with two, if so many may be.
    """
    rules = [rule for rule in likely if rule is not None]
    for rule in rules:
        rates = rates_of(rule, seen)
        if rates is not None:
            return Identified(rule=rule, rates=rates)
    for estimate in (each for rule in rules for each in _estimated(rule, seen)):
        rates = rates_of(estimate, seen)
        if rates is not None:
            return Identified(rule=estimate, rates=rates)
    few, end = seen.few(FEW_UPDATES, FEW_ELEMENTS), time.monotonic() + SECONDS_FOR_PAIRS
    for number in range(most + 1):
        for rule in _changed([*rules, *PLAIN], number):
            if number > 1 and time.monotonic() > end:
                return None
            rates = rates_of(rule, seen) if rates_of(rule, few) is not None else None
            if rates is not None:
                return Identified(rule=rule, rates=rates)
    return None


def _changed(rules: Sequence[Rule], number: int) -> Iterator[Rule]:
    """The rules with so many settings changed."""
    for rule in rules:
        changes = [
            (each.field, value)
            for each in RULE_SETTINGS
            if rule.kind in each.kinds
            for value in each.others(rule)
        ]
        for chosen in combinations(changes, number):
            if len({name for name, _ in chosen}) == number:
                yield replace(rule, **dict(chosen))  # type: ignore[arg-type]


def _estimated(rule: Rule, seen: Seen) -> Iterator[Rule]:
    """The rule with one setting as the moves would have it, at the rate that it says of itself."""
    rate = seen.known_rates[0] if seen.known_rates else rule.learning_rate
    if not rate or rule.schedule or len(seen.gradients) < 2:
        return
    moves = [
        {name: (value - after[name]) / rate for name, value in before.items()}
        for before, after in pairwise(seen.parameters[:3])
    ]
    first, second = (flat(each) for each in moves)
    values, gradients = flat(seen.parameters[0]), [flat(each) for each in seen.gradients[:2]]
    if rule.kind == "sgd":
        decay = _fitted(first - gradients[0], values)
        yield replace(rule, weight_decay=decay, coupled=True)
        yield replace(rule, momentum=_fitted(second - gradients[1], first), nesterov=False, dampening=0.0)
        yield replace(rule, clip="value", clip_limit=float(np.abs(first).max(initial=0.0)))
        for form in ("norm", "norm + 1e-6"):
            yield replace(rule, clip=form, clip_limit=float(np.linalg.norm(first)))
    plain = next(directions(replace(rule, weight_decay=0.0), seen))
    yield replace(rule, weight_decay=_fitted(first - flat(plain), values), coupled=False)


def rates_of(rule: Rule, seen: Seen) -> list[float] | None:
    """The rate by update at which a rule makes these moves; None where it does not, whatever the rate."""
    given = seen.known_rates
    if rule.velocity == "of moves" and rule.momentum and given is None:
        given = [rule.learning_rate or 1.0] * len(seen.gradients)
    found = []
    for n, direction in enumerate(directions(rule, seen, given)):
        before, after = seen.parameters[n], seen.parameters[n + 1]
        move = flat({name: before[name].astype(np.float64) - after[name] for name in direction})
        wanted = flat(direction)
        rate = given[n] if given is not None else _fitted(move, wanted)
        size = float(np.linalg.norm(flat(before)))
        left = float(np.linalg.norm(move - rate * wanted))
        rounding = 8 * float(np.finfo(seen.dtype).eps) * size
        if not left <= FIT_BANDS[seen.dtype] * float(np.linalg.norm(move)) + rounding:
            return None
        found.append(rate)
    return found


def _fitted(move: Array, direction: Array) -> float:
    square = float(direction @ direction)
    return float(move @ direction) / square if square else 0.0


def flat(values: Mapping[str, Array]) -> Array:
    """All elements side by side.

    Shapes: (P,).
    """
    return np.concatenate([value.ravel() for value in values.values()]) if values else np.zeros(0)
