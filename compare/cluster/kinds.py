"""The kinds of work that a machine can be given: what each is told, what it finds, and how it is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from compare.accuracy.choice import training_part
from compare.accuracy.recipes import TASK
from compare.accuracy.training import Start, train_in_turns
from compare.benchmarks.kernels import VerboseAdapter
from compare.benchmarks.profile import profile_block
from compare.benchmarks.sweep import measure, network_named
from compare.benchmarks.threads import compare_threads
from compare.cluster.messages import KindName
from compare.cluster.under_way import Collector, EndableWorkers
from compare.machine.environment import environment
from compare.parity.check import check_parity
from compare.parity.task_parity import ParityCheck
from compare.records.accuracy import AccuracyRun
from compare.records.block import Block, BlockResult, LogName
from compare.records.environment import Environment
from compare.records.machine import Machine
from compare.records.parity import ParityResult
from compare.records.profile import Profile
from compare.records.sweep import Size, SweepPoint, ThreadRounds
from compare.runner.block import run_block
from compare.runner.origin import this_machine
from compare.runner.task_loading import data_key, open_dataset
from tasks.interface import DataRequest, TaskReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A start of a recipe for accuracy on these data; one that `chooses` is judged by training images."""

    start: Start
    data: DataRequest
    chooses: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeWanted:
    """A size of a sweep: of the network of a task, or of `mnist-rows`."""

    size: Size
    adapters: tuple[str, ...]
    rounds: int
    task: TaskReference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockWanted:
    """A block, and whether what its adapters have learned is to come back."""

    block: Block
    saves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFound:
    """What came out of a block and, if that was asked for, what its adapters have learned, by parameter."""

    result: BlockResult
    learned: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityFound:
    """Lockstep on a task, and what the workers wrote, by file name."""

    proofs: list[ParityResult]
    logs: dict[LogName, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The machine that other work was done on, and the records of it."""

    machine: Machine
    environment: Environment
    runs: list[AccuracyRun] = field(default_factory=list)
    points: list[SweepPoint] = field(default_factory=list)
    rounds: list[ThreadRounds] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    logs: dict[LogName, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What work of a kind is told and finds, how it is done, and which adapters were unavailable to it, why.

    It is done with these workers and so many threads.
    """

    told: type
    found: type
    perform: Callable[[Any, EndableWorkers, int], Any]
    unavailable: Callable[[Any], Mapping[str, str]]


def _run_block(wanted: BlockWanted, workers: EndableWorkers, threads: int) -> BlockFound:
    collector = Collector(workers)
    result = run_block(replace(wanted.block, threads=threads), collector, workers=workers)
    learned = collector.learned if wanted.saves else {}
    return BlockFound(result=result, learned={adapter: dict(own) for adapter, own in learned.items()})


def _prove(check: ParityCheck, workers: EndableWorkers, threads: int) -> ParityFound:
    """Lockstep, in which every worker has a thread: nothing is timed."""
    collector = Collector(workers)
    return ParityFound(proofs=[*check_parity([check], collector, workers)], logs=collector.logs)


def _compare_threads(block: Block, workers: EndableWorkers, threads: int) -> Found:
    found = _here(threads, block.device)
    collector = Collector(workers)
    return replace(found, rounds=compare_threads(replace(block, threads=threads), collector.turn, workers))


def _profile(block: Block, workers: EndableWorkers, threads: int) -> Found:
    found = _here(threads, block.device)
    verbose, tick = workers.others(VerboseAdapter), Collector(workers).turn
    return replace(found, profiles=profile_block(replace(block, threads=threads), workers, verbose, tick))


def _measure(wanted: SizeWanted, workers: EndableWorkers, threads: int) -> Found:
    found = _here(threads, "cpu")
    network, _ = network_named(wanted.task)
    turn = Collector(workers).turn
    points = measure(wanted.size, wanted.adapters, threads, wanted.rounds, turn, network, workers)
    return replace(found, points=points)


def _train(training: Training, workers: EndableWorkers, threads: int) -> Found:
    start = training.start
    found = _here(threads, start.device)
    dataset = open_dataset(TASK, data_key(TASK, training.data))
    collector = Collector(workers)
    own = replace(start, limits=replace(start.limits, threads=threads))
    shown = training_part(dataset) if training.chooses else dataset
    return replace(found, runs=train_in_turns(own, shown, collector, workers), logs=collector.logs)


def _here(threads: int, device: str) -> Found:
    """This machine, before anything is found."""
    surroundings = environment("", threads, preset="")
    return Found(machine=this_machine(surroundings, device), environment=surroundings)


def _missing_runs(found: BlockFound) -> dict[str, str]:
    return {run.adapter: run.error or "" for run in found.result.runs if run.status == "unavailable"}


def _missing_proofs(found: ParityFound) -> dict[str, str]:
    return {proof.adapter: proof.error or "" for proof in found.proofs if proof.status == "unavailable"}


def _missing_trainings(found: Found) -> dict[str, str]:
    return {run.adapter: run.error or "" for run in found.runs if run.status == "unavailable"}


def _nothing(found: Found) -> dict[str, str]:
    """Nothing: what is missing was said before, when the machine told its versions."""
    return {}


KINDS: dict[KindName, Kind] = {
    "block": Kind(told=BlockWanted, found=BlockFound, perform=_run_block, unavailable=_missing_runs),
    "parity": Kind(told=ParityCheck, found=ParityFound, perform=_prove, unavailable=_missing_proofs),
    "threads": Kind(told=Block, found=Found, perform=_compare_threads, unavailable=_nothing),
    "profile": Kind(told=Block, found=Found, perform=_profile, unavailable=_nothing),
    "size": Kind(told=SizeWanted, found=Found, perform=_measure, unavailable=_nothing),
    "accuracy": Kind(told=Training, found=Found, perform=_train, unavailable=_missing_trainings),
}
