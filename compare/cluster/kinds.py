"""The kinds of work that a machine can be given: what each is told, what it finds, and how it is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from compare.cluster.messages import KindName
from compare.cluster.under_way import Collector, EndableWorkers
from compare.parity.check import check_parity
from compare.parity.task_parity import ParityCheck
from compare.records.block import Block, BlockResult
from compare.records.parity import ParityResult
from compare.runner.block import run_block


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFound:
    """What came out of a block, and what its adapters have learned, by adapter and by parameter."""

    result: BlockResult
    learned: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityFound:
    """Lockstep on a task, and what the workers wrote, by file name."""

    proofs: list[ParityResult]
    logs: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What work of a kind is told and finds, how it is done, and which adapters were unavailable to it, why.

    It is done with these workers and so many threads.
    """

    told: type
    found: type
    perform: Callable[[Any, EndableWorkers, int], Any]
    unavailable: Callable[[Any], Mapping[str, str]]


def _run_block(block: Block, workers: EndableWorkers, threads: int) -> BlockFound:
    collector = Collector(workers)
    result = run_block(replace(block, threads=threads), collector, workers=workers)
    learned = {adapter: dict(parameters) for adapter, parameters in collector.learned.items()}
    return BlockFound(result=result, learned=learned)


def _prove(check: ParityCheck, workers: EndableWorkers, threads: int) -> ParityFound:
    """Lockstep, in which every worker has a thread: nothing is timed."""
    collector = Collector(workers)
    return ParityFound(proofs=[*check_parity([check], collector, workers)], logs=collector.logs)


def _without_run(found: BlockFound) -> dict[str, str]:
    return {run.adapter: run.error or "" for run in found.result.runs if run.status == "unavailable"}


def _without_proof(found: ParityFound) -> dict[str, str]:
    return {proof.adapter: proof.error or "" for proof in found.proofs if proof.status == "unavailable"}


KINDS: dict[KindName, Kind] = {
    "block": Kind(told=Block, found=BlockFound, perform=_run_block, unavailable=_without_run),
    "parity": Kind(told=ParityCheck, found=ParityFound, perform=_prove, unavailable=_without_proof),
}
