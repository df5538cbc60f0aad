"""The conformance suite: what every adapter must do, check by check.

`run` runs one check on one adapter. An adapter that raises, or returns what it should not, fails that
check, and the next check is run all the same.
"""

import sys
import textwrap
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from adapters.conformance.cases import AdapterType
from adapters.conformance.checks import CHECKS, Check
from adapters.conformance.expectations import Nonconformance
from adapters.interface import Adapter, UnsupportedSpec

__all__ = ["CHECKS", "AdapterType", "Check", "Nonconformance", "Outcome", "conforms", "run"]

Status = Literal["passed", "failed", "expected", "skipped"]
LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of one check; `expected` is a failure that the adapter declares, with a reason.

    The message says what was expected and what was got, or what is not supported; `cause` the likeliest one.
    """

    name: str
    status: Status
    message: str = ""
    cause: str = ""


def run(check: Check, adapter_type: type[Adapter], device: str = "cpu") -> Outcome:
    """Run one check on an adapter; an UnsupportedSpec on the way means that the check is skipped."""
    outcome = _attempt(check, adapter_type, partial(adapter_type, device=device))
    reason = adapter_type.declaration.expected_failures.get(check.name)
    if reason is None or outcome.status == "skipped":
        return outcome
    if outcome.status == "failed":
        return Outcome(name=check.name, status="expected", message=_one_line(f"{reason} ({outcome.message})"))
    message = f"expected a failure, as declared ({reason}), got none"
    cause = f"take {check.name} out of expected_failures"
    return Outcome(name=check.name, status="failed", message=_one_line(message), cause=cause)


def conforms(outcomes: Iterable[Outcome]) -> bool:
    """Whether no check failed but those declared to, and some passed."""
    statuses = {outcome.status for outcome in outcomes}
    return "passed" in statuses and "failed" not in statuses


def _attempt(check: Check, adapter_type: type[Adapter], start: AdapterType) -> Outcome:
    try:
        check.function(start)
    except UnsupportedSpec as refusal:
        return Outcome(name=check.name, status="skipped", message=_one_line(str(refusal)))
    except Nonconformance as failure:
        message, cause = str(failure), failure.cause or check.hint
    except NotImplementedError as gap:
        message, cause = f"not written yet: {gap}", ""
    except Exception as error:
        message = f"expected no error, got {type(error).__name__}: {error}"
        cause = _place(error, adapter_type) or check.hint
    else:
        return Outcome(name=check.name, status="passed")
    return Outcome(name=check.name, status="failed", message=_one_line(message), cause=cause)


def _place(error: Exception, adapter_type: type[Adapter]) -> str:
    """The line of the adapter's own file that raised."""
    file = getattr(sys.modules.get(adapter_type.__module__), "__file__", None)
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return (
        f"look at {lines[-1].name}, line {lines[-1].lineno} of {Path(lines[-1].filename).name}"
        if lines
        else ""
    )


def _one_line(text: str) -> str:
    return textwrap.shorten(text, LONGEST_MESSAGE, placeholder=" …")
