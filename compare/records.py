"""What a run leaves on disk: frozen types, and versioned JSON made of them."""

from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Any, Literal

import msgspec

from compare.measurements import Inference, ProductRate, SweepPoint, ThreadRounds
from compare.status import Status
from compare.storage import write_bytes
from compare.tutorials.records import Tutorials
from tasks.interface import Confusion, Forecast, Metric

SCHEMA = 1
ProofVerdict = Literal["in lockstep", "drifts within float32 rounding", "DIFFERENT"]


class UnreadableRun(Exception):  # noqa: N818 - reads as the fact that it states
    """A folder that holds no results, or results that this version cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One pass through the data.

    `train_seconds` and `sequences` cover the warm calls only: the very first batch of a run is
    trained in a call of its own, whose cost stands in `Run.cold_seconds`. `process` is as in `Round`.
    """

    train_seconds: float
    sequences: int
    losses: list[float]
    metrics: dict[str, float]
    process: int = 0


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
class WorkerFacts:
    """What a worker found itself running on: versions by distribution, BLAS builds, threads in force.

    `pools` are the threads that each library answers to have, `settings` the variables that libraries
    read which do not answer.
    """

    versions: dict[str, str]
    blas: list[str]
    threads: int
    pools: dict[str, int] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One adapter on one task from one seed.

    `log` is the file beside the results that has all that the worker wrote, `last_lines` its end where
    the run is not ok; `part` counts the changes of the environment before it.

    Units: `cold_seconds` by phase (import, construct, load, first_train, first_predict);
    `warm_train_seconds` of a later call like the first; `peak_rss_bytes` of the worker up to the end of
    its training, `import_rss_bytes` of it right after its framework was imported.
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
    part: int = 0
    device: str = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Whether an adapter does on one task what the reference does; its differences are all relative.

    `losses` and `parameters` are differences in float64, from the reference's over all updates and after
    them; `slopes` those of the gradients at the start from finite differences, `gradients` from the
    reference's; `losses_float32` those of the losses over an epoch in float32, which leave their band
    at the update `left_at`, counted from 1. Empty where nothing was compared: the reference has
    no difference from itself. `verdict` is None where `status` is not ok.
    """

    task: str
    adapter: str
    dataset: str = ""
    reference: str | None = None
    status: Status = "ok"
    error: str | None = None
    verdict: ProofVerdict | None = None
    losses: list[float] = field(default_factory=list)
    parameters: dict[str, float] = field(default_factory=dict)
    slopes: dict[str, float] = field(default_factory=dict)
    gradients: dict[str, float] = field(default_factory=dict)
    losses_float32: list[float] = field(default_factory=list)
    left_at: int | None = None

    @property
    def largest(self) -> tuple[float | None, float | None, float | None, float | None]:
        """Of the losses, the parameters, the gradients from finite differences, the losses in float32."""
        return (
            max(self.losses, default=None),
            max(self.parameters.values(), default=None),
            max(self.slopes.values(), default=None),
            max(self.losses_float32, default=None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """What was run: enough to read a report without the task's code."""

    name: str
    summary: str
    source: str
    dataset: str
    model: dict[str, str | int | bool]
    train: dict[str, str | int | float | None]
    batch_size: int
    epochs: int
    updates_per_epoch: int
    sequences: int
    held_out_sequences: int
    time_steps: int
    metrics: list[Metric]
    operations_per_sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The machine and the moment.

    `threads` is the number given to every worker. What cannot be read is None.
    Units: cores for what kept the machine busy, on average: just before the run, and by others than it
    during the run; `stolen_cores` went to other guests of the same host.
    """

    date: str
    command: str
    lockstep: str
    python: str
    system: str
    cpu: str
    physical_cores: int
    logical_cores: int
    memory_bytes: int
    threads: int
    preset: str
    flags: list[str] = field(default_factory=list)
    affinity: list[int] = field(default_factory=list)
    governor: str | None = None
    megahertz: float | None = None
    quota_cores: float | None = None
    memory_limit_bytes: int | None = None
    busy_cores_before: float | None = None
    busy_cores_of_others: float | None = None
    stolen_cores: float | None = None
    throttled_seconds: float | None = None
    load_before: float | None = None
    load_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Where a run was broken off, and what it went on in.

    `during` says what was under way and `then` what became of it, `versions` those of the adapters'
    frameworks since then, `changed` what is no longer as it was before.
    """

    during: str
    environment: Environment
    versions: dict[str, str]
    changed: list[str]
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that a report is made from.

    `baseline` is the adapter that ratios are also taken against; `twins` are the second names under which
    adapters ran once more, to see what two runs of the same thing differ by.
    `interrupted` is true until everything is done that was asked for; `request` holds the settings for
    those who go on with it, `versions` those of the adapters' frameworks at the start.
    """

    schema: int = SCHEMA
    environment: Environment
    tasks: list[TaskRecord]
    runs: list[Run]
    interrupted: bool = False
    proofs: list[Proof] = field(default_factory=list)
    tutorials: Tutorials | None = None
    sweep: list[SweepPoint] = field(default_factory=list)
    threads: list[ThreadRounds] = field(default_factory=list)
    baseline: str | None = None
    twins: dict[str, str] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    interruptions: list[Interruption] = field(default_factory=list)


def save(results: Results, folder: Path) -> None:
    """Write `results.json`, whole or not at all."""
    write_bytes(folder / "results.json", msgspec.json.encode(results) + b"\n")


def load(folder: Path) -> Results:
    """Read the results of a stored run.

    Raises: UnreadableRun that names the folder and the reason.
    """
    path = folder / "results.json"
    try:
        if not S_ISREG(path.stat().st_mode):
            raise UnreadableRun(f"{path}: not a file that can be read: expected the results of a run")
        content = path.read_bytes()
        schema = msgspec.json.decode(content, type=_Header).schema
        if schema != SCHEMA:
            raise UnreadableRun(f"{path}: schema {schema}, but this version reads schema {SCHEMA}")
        return msgspec.json.decode(content, type=Results)
    except OSError as error:
        raise UnreadableRun(f"{path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableRun(f"{path}: not the results of a run: {error}") from error


class _Header(msgspec.Struct):
    schema: int
