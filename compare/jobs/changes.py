"""Changes of a task's fields, as `--set` takes them: model.hidden=256."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from compare.errors import UsageError

ONE_OF = {"optimizer", "learning_rate"}
"""Tables of a single key, which names what they are: another one takes its place."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value, and the keys that lead to it."""

    keys: tuple[str, ...]
    value: Any


def parse_change(text: str) -> Change:
    """A change as it is typed; a value that is not TOML is text.

    Raises: UsageError where it is none.
    """
    path, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"\w+(\.\w+)+", path.strip()):
        raise UsageError(f"--set {text}: it must look like model.hidden=256: a section, a field and a value")
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (tomllib.TOMLDecodeError, RecursionError):
        parsed = {}
    whole = parsed["value"] if parsed.keys() == {"value"} else value.strip()
    return Change(tuple(path.strip().split(".")), whole)


def with_changes(plain: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """A copy of nested tables with the changes made, one after the other.

    Raises: UsageError where a key leads through a value that is no table.
    """
    changed: dict[str, Any] = deepcopy(dict(plain))
    for change in changes:
        table = changed
        for place, key in enumerate(change.keys[:-1]):
            inner = table.setdefault(key, {})
            if not isinstance(inner, dict):
                if key not in ONE_OF:
                    way = ".".join(change.keys[: place + 1])
                    raise UsageError(f"--set {'.'.join(change.keys)}: {way} is {inner!r}, and has no fields")
                inner = table[key] = {}
            if key in ONE_OF and change.keys[place + 1] not in inner:
                inner.clear()
            table = inner
        table[change.keys[-1]] = change.value
    return changed


DTYPE = ("train", "dtype")


def in_float32(changes: Sequence[str]) -> tuple[str, ...]:
    """The changes without any of the dtype: to be held against what is computed in fewer digits."""
    return tuple(change for change in changes if parse_change(change).keys != DTYPE)


def changed_name(name: str, changes: Sequence[str]) -> str:
    """What a task is called of which this is changed."""
    listed = ", ".join(" ".join(change.split()) for change in changes)
    return f"{name} ({listed})" if changes else name
