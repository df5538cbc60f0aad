"""Everything that a report is made from."""

from dataclasses import dataclass, field, replace
from typing import Any

from compare.records.accuracy import Accuracy
from compare.records.cluster import ClusterRecord
from compare.records.environment import Environment, Interruption
from compare.records.machine import Machine
from compare.records.parity import ParityResult
from compare.records.profile import Profile
from compare.records.run import Run
from compare.records.sweep import SweepPoint, ThreadRounds
from compare.records.tutorial import Tutorials
from tasks.interface import Metric

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """What was run: enough to read a report without the task's code.

    `stands_in_for` names the data that `dataset` was taken instead of; `shortest` is the fewest steps of any
    training sequence, where they are of unlike length. `data` says how a job's data were read, `found_by`
    what the command line took for the task, `changes` what it changed of it.
    """

    name: str
    summary: str
    source: str
    dataset: str
    model: dict[str, str | int | bool]
    train: dict[str, str | int | float | bool | None]
    batch_size: int
    epochs: int
    updates_per_epoch: int
    sequences: int
    held_out_sequences: int
    time_steps: int
    metrics: list[Metric]
    operations_per_sequence: int | None = None
    stands_in_for: str | None = None
    shortest: int | None = None
    data: dict[str, str | int | float | bool] = field(default_factory=dict)
    found_by: str = ""
    changes: tuple[str, ...] = ()


WORK = ("model", "train", "batch_size", "sequences", "held_out_sequences", "time_steps", "data")
"""The fields of a task's record in which, beside its data set, two runs must agree to be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A run that was merged into another: its folder's name, when and by what it was made.

    So many `blocks` of it were taken; `checksum` is its results', empty where it had noted none.
    """

    name: str
    date: str
    lockstep: str
    blocks: int
    interrupted: bool = False
    checksum: str = ""
    merged_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that a report is made from.

    `baseline` is the adapter that ratios are also taken against; `twins` are the second names under which
    adapters ran once more, to see what two runs of the same thing differ by.
    `left_out` are the tasks that `all` left out, for its preset is too short for them.
    `sweep_of` says what network was trained in a sweep, where that is not the one of `mnist-rows`.
    `cluster` is what the blocks were spread over, where they were.
    `machines` are the kinds of machine that the runs name, by fingerprint; `environments` those of each that
    are not the `environment` in which the command itself ran, as in a run over several machines.
    `sources` are the runs that a merged one was put together from; each `part` there has its own conditions.
    `interrupted` is true until everything is done that was asked for; `request` holds the settings for
    those who go on with it, `versions` those of the adapters' frameworks at the start.
    """

    schema: int = SCHEMA
    environment: Environment
    tasks: list[TaskRecord]
    runs: list[Run]
    interrupted: bool = False
    proofs: list[ParityResult] = field(default_factory=list)
    tutorials: Tutorials | None = None
    accuracy: Accuracy | None = None
    sweep: list[SweepPoint] = field(default_factory=list)
    sweep_of: str = ""
    threads: list[ThreadRounds] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    left_out: tuple[str, ...] = ()
    baseline: str | None = None
    twins: dict[str, str] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    interruptions: list[Interruption] = field(default_factory=list)
    cluster: ClusterRecord | None = None
    machines: dict[str, Machine] = field(default_factory=dict)
    environments: dict[str, list[Environment]] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)

    @property
    def shared_a_machine(self) -> bool:
        """Whether workers of a cluster shared a machine, so that speeds are comparable with none."""
        return self.cluster is not None and self.cluster.shared

    @property
    def has_something_to_report(self) -> bool:
        """Whether anything was finished."""
        tutorials = self.tutorials.runs if self.tutorials else ()
        accuracy = self.accuracy.all_runs if self.accuracy else ()
        return bool(self.runs or tutorials or accuracy or self.sweep or self.profiles)

    def on(self, machine: Machine) -> "Results":
        """With this kind of machine in every record that names none, and listed once a record has it."""
        name = machine.fingerprint
        marked = replace(
            self,
            runs=[run if run.machine else replace(run, machine=name) for run in self.runs],
            sweep=[replace(point, machine=point.machine or name) for point in self.sweep],
            threads=[replace(each, machine=each.machine or name) for each in self.threads],
            profiles=[replace(each, machine=each.machine or name) for each in self.profiles],
            accuracy=self.accuracy and self.accuracy.on([name]),
        )
        accuracy = marked.accuracy.all_runs if marked.accuracy else ()
        records = (*marked.runs, *marked.sweep, *marked.threads, *marked.profiles, *accuracy)
        named = any(record.machine == name for record in records)
        return replace(marked, machines={**self.machines, name: machine}) if named else marked
