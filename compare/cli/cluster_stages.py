"""The stages of a run whose blocks are spread over the machines of a cluster."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from rich.progress import Progress

from compare.cli.progress import bar, say
from compare.cli.stage_lines import block_line, parity_line
from compare.cli.stages import parity_checks, references
from compare.cluster.cluster import Cluster
from compare.cluster.dispatch import Outcome
from compare.cluster.kinds import BlockFound
from compare.parity.task_parity import ParityCheck, without_result
from compare.records.block import Block, BlockResult
from compare.records.cluster import ClusterRecord
from compare.records.parity import ParityResult
from compare.records.results import Results
from compare.records.run import Run
from compare.records.settings import Settings
from compare.runner.worker_process import WorkerFailed
from compare.runner.workers import WorkerPool
from compare.storage.resume import part, remaining
from compare.storage.run_folder import write_log, write_parameters
from compare.text import slug


def cluster_stages(
    settings: Settings,
    blocks: Sequence[Block],
    keys: Mapping[str, str],
    results: Results,
    cluster: Cluster,
    progress: Progress,
) -> Generator[Results]:
    """The results as they grow: lockstep of all tasks before anything is timed, then the blocks.

    The tutorials' programs, whose speeds are not compared, run here.
    """
    for grown in _parity(settings, blocks, results, cluster, progress):
        results = grown
        yield results
    for grown in _blocks(settings, blocks, results, cluster, progress):
        results = grown
        yield results
    with closing(WorkerPool()) as workers:
        yield from references(settings, keys, results, workers, progress)


def _parity(
    settings: Settings, blocks: Sequence[Block], results: Results, cluster: Cluster, progress: Progress
) -> Iterator[Results]:
    """Lockstep of every task, each on the machine that is free."""
    checks = parity_checks(blocks, results)
    told = [(f"lockstep on {check.task}", check) for check in checks]
    with bar(progress, "lockstep", len(checks)) as tick, closing(cluster.outcomes("parity", told)) as ended:
        for outcome in ended:
            check, found = checks[outcome.place], outcome.found
            proofs = found.proofs if found else _unproven(check, outcome)
            _write_logs(settings, found.logs if found else {})
            say(progress.console, parity_line(check.task, proofs))
            tick(check.task)
            results = _noted(results, cluster, told[outcome.place][0], outcome)
            results = replace(results, proofs=[*results.proofs, *proofs])
            yield results


def _blocks(
    settings: Settings, blocks: Sequence[Block], results: Results, cluster: Cluster, progress: Progress
) -> Iterator[Results]:
    """Each block on one machine; its records come as it ends, and stand in the order of the blocks."""
    left = remaining(blocks, results)
    told = [(f"{block.task}, seed {block.seed}", block) for block in left]
    order = {(block.task, block.seed): place for place, block in enumerate(blocks)}
    with bar(progress, "blocks", len(left)) as tick, closing(cluster.outcomes("block", told)) as ended:
        for outcome in ended:
            block, found = left[outcome.place], outcome.found
            runs = _runs(block, outcome, part(results))
            if found:
                _write_logs(settings, found.result.logs)
                _write_learned(settings, block, found)
                results = _on_machine(results, found.result)
            say(progress.console, block_line(block, runs))
            tick(block.task)
            results = _noted(results, cluster, told[outcome.place][0], outcome)
            every = [*results.runs, *runs]
            results = replace(results, runs=sorted(every, key=lambda run: order[run.task, run.seed]))
            yield results


def _runs(block: Block, outcome: Outcome, part: int) -> list[Run]:
    """A record an adapter, whether or not a machine could run the block."""
    if outcome.found:
        return [replace(run, part=part) for run in outcome.found.result.runs]
    return [
        Run(
            task=block.task,
            adapter=adapter,
            seed=block.seed,
            status="failed",
            error=_why(outcome),
            part=part,
        )
        for adapter in block.adapters
    ]


def _on_machine(results: Results, result: BlockResult) -> Results:
    """With the machine that a block ran on; the first one's environment is that of the run."""
    name, here, ours = result.machine.fingerprint, result.environment, results.environment
    known = results.environments.get(name, [])
    if not any((each.threads, each.lockstep) == (here.threads, here.lockstep) for each in known):
        known = [*known, here]
    first = replace(here, command=ours.command, preset=ours.preset)
    return replace(
        results,
        environment=ours if results.machines else first,
        machines={**results.machines, name: result.machine},
        environments={**results.environments, name: known},
    )


def _unproven(check: ParityCheck, outcome: Outcome) -> list[ParityResult]:
    failure = WorkerFailed("failed", _why(outcome))
    return [without_result(check.task, adapter, failure) for adapter in check.adapters]


def _why(outcome: Outcome) -> str:
    """Why no machine could do it."""
    return f"no machine of the cluster could run it: {'; '.join(outcome.faults)}"


def _noted(results: Results, cluster: Cluster, title: str, outcome: Outcome) -> Results:
    """With what is known of the cluster by now."""
    known = results.cluster or ClusterRecord(workers=0)
    record = replace(
        known,
        workers=max(known.workers, cluster.workers),
        shared=known.shared or cluster.shares_machines,
        again=[*known.again, *(f"{title}: {fault}" for fault in outcome.faults)],
    )
    return replace(results, cluster=record)


def _write_logs(settings: Settings, logs: Mapping[str, str]) -> None:
    for name, text in logs.items():
        write_log(settings.out, name, text)


def _write_learned(settings: Settings, block: Block, found: BlockFound) -> None:
    for adapter, parameters in found.learned.items() if settings.save else ():
        name = f"{slug(block.task)}-{slug(adapter)}-{block.seed}.npz"
        write_parameters(settings.out, name, parameters)
