"""What is not the same before anything runs."""

from collections.abc import Iterator, Sequence

from compare.port.records.causes import at_setup
from compare.port.records.interface import Description
from compare.port.records.result import SetupRow
from compare.port.records.rules import Rule
from compare.port.search.rule_settings import RULE_SETTINGS
from compare.port.translation.matching import Matching
from compare.port.translation.parts import Pair

LOW = ("float32", "float16", "bfloat16")


def setup_rows(first: Description, second: Description, matching: Matching) -> list[SetupRow]:
    """Every setting that both have, those that differ with the cause that they are."""
    return [
        *_parameters(matching),
        *_dtypes(first, second, matching),
        *_randomness(first, second),
        *_rules(first, second),
    ]


def notes(matching: Matching) -> list[str]:
    """What was folded in, or left out, in handing the weights over."""
    return [said for pair in matching.pairs for said in _folded(pair)]


def _folded(pair: Pair) -> Iterator[str]:
    one, other = f"A's {pair.first.name}", f"B's {pair.second.name}"
    for part in pair.only_first:
        how = "added to its bias" if _is_folded(part, pair) else "left out"
        yield f"{one} has a {_words(part)} that {other} has not: {how}"
    for part in pair.only_second:
        yield f"{other} has a {_words(part)} that {one} has not: set to zero"


def _is_folded(part: str, pair: Pair) -> bool:
    return part in ("recurrent_bias", "candidate_bias") and "bias" in pair.shared


def _words(part: str) -> str:
    return {"recurrent_bias": "second bias", "candidate_bias": "candidate's own bias"}.get(
        part, part.replace("_", " ")
    )


def _parameters(matching: Matching) -> Iterator[SetupRow]:
    for pair in matching.pairs:
        other_reset = _resets(pair)
        if other_reset is not None:
            yield other_reset
        for only, here, there in (
            (pair.only_first, "trained", "absent"),
            (pair.only_second, "absent", "trained"),
        ):
            for part in only:
                slug = "two-biases" if part == "recurrent_bias" and "bias" in pair.shared else "missing-bias"
                own = at_setup(slug, pair.name, "A" if here == "trained" else "B")
                yield SetupRow(
                    name=f"{pair.name}.{part}", first=here, second=there, differs=True,
                    cause=own if other_reset is None else None,
                )  # fmt: skip
        for part in pair.shared:
            frozen = [part in layer.frozen or "array" in layer.frozen for layer in (pair.first, pair.second)]
            if frozen[0] != frozen[1]:
                yield SetupRow(
                    name=f"{pair.name}.{part}",
                    first=_trained(frozen[0]),
                    second=_trained(frozen[1]),
                    differs=True,
                    cause=at_setup("frozen-parameter", f"{pair.name}.{part}", "A" if frozen[0] else "B"),
                )


def _resets(pair: Pair) -> SetupRow | None:
    """A GRU whose reset gate stands elsewhere, and which has other biases for that alone."""
    one, other = (layer.settings.get("reset") for layer in (pair.first, pair.second))
    if pair.kind != "gru" or None in (one, other) or one == other:
        return None
    return SetupRow(
        name=f"{pair.name}: reset gate", first=f"{one} the product", second=f"{other} the product",
        differs=True, cause=at_setup("reset-gate", pair.name, f"{one} the product in A, {other} it in B"),
    )  # fmt: skip


def _trained(frozen: bool) -> str:
    return "not trained" if frozen else "trained"


def _dtypes(first: Description, second: Description, matching: Matching) -> Iterator[SetupRow]:
    yield SetupRow(name="computed in", first=first.dtype, second=second.dtype)
    for pair in matching.pairs:
        odd = [
            [dtype for dtype in layer.dtypes if dtype != description.dtype and dtype in LOW]
            for layer, description in ((pair.first, first), (pair.second, second))
        ]
        if odd[0] != odd[1] and (set(odd[0]) | set(odd[1])) - {"float32"} | _mixed(first) | _mixed(second):
            shown = [", ".join(each) or "as the rest" for each in odd]
            yield SetupRow(
                name=f"{pair.name} dtype", first=shown[0], second=shown[1], differs=True,
                cause=at_setup("dtype", pair.name, f"{shown[0]} in A, {shown[1]} in B"),
            )  # fmt: skip


def _mixed(description: Description) -> set[str]:
    """The dtypes of a program, where it has several."""
    dtypes = {dtype for layer in description.layers for dtype in layer.dtypes}
    return dtypes if len(dtypes) > 1 else set()


def _randomness(first: Description, second: Description) -> Iterator[SetupRow]:
    rates = [[rate for _, rate in each.randomness] for each in (first, second)]
    if any(rates):
        shown = [
            ", ".join(f"{rate:g} in {name or 'the model'}" for name, rate in each.randomness) or "none"
            for each in (first, second)
        ]
        differs = sorted(rates[0]) != sorted(rates[1])
        yield SetupRow(
            name="dropout", first=shown[0], second=shown[1], differs=differs,
            cause=at_setup("dropout", "", f"{shown[0]} in A, {shown[1]} in B") if differs else None,
        )  # fmt: skip


def _rules(first: Description, second: Description) -> Iterator[SetupRow]:
    yield SetupRow(name="optimizer", first=first.optimizer, second=second.optimizer)
    one, other = first.rule, second.rule
    if one is None or other is None:
        return
    if one.kind != other.kind:
        yield SetupRow(
            name="update rule", first=one.kind, second=other.kind, differs=True,
            cause=at_setup("optimizer", "", f"{one.kind} in A, {other.kind} in B"),
        )  # fmt: skip
        return
    for name, slug in rule_fields(one, other):
        values = getattr(one, name), getattr(other, name)
        differs = not _equal(*values)
        yield SetupRow(
            name=name.replace("_", " "),
            first=_shown(values[0]),
            second=_shown(values[1]),
            differs=differs,
            cause=at_setup(slug, name, f"{_shown(values[0])} in A, {_shown(values[1])} in B")
            if differs
            else None,
        )


def rule_fields(one: Rule, other: Rule) -> Sequence[tuple[str, str]]:
    """The settings that count for rules of this kind, each with its slug."""
    without = set()
    if (one.schedule is None) == (other.schedule is None):
        without.add("schedule")
    if one.schedule or other.schedule:
        without.add("learning_rate")
    plain = one.kind == "sgd" and not one.momentum and not other.momentum
    if plain:
        without |= {"dampening", "nesterov"}
    if plain or not (one.weight_decay or other.weight_decay):
        without.add("coupled")  # which is one thing for plain descent
    return [
        (each.field, each.slug)
        for each in RULE_SETTINGS
        if each.told
        and one.kind in each.kinds
        and each.field not in without
        and not _same_clip(each.field, one, other)
    ]


def _same_clip(name: str, one: Rule, other: Rule) -> bool:
    """Whether two norms differ in no setting: the 1e-6 that one framework adds is found where it acts."""
    norms = {"norm", "norm + 1e-6"}
    return name == "clip" and one.clip in norms and other.clip in norms


def _equal(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-6 * max(abs(one), abs(other))
    return one == other


def _shown(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
