"""What a chain of optax does, read from the functions that it is made of."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from compare.port.records.rules import Rule


def rule_of(optimizer: Any) -> Rule | None:
    """The rule of a chain whose links are all known; else None.

    optax keeps settings in closures only. What is read here is believed where it reproduces the program's
    updates.
    """
    rule = Rule(kind="sgd", learning_rate=1.0)
    for name, settings in _links(optimizer.update):
        reader = _READERS.get(name)
        if reader is None:
            return None
        try:
            rule = reader(rule, settings)
        except (KeyError, TypeError, ValueError):
            return None
    return rule


def _links(update: Callable[..., Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The links of a chain in order: the function that made each, and what it was given."""
    settings = _closure(update)
    maker = update.__qualname__.partition(".")[0]
    inner = settings.get("update_fns")
    if inner is not None:
        for each in inner:
            yield from _links(each)
    elif maker == "with_extra_args_support" and "tx" in settings:
        yield from _links(settings["tx"].update)
    else:
        yield maker, settings


def _closure(function: Callable[..., Any]) -> dict[str, Any]:
    cells = function.__closure__ or ()
    names = function.__code__.co_freevars
    found = {}
    for name, cell in zip(names, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def _adam(rule: Rule, given: dict[str, Any]) -> Rule:
    root = float(given.get("eps_root", 0.0))
    return replace(
        rule,
        kind="adam",
        beta1=float(given["b1"]),
        beta2=float(given["b2"]),
        epsilon=root or float(given["eps"]),
        epsilon_place="inside the root" if root else "after the bias correction",
        nesterov=bool(given.get("nesterov", False)),
    )


def _rms(rule: Rule, given: dict[str, Any]) -> Rule:
    inside = bool(given.get("eps_in_sqrt", True))
    return replace(
        rule,
        kind="rmsprop",
        decay=float(given["decay"]),
        epsilon=float(given["eps"]),
        epsilon_place="inside the root" if inside else "after the bias correction",
    )


def _trace(rule: Rule, given: dict[str, Any]) -> Rule:
    return replace(rule, momentum=float(given["decay"]), nesterov=bool(given["nesterov"]))


def _decayed(rule: Rule, given: dict[str, Any]) -> Rule:
    first = rule == Rule(kind="sgd", learning_rate=1.0, clip=rule.clip, clip_limit=rule.clip_limit)
    return replace(rule, weight_decay=float(given["weight_decay"]), coupled=first)


def _scaled(rule: Rule, given: dict[str, Any]) -> Rule:
    return replace(rule, learning_rate=abs(float(given["step_size"])))


def _scheduled(rule: Rule, given: dict[str, Any]) -> Rule:
    schedule = given["step_size_fn"]
    return replace(rule, learning_rate=abs(float(schedule(0))), schedule="schedule")


def _norm(rule: Rule, given: dict[str, Any]) -> Rule:
    return replace(rule, clip="norm", clip_limit=float(given["max_norm"]))


def _value(rule: Rule, given: dict[str, Any]) -> Rule:
    return replace(rule, clip="value", clip_limit=float(given["max_delta"]))


_READERS: dict[str, Callable[[Rule, dict[str, Any]], Rule]] = {
    "identity": lambda rule, given: rule,
    "scale_by_adam": _adam,
    "scale_by_rms": _rms,
    "trace": _trace,
    "add_decayed_weights": _decayed,
    "scale": _scaled,
    "scale_by_schedule": _scheduled,
    "clip_by_global_norm": _norm,
    "clip": _value,
}
