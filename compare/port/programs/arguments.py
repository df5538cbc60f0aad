"""Whether a user's function is to be given the lengths as well."""

import re
from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_LENGTHS = re.compile("len|^n$|^ns$|seq")


def takes_lengths(function: Callable[..., Any], before: int) -> bool:
    """Whether the argument after so many is one for lengths: it is required, or its name says so."""
    taken = [each for each in signature(function).parameters.values() if each.kind in POSITIONAL]
    if len(taken) <= before:
        return any(each.kind is Parameter.VAR_POSITIONAL for each in signature(function).parameters.values())
    following = taken[before]
    return following.default is Parameter.empty or _LENGTHS.search(following.name.lower()) is not None
