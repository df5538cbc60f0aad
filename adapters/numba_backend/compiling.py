"""How functions are compiled: those that Python calls, those that these call, and those behind a pointer."""

from functools import cache, partial
from typing import Any

from numba import cfunc, njit

entry = partial(njit, error_model="numpy", nogil=True, no_cfunc_wrapper=True)
"""For a function that Python calls; what overflows is infinite, as elsewhere."""

compiled = partial(entry, no_cpython_wrapper=True)
"""For a function that compiled functions call, which then hold a copy of it."""


@cache
def pointer(function: Any, result: Any, *arguments: Any) -> Any:
    """A function compiled by itself, for arguments of such types.

    Whoever calls it by its pointer holds no copy, and is compiled once for all functions of these types.
    """
    return cfunc(result(*arguments), error_model="numpy")(function)
