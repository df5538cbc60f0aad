"""A helper for somebody's own tests: two programs train the same."""

import sys
from collections.abc import Callable
from pathlib import Path

from compare.port.comparison import compare
from compare.port.request import TIMEOUT_SECONDS, UPDATES, PortRequest
from compare.port.summary import summary_lines
from compare.port.translation.matching import Names

Named = str | Callable[[], object]


def assert_same_training(
    a: Named,
    b: Named,
    *,
    data: str | Path | None = None,
    updates: int = UPDATES,
    names: Names = (),
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> None:
    """Assert that two programs are the same, or differ by rounding alone; the message says where and why not.

    Each is named as `file.py:function` or `module:function`, or is a function of a module's top level.
    `names` are pairs of layers that belong together, as `--map` has them.

    Raises: AssertionError; UsageError where no comparison can be made; PortFailed where a program fails.
    """
    __tracebackhide__ = True  # so that pytest shows the caller's line
    result = compare(
        PortRequest(
            first=_name(a),
            second=_name(b),
            data=None if data is None else Path(data),
            updates=updates,
            names=names,
            timeout_seconds=timeout_seconds,
        )
    )
    if result.verdict == "different":
        raise AssertionError("\n".join(["the programs do not train the same", *summary_lines(result)]))


def _name(program: Named) -> str:
    if isinstance(program, str):
        return program
    if "." in program.__qualname__:
        raise ValueError(
            f"{program.__qualname__} is no function of a module's top level: name it as file.py:function"
        )
    return f"{sys.modules[program.__module__].__file__}:{program.__name__}"
