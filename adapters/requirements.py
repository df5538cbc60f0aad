"""What a spec's values must be: each raises a ValueError of one line, with the field and the value."""

import sys
from dataclasses import fields
from typing import Any, TypeGuard, get_args

import numpy as np

_PLAIN: dict[type, type] = {np.floating: float, np.integer: int, np.bool_: bool, np.str_: str}


def keep_plain_values(spec: Any) -> None:
    """Put Python's own numbers in place of NumPy's in a new spec: those would lift float32 arrays."""
    for field in fields(spec):
        value = getattr(spec, field.name)
        kind = next((own for numpys, own in _PLAIN.items() if isinstance(value, numpys)), None)
        if kind is not None:
            object.__setattr__(spec, field.name, kind(value))


def require(condition: bool, message: str) -> None:
    """Raise a ValueError with this message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def require_choice(field: str, value: object, choices: object) -> None:
    """Raise a ValueError unless the value is one of a Literal's."""
    known = isinstance(value, str) and value in get_args(choices)
    require(known, f"{field} is {value!r}: choose one of {', '.join(get_args(choices))}")


def require_flag(field: str, value: object) -> None:
    """Raise a ValueError unless the value is True or False."""
    require(isinstance(value, bool), f"{field} is {value!r}: it must be True or False")


def require_count(field: str, value: object, least: int = 1) -> None:
    """Raise a ValueError unless the value is an int of `least` or more."""
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= least
    require(whole, f"{field} is {value!r}: it must be a whole number (an int), {least} or more")


def require_positive(field: str, value: object) -> None:
    """Raise a ValueError unless the value is a finite number above 0."""
    require(is_number(value) and value > 0, f"{field} is {value!r}: it must be a finite number above 0")


def require_not_negative(field: str, value: object) -> None:
    """Raise a ValueError unless the value is a finite number, 0 or more."""
    require(is_number(value) and value >= 0, f"{field} is {value!r}: it must be a finite number, 0 or more")


def require_fraction(field: str, value: object) -> None:
    """Raise a ValueError unless the value is a number in [0, 1)."""
    require(is_number(value) and 0 <= value < 1, f"{field} is {value!r}: it must be a number in [0, 1)")


def is_number(value: object) -> TypeGuard[float]:
    """Whether the value is an int or a float, and finite as a float."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
