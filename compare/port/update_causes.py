"""Why updates differ: which rule, given a program's own gradients, makes the moves that it made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from adapters.interface import Array
from compare.port.records.mending import cause
from compare.port.records.result import Cause
from compare.port.records.rules import SLUGS, USED, Rule, directions
from compare.port.side import Seen

if TYPE_CHECKING:
    from compare.port.comparison import Observed

BAND = 1e-9
MOST_NUMBERS = 4_000_000
LETTERS = ("A", "B")


def causes_at_update(observed: "Observed", updates: int) -> list[Cause] | None:
    """How the second one's rule differs from the first one's; empty where it does not, None where unknown."""
    opened = observed.opened
    size = sum(value.size for value in opened.values.values())
    number = min(updates, max(3, MOST_NUMBERS // max(size, 1)))
    opened.begin()
    every = [side.observe(number) for side in opened.sides]
    seen = [_moving(each) for each in every]
    found = _not_moving(observed, every, seen)
    declared = [description.rule for description in opened.descriptions]
    first = identify(seen[0], declared[0], [declared[1]])
    second = identify(seen[1], declared[1], [declared[0], first[0] if first else None])
    if first is None or second is None:
        return found or None
    return [*found, *_rates(first[1], second[1], len(opened.batches)), *_fields(first[0], second[0], seen[0])]


def identify(
    seen: Seen, declared: Rule | None, others: Sequence[Rule | None]
) -> tuple[Rule, list[float]] | None:
    """The rule that makes a program's moves, and its rate by update.

    The declared one comes first, then the other program's, then each with one setting changed, then with two.
    """
    rules = [rule for rule in (declared, *others) if rule is not None]
    for rule in rules:
        rates = rates_of(rule, seen)
        if rates is not None:
            return rule, rates
    bases = [
        *rules,
        *(Rule(kind=kind, epsilon=1e-8 * (kind != "sgd")) for kind in ("sgd", "adam", "rmsprop")),
    ]
    few = _first(seen, 4)
    for number in (1, 2):
        for base in bases:
            for changes in combinations(list(_settings(base)), number):
                names = [name for name, _ in changes]
                if len(set(names)) < len(names):
                    continue
                rule = replace(base, **dict(changes))  # type: ignore[arg-type]
                if rates_of(rule, few) is not None:
                    rates = rates_of(rule, seen)
                    if rates is not None:
                        return rule, rates
    return None


def rates_of(rule: Rule, seen: Seen) -> list[float] | None:
    """The rate by update at which a rule makes these moves; None where it does not, whatever the rate."""
    given = _given_rates(rule, seen)
    if rule.velocity == "of moves" and rule.momentum and given is None:
        given = [rule.learning_rate or 1.0] * len(seen.gradients)
    found = []
    moves = directions(rule, seen.parameters[:-1], seen.gradients, given)
    for n, direction in enumerate(moves):
        before, after = seen.parameters[n], seen.parameters[n + 1]
        move = _flat({name: before[name] - after[name] for name in direction})
        wanted = _flat(direction)
        rate = given[n] if given is not None else _fitted(move, wanted)
        size = float(np.linalg.norm(_flat(before)))
        left = float(np.linalg.norm(move - rate * wanted))
        if not left <= BAND * float(np.linalg.norm(move)) + 8 * np.finfo(float).eps * size:
            return None
        found.append(rate)
    return found


def _given_rates(rule: Rule, seen: Seen) -> list[float] | None:
    known = [rate for rate in seen.rates if rate is not None]
    return known if len(known) == len(seen.gradients) else None


def _fitted(move: Array, direction: Array) -> float:
    square = float(direction @ direction)
    return float(move @ direction) / square if square else 0.0


def _flat(values: Mapping[str, Array]) -> Array:
    return np.concatenate([value.ravel() for value in values.values()]) if values else np.zeros(0)


def _first(seen: Seen, number: int) -> Seen:
    return Seen(
        parameters=seen.parameters[: number + 1],
        gradients=seen.gradients[:number],
        rates=seen.rates[:number],
    )


def _moving(seen: Seen) -> Seen:
    """What is seen of the parameters that move at all."""
    names = [
        name
        for name, value in seen.parameters[0].items()
        if any(not np.array_equal(value, later[name]) for later in seen.parameters[1:])
    ]
    return Seen(
        parameters=[{name: values[name] for name in names} for values in seen.parameters],
        gradients=[{name: values[name] for name in names} for values in seen.gradients],
        rates=seen.rates,
    )


def _not_moving(observed: "Observed", seen: Sequence[Seen], moving: Sequence[Seen]) -> list[Cause]:
    """Parameters that one program moves and the other does not, though both say that they train them."""
    matching = observed.opened.matching
    found = []
    for pair in matching.pairs:
        for part in pair.shared:
            keys = pair.first_places[part].key, pair.second_places[part].key
            moves = [key in each.parameters[0] for key, each in zip(keys, moving, strict=True)]
            still = 1 if moves[0] else 0
            pushed = any(gradient[keys[still]].any() for gradient in seen[still].gradients)
            if moves[0] != moves[1] and pushed:
                side = "B" if moves[0] else "A"
                found.append(cause("frozen-parameter", f"{side} does not move {pair.name}.{part}"))
    return found


def _settings(rule: Rule) -> Iterator[tuple[str, object]]:
    """Other values of one setting."""
    values: dict[str, tuple[object, ...]] = {
        "kind": ("sgd", "adam", "rmsprop"),
        "momentum": (0.0, 0.5, 0.8, 0.9, 0.95, 0.99),
        "dampening": (0.0, 0.1, 0.5, 0.9, rule.momentum),
        "nesterov": (not rule.nesterov,),
        "velocity": ("of moves", "of gradients"),
        "beta1": (0.9, 0.95, 0.99, 0.8, 0.5, 0.0),
        "beta2": (0.999, 0.99, 0.95, 0.9, 0.98, 0.9999),
        "decay": (0.9, 0.99, 0.95, 0.999),
        "centered": (not rule.centered,),
        "amsgrad": (not rule.amsgrad,),
        "epsilon": (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-10, 0.0),
        "epsilon_place": ("after the bias correction", "before the bias correction", "inside the root"),
        "bias_correction": (not rule.bias_correction,),
        "weight_decay": (0.0, 1e-4, 1e-3, 1e-2, 0.1, 5e-4, 5e-3, 0.05, 4e-3),
        "coupled": (not rule.coupled,),
        "clip": (None, "value", "norm", "norm + 1e-6", "norm of each array"),
        "clip_limit": (1.0, 0.1, 0.5, 5.0, 10.0, 0.01),
    }
    for name, choices in values.items():
        yield from ((name, value) for value in choices if value != getattr(rule, name))


def _rates(first: Sequence[float], second: Sequence[float], batches: int) -> list[Cause]:
    """How the rates differ: all by one factor, or by when they change."""
    one, other = np.array(first), np.array(second)
    if np.allclose(one, other, rtol=1e-7, atol=0):
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = other / one
    update = int(np.argmin(np.isclose(one, other, rtol=1e-7, atol=0)))
    words = f"rates part at update {update + 1}: {one[update]:.6g} in A, {other[update]:.6g} in B"
    varying = not np.allclose(one, one[0], rtol=1e-6)
    for a, b, behind in ((one, other, "B is one update behind A"), (other, one, "A is one update behind B")):
        if varying and np.allclose(b[1:], a[:-1], rtol=1e-7):
            return [cause("schedule", f"{behind}: {words}")]
    if np.allclose(factors, factors[0], rtol=1e-6):
        return [cause("learning-rate", f"B's learning rate is {factors[0]:.6g} times A's, {one[0]:.4g}")]
    for name, each, constant in (("B", other, one), ("A", one, other)):
        steady = all(np.allclose(each[n : n + batches], each[n]) for n in range(0, len(each), batches))
        if batches > 1 and steady and not np.allclose(constant, constant[0]):
            return [cause("schedule", f"{name}'s rate changes by epoch, the other's by update: {words}")]
    return [cause("schedule", words)]


def _fields(first: Rule, second: Rule, seen: Seen) -> list[Cause]:
    """The settings whose other value makes other moves of the same gradients."""
    if first.kind != second.kind:
        return [cause("optimizer", f"A's updates are those of {first.kind}, B's of {second.kind}")]
    used = USED[first.kind] | {
        "weight_decay",
        "coupled",
        "clip",
        "clip_limit",
        "velocity",
        "epsilon_place",
        "bias_correction",
    }
    found = []
    for each in fields(Rule):
        name = each.name
        one, other = getattr(first, name), getattr(second, name)
        if name in used and one != other and _acts(first, second, name, seen):
            found.append(
                cause(_slug(first.kind, name), f"{name.replace('_', ' ')} is {one} in A, {other} in B")
            )
    return list({each.slug: each for each in found}.values())


def _slug(kind: str, name: str) -> str:
    return "rmsprop-form" if kind == "rmsprop" and name == "epsilon_place" else SLUGS[name]


def _acts(first: Rule, second: Rule, name: str, seen: Seen) -> bool:
    """Whether either rule makes other moves with the other's value."""
    return any(
        not _same_moves(rule, replace(rule, **{name: value}), seen)
        for rule, value in ((first, getattr(second, name)), (second, getattr(first, name)))
    )


def _same_moves(one: Rule, other: Rule, seen: Seen) -> bool:
    known = _given_rates(one, seen)
    rates = known or [one.learning_rate or 1.0] * len(seen.gradients)
    pairs = zip(
        directions(one, seen.parameters[:-1], seen.gradients, rates),
        directions(other, seen.parameters[:-1], seen.gradients, rates),
        strict=True,
    )
    return all(
        float(np.linalg.norm(_flat(a) - _flat(b))) <= 1e-10 * float(np.linalg.norm(_flat(a)))
        for a, b in pairs
    )
