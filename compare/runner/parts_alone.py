"""Parts of an update by themselves, timed in a worker: each as often as fills its time.

A run begins with what a call costs and with memory for the result, which an update has already. So a part's
time is what more times take than one does.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from adapters.interface import Adapter
from adapters.work import WORK, Alone, Work
from compare.text import shortened

REPEATS = 3
"""How often each is run for one time of it."""

MOST_TIMES = 2**40
"""What takes no longer so often than once does not do what it is told."""


class PartsAlone:
    """The parts that an adapter's library does alone, made once."""

    def __init__(self, adapter: type[Adapter]) -> None:
        self._adapter = adapter
        self._made: dict[Work, Alone] = {}
        self._times: dict[tuple[Work, float], int] = {}

    def seconds(self, works: Sequence[Work], least_seconds: float) -> list[float] | None:
        """What each takes once more, over at least so many seconds; None where one cannot be done.

        0 where a run of one was so disturbed that it took longer than a run of many.
        """
        found = []
        for work in works:
            if work not in self._made:
                alone = self._adapter.alone(work)
                if alone is None:
                    return None
                if not isinstance(alone, Alone):
                    raise TypeError(f"returned {shortened(repr(alone))}: expected Alone or None")
                self._made[work] = alone
            alone, key = self._made[work], (work, least_seconds)
            if key not in self._times:
                self._times[key] = enough(alone, least_seconds)
            more = self._times[key]
            found.append(max(0.0, fastest(alone, 1 + more) - fastest(alone, 1)) / more)
        return found


def enough(alone: Alone, least_seconds: float) -> int:
    """How many more times than one fill so many seconds, and no less than one does.

    Raises: ValueError where no number does.
    """
    alone.run(1)
    more, one = 1, fastest(alone, 1)
    while fastest(alone, 1 + more) < one + max(one, least_seconds):
        if more >= MOST_TIMES:
            raise ValueError(f"run({1 + more:,}) takes no longer than run(1): it has to do the part so often")
        more *= 2
    return more


def fastest(alone: Alone, times: int) -> float:
    """The seconds of the fastest of some runs: what disturbs one only ever slows it."""
    return min(run_seconds(alone, times) for _ in range(REPEATS))


def run_seconds(alone: Alone, times: int) -> float:
    begin = perf_counter()
    alone.run(times)
    return perf_counter() - begin


def to_plain(work: Work) -> dict[str, Any]:
    """A part as plain data."""
    kind = next(name for name, each in WORK.items() if type(work) is each)
    return {"kind": kind, **{name: getattr(work, name) for name in work.__slots__}}


def from_plain(plain: dict[str, Any]) -> Work:
    """The part that `to_plain` was given."""
    kind, fields = WORK[plain["kind"]], {name: value for name, value in plain.items() if name != "kind"}
    if "names" in fields:
        fields["names"] = tuple(fields["names"])
    return kind(**fields)
