"""What became of one adapter on one task from one seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, Protocol

from msgspec import Meta

from tasks.interface import Confusion, Forecast

Status = Literal["ok", "failed", "timeout", "diverged", "unavailable", "unsupported", "interrupted"]
NO_FAULT: tuple[Status, ...] = ("ok", "unsupported")
"""An adapter that says what it cannot do has done nothing wrong."""


class Reasoned(Protocol):
    """A record with an error where there is something wrong, and the status that goes with it."""

    @property
    def status(self) -> Status: ...

    @property
    def error(self) -> str | None: ...


def is_fault(record: Reasoned) -> bool:
    """Whether its error is more than that an adapter does not support the work.

    Records of earlier versions have the error alone.
    """
    return record.error is not None and record.status != "unsupported"


class BesideRuns(Reasoned, Protocol):
    """Something that was measured of an adapter on a task beside its runs."""

    @property
    def task(self) -> str: ...

    @property
    def adapter(self) -> str: ...


Part = Annotated[int, Meta(ge=0)]
"""How often the environment had changed since a run began."""


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
class Epoch:
    """One pass through the data.

    `train_seconds` and `sequences` cover the warm calls only: the very first batch of a run is
    trained in a call of its own, whose cost stands in `Run.cold_seconds`. `process` is as in `Round`.
    Units: `evaluate_seconds` of the evaluation after it, which no other time includes.
    """

    train_seconds: float
    sequences: int
    losses: list[float]
    metrics: dict[str, float]
    process: int = 0
    evaluate_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One timed turn of an adapter; rounds of the same index ran side by side and are paired samples.

    A `warm_up` counts for nothing: it is kept to be seen. `process` counts the workers that an adapter had
    in turn.
    """

    index: int
    sequences: int
    seconds: float
    warm_up: bool = False
    process: int = 0

    @property
    def counts(self) -> bool:
        return not self.warm_up and self.seconds > 0 and self.sequences > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Something in a worker that is not as it was asked for; `comparable`: its speed is, all the same."""

    found: str
    comparable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """What a worker found itself running on: versions by distribution, BLAS builds, threads in force.

    `pools` are the threads that each library answers to have, `settings` the variables that libraries
    read which do not answer. `computes` is the adapter's own sentence on how it computes, `source` the file
    of its class in this repository, or the module that it was imported from; empty where it was not recorded.
    `cores` are those that threads may use, and how many threads may use those; `switches` what the framework
    answers that decides on precision and determinism, `departures` what of all this is not as it should be.
    """

    versions: dict[str, str]
    blas: list[str]
    threads: int
    pools: dict[str, int] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    computes: str = ""
    source: str = ""
    cores: dict[str, int] = field(default_factory=dict)
    switches: dict[str, str] = field(default_factory=dict)
    departures: list[Departure] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One adapter on one task from one seed.

    `machine` is the fingerprint of the kind of machine that it was made on, `lockstep` the version that made
    it, `version` that of the adapter's framework as it is installed there, `threads` what every worker had;
    they are empty or 0 where that was not recorded.
    `log` is the file beside the results that has all that the worker wrote, `last_lines` its end where
    the run is not ok; `part` counts the changes of the environment before it.

    Units: `cold_seconds` by phase (import, construct, load, first_train, first_predict);
    `warm_train_seconds` of a later call like the first; `peak_rss_bytes` of the worker up to the end of
    its training, `import_rss_bytes` of it right after its framework was imported; `gpu_kernels` that a GPU
    ran for an update.
    """

    task: str
    adapter: str
    seed: int
    status: Status
    error: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    epochs: list[Epoch] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    cold_seconds: dict[str, float] = field(default_factory=dict)
    sequences_per_second: float | None = None
    peak_rss_bytes: int | None = None
    import_rss_bytes: int | None = None
    worker: WorkerFacts | None = None
    forecast: Forecast | None = None
    confusion: Confusion | None = None
    warm_train_seconds: float | None = None
    inference: Inference | None = None
    matrix_product: ProductRate | None = None
    log: str | None = None
    last_lines: list[str] = field(default_factory=list)
    part: Part = 0
    device: str = "cpu"
    gpu_kernels: float | None = None
    machine: str = ""
    lockstep: str = ""
    version: str = ""
    threads: int = 0


def faults_beside(runs: Sequence[Run], measured: Sequence[BesideRuns]) -> list[BesideRuns]:
    """What went wrong of an adapter on a task though a run of it did not."""
    sound = {(run.task, run.adapter) for run in runs if run.status == "ok"}
    return [each for each in measured if is_fault(each) and (each.task, each.adapter) in sound]
