"""What is measured beside a run's training, as it is stored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """How long single calls of `predict` took, by the worker's own clock.

    Units: seconds; `single_seconds` for one sequence a call, `batch_seconds` for `batch` of them.
    Raises: ValueError for a time that is not above 0.
    """

    batch: int
    single_seconds: list[float]
    batch_seconds: list[float]

    def __post_init__(self) -> None:
        least = min((*self.single_seconds, *self.batch_seconds), default=1.0)
        if least <= 0:
            raise ValueError(f"a prediction took {least:g} s: every time must lie above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRate:
    """The fastest that one library multiplied two square float32 matrices, and the kernel that did.

    Units: `size` in rows; `operations_per_second` counts 2·size³ a product.
    """

    size: int
    operations_per_second: float
    kernel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The sizes of one training step: B sequences of T steps through H hidden units."""

    hidden: int
    batch: int
    time_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """One adapter at one size.

    Units: `seconds` of one step, round by round; `memory_bytes` above what the worker had after its import.
    """

    adapter: str
    size: Size
    seconds: list[float]
    memory_bytes: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRounds:
    """One adapter's training on one task with one thread and with `threads`, in alternating turns.

    Units: seconds of an update, round by round; `error` says why there are none.
    """

    task: str
    adapter: str
    threads: int
    single: list[float]
    several: list[float]
    error: str | None = None
