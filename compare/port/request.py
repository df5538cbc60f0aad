"""What a user asks for, and the two sides opened for it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from adapters.interface import Array
from compare.errors import UsageError
from compare.port import data
from compare.port.records.interface import Batch, Description, Trace
from compare.port.side import PortFailed, Side
from compare.port.translation.matching import Matching, Names, match, round_trip_holds
from compare.runner.worker_process import Limits, WorkerFailed
from compare.text import shortened

T = TypeVar("T")
UPDATES = 100
TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRequest:
    """Two programs as `file.py:function` or `module:function`, and how they are compared.

    Units: `timeout_seconds` for any one thing that a program is told to do.
    """

    first: str
    second: str
    data: Path | None = None
    updates: int = UPDATES
    names: Names = ()
    timeout_seconds: float = TIMEOUT_SECONDS


@dataclass(slots=True, kw_only=True)
class Opened:
    """Both programs, ready: described, matched, the first one's parameters in both.

    `without_float64` says why they are compared in float32, where a program raised an error in float64.
    """

    sides: tuple[Side, Side]
    batches: Sequence[Batch]
    descriptions: tuple[Description, Description]
    matching: Matching
    values: dict[str, Array]
    own: dict[str, Array]
    reordered: bool
    dtype: str
    without_float64: str | None = None

    def begin(self, values: dict[str, Array] | None = None) -> None:
        """Have both begin anew from the first one's parameters, or from these."""
        given = self.values if values is None else values
        both(
            lambda side: side.begin_with(
                given if side is self.sides[0] else self.matching.handed_over(given, self.own)
            ),
            self.sides,
        )


def both(ask: Callable[[Side], T], sides: Sequence[Side]) -> list[T]:
    """Ask both at once; what fails is said of the first that does."""
    with ThreadPoolExecutor(len(sides)) as pool:
        return list(pool.map(ask, sides))


@contextmanager
def started(request: PortRequest) -> Iterator[tuple[Side, Side]]:
    """The processes of both programs, which end with the context."""
    limits = Limits(threads=1, timeout_seconds=request.timeout_seconds)
    sides: list[Side] = []
    try:
        for label, name in (("A", request.first), ("B", request.second)):
            sides.append(Side(label, name, limits))
        yield sides[0], sides[1]
    except WorkerFailed as error:
        raise UsageError(str(error)) from error
    except (UsageError, PortFailed) as error:
        for side in sides:
            error.add_note(f"--- what {side} wrote\n{side.log_text()}")
        raise
    finally:
        for side in sides:
            side.end()


def open_both(request: PortRequest, sides: tuple[Side, Side]) -> Opened:
    """Make both programs, in float64, or in float32 where one of them has no other.

    Raises: UsageError; PortFailed.
    """
    without = None
    try:
        batches, reordered, descriptions = _ready(request, sides, "float64")
        single = any(each.dtype == "float32" for each in descriptions)
    except UsageError as error:
        if not _is_of_dtype(str(error)):
            raise
        single, without = True, f"both run in float32, since in float64 {shortened(str(error), 200)}"
    if single:
        batches, reordered, descriptions = _ready(request, sides, "float32")
    matching = match(descriptions[0].layers, descriptions[1].layers, request.names)
    values, own = both(lambda side: side.parameters(), sides)
    if not round_trip_holds(matching, values, own):
        raise PortFailed("weights that were handed over do not come back as they were: a layout is wrong")
    return Opened(
        sides=sides, batches=batches, descriptions=descriptions, matching=matching, values=values, own=own,
        reordered=reordered, dtype=sides[0].dtype, without_float64=without,
    )  # fmt: skip


def _ready(
    request: PortRequest, sides: tuple[Side, Side], dtype: str
) -> tuple[list[Batch], bool, tuple[Description, Description]]:
    """Both made in a dtype: what they are trained on, whether B's is reordered, and what they are."""
    both(lambda side: side.open(dtype), sides)
    batches, reordered = _batches(request, sides)
    return batches, reordered, _described(sides, batches)


def _described(sides: tuple[Side, Side], batches: Sequence[Batch]) -> tuple[Description, Description]:
    one, other = both(lambda side: side.take(batches), sides)
    both(lambda side: side.first_trace(batches[0]), sides)
    return one, other


def _is_of_dtype(message: str) -> bool:
    return any(word in message for word in ("dtype", "Float", "Double", "float64", "float32"))


def _batches(request: PortRequest, sides: tuple[Side, Side]) -> tuple[list[Batch], bool]:
    """What both are trained on, and whether the second was written for the same in another order."""
    if request.data is not None:
        batches, source, reordered = data.from_file(request.data), f"--data {request.data}", False
    else:
        first, second = both(lambda side: side.data(request.updates), sides)
        given = first if first is not None else second
        if given is None:
            return _drawn(sides), False
        batches = given
        source = f"data() of {sides[0] if first is not None else sides[1]}"
        reordered = bool(first and second) and data.same_rows_in_another_order(first or [], second or [])
    data.check(batches, source)
    return batches, reordered


def _drawn(sides: tuple[Side, Side]) -> list[Batch]:
    batch = data.drawn_inputs(sides)
    both(lambda side: side.take([batch]), sides)
    traces: list[Trace] = both(lambda side: side.first_trace(batch), sides)
    return [replace(batch, targets=data.drawn_targets(sides, traces))]
