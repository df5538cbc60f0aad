"""The specs, made from plain tables; their own validation says what is wrong, and this under which key."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, TypeVar

from adapters.interface import ModelSpec, TrainSpec
from adapters.optimizers import OPTIMIZERS, Optimizer
from adapters.schedules import SCHEDULES, LearningRate
from compare.errors import UsageError, check_choice

Spec = TypeVar("Spec")

OWN_KEYS = ("batch_size", "epochs")
"""What stands among the fields of `TrainSpec`, and is the task's."""


def model_spec(where: str, given: Mapping[str, Any]) -> ModelSpec:
    """The model of these fields; `where` they stand is what an error begins with.

    Raises: UsageError.
    """
    return _made(ModelSpec, where, given)


def train_spec(where: str, given: Mapping[str, Any]) -> TrainSpec:
    """The training of these fields, of which some are the task's own.

    Raises: UsageError.
    """
    for key in given:
        check_choice(f"key of {where}", key, [*_names(TrainSpec), *OWN_KEYS])
    chosen = {key: value for key, value in given.items() if key not in OWN_KEYS}
    if "optimizer" in chosen:
        chosen["optimizer"] = _optimizer(f"{where}.optimizer", chosen["optimizer"])
    return _made(TrainSpec, where, chosen)


def plain_train(train: TrainSpec) -> dict[str, Any]:
    """The fields of a spec as a job's file has them; those that are None are left out."""
    rule, rate = train.optimizer, train.optimizer.learning_rate
    named = rate if isinstance(rate, float | int) else {SCHEDULES[type(rate)]: asdict(rate)}
    others = {key: value for key, value in asdict(train).items() if key != "optimizer" and value is not None}
    return {"optimizer": {OPTIMIZERS[type(rule)]: {**asdict(rule), "learning_rate": named}}, **others}


def whole_number(where: str, given: Mapping[str, Any], key: str, most: int) -> int | None:
    """A count, or None where it is not given.

    Raises: UsageError.
    """
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise UsageError(f"{where}.{key} is {value!r}: it must be a whole number between 1 and {most:,}")
    return value


def _optimizer(where: str, given: Any) -> Optimizer:
    kinds: dict[str, type] = {name: kind for kind, name in OPTIMIZERS.items()}
    name, settings = _only_entry(where, given, kinds, "adam = { learning_rate = 0.001 }")
    chosen = dict(settings)
    if isinstance(chosen.get("learning_rate"), Mapping):
        chosen["learning_rate"] = _schedule(f"{where}.{name}.learning_rate", chosen["learning_rate"])
    made: Optimizer = _made(kinds[name], f"{where}.{name}", chosen)
    return made


def _schedule(where: str, given: Any) -> LearningRate:
    kinds: dict[str, type] = {name: kind for kind, name in SCHEDULES.items()}
    name, settings = _only_entry(where, given, kinds, "cosine = { peak = 0.001, updates = 1000 }")
    made: LearningRate = _made(kinds[name], f"{where}.{name}", settings)
    return made


def _only_entry(
    where: str, given: Any, kinds: Mapping[str, type], example: str
) -> tuple[str, Mapping[str, Any]]:
    """The one key of a table, and what stands under it, of which nothing belongs to another key alone."""
    if not isinstance(given, Mapping) or len(given) != 1:
        raise UsageError(f"{where}: it must have one of {', '.join(kinds)}, as in {{ {example} }}")
    ((name, settings),) = given.items()
    check_choice(f"key of {where}", name, kinds)
    if not isinstance(settings, Mapping):
        raise UsageError(f"{where}.{name} is {settings!r}: it must be a table, as in {{ {example} }}")
    for key, value in settings.items():
        owners = [owner for owner, kind in kinds.items() if key in _names(kind)]
        if owners and name not in owners:
            raise UsageError(
                f"{where}.{name}.{key} is {value!r}: it belongs to {', '.join(owners)}: "
                f"use {' or '.join(owners)}, or leave it out"
            )
    return name, settings


def _made(kind: type[Spec], where: str, given: Mapping[str, Any]) -> Spec:
    for key in given:
        check_choice(f"key of {where}", key, _names(kind))
    known = fields(kind)  # type: ignore[arg-type]
    missing = [f.name for f in known if f.default is MISSING and f.name not in given]
    if missing:
        raise UsageError(f"{where}: {missing[0]} is missing")
    try:
        return kind(**given)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{where}: {error}") from error


def _names(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]
