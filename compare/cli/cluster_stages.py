"""The stages of a run whose blocks are spread over the machines of a cluster."""

from bisect import bisect
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from rich.progress import Progress

from compare.benchmarks.profile import without_times
from compare.benchmarks.threads import without_rounds
from compare.cli.cluster_accuracy import cluster_accuracy, cluster_choice
from compare.cli.cluster_records import given_out, noted, placed, why_undone
from compare.cli.profile_stage import profiled, with_training_turns
from compare.cli.progress import say
from compare.cli.stage_lines import block_line, parity_line
from compare.cli.stages import parity_checks, scaled, tutorial_stage
from compare.cluster.cluster import Cluster
from compare.cluster.kinds import BlockFound, BlockWanted
from compare.cluster.pieces import Outcome
from compare.parity.task_parity import ParityCheck, without_result
from compare.records.block import Block
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
    for stage in (_parity, _blocks, _threads, _profiles):
        for grown in stage(settings, blocks, results, cluster, progress):
            results = grown
            yield results
    if settings.tutorials:
        with closing(WorkerPool()) as workers:
            for grown in tutorial_stage(settings, keys, results, workers, progress):
                results = grown
                yield results
    if settings.recipes:
        training = cluster_choice if settings.choose else cluster_accuracy
        yield from training(settings, keys, results, cluster, progress)


def _parity(
    settings: Settings, blocks: Sequence[Block], results: Results, cluster: Cluster, progress: Progress
) -> Iterator[Results]:
    """Lockstep of every task, each on the machine that is free."""
    checks = parity_checks(blocks, results)
    told = [(f"lockstep on {check.task}", check) for check in checks]
    with closing(given_out(cluster, "parity", "lockstep", told, progress)) as ended:
        for outcome in ended:
            check, found = checks[outcome.place], outcome.found
            proofs = found.proofs if found else _unproven(check, outcome)
            _write_logs(settings, found.logs if found else {})
            say(progress.console, parity_line(check.task, proofs))
            results = noted(results, cluster, told[outcome.place][0], outcome)
            results = replace(results, proofs=[*results.proofs, *proofs])
            yield results


def _blocks(
    settings: Settings, blocks: Sequence[Block], results: Results, cluster: Cluster, progress: Progress
) -> Iterator[Results]:
    """Each block on one machine; its records come as it ends, and stand in the order of the blocks."""
    left = remaining(blocks, results)
    told = [
        (f"{block.task}, seed {block.seed}", BlockWanted(block=block, saves=settings.save)) for block in left
    ]
    places = {(block.task, block.seed): place for place, block in enumerate(blocks)}

    def place_of(run: Run) -> int:
        return places[run.task, run.seed]

    results = replace(results, runs=sorted(results.runs, key=place_of))
    with closing(given_out(cluster, "block", "blocks", told, progress)) as ended:
        for outcome in ended:
            block, found = left[outcome.place], outcome.found
            runs = _runs(block, outcome, part(results))
            if found:
                _write_logs(settings, found.result.logs)
                _write_learned(settings, block, found)
                results = placed(results, found.result.machine, found.result.environment)
            say(progress.console, block_line(block, runs))
            results = noted(results, cluster, told[outcome.place][0], outcome)
            at = bisect(results.runs, places[block.task, block.seed], key=place_of)
            results = replace(results, runs=[*results.runs[:at], *runs, *results.runs[at:]])
            yield results


def _threads(
    settings: Settings, blocks: Sequence[Block], results: Results, cluster: Cluster, progress: Progress
) -> Iterator[Results]:
    """What more threads are worth, for each task on one machine."""
    left = scaled(settings, blocks, results)
    told = [(f"threads on {block.task}", block) for block in left]
    with closing(given_out(cluster, "threads", "threads", told, progress)) as ended:
        for outcome in ended:
            block, found = left[outcome.place], outcome.found
            if found:
                name = found.machine.fingerprint
                rounds = [replace(each, machine=name) for each in found.rounds]
                results = placed(results, found.machine, found.environment)
            else:
                rounds = [without_rounds(block, name, why_undone(outcome)) for name in block.single_adapters]
            results = noted(results, cluster, told[outcome.place][0], outcome)
            results = replace(results, threads=[*results.threads, *rounds])
            yield results


def _profiles(
    settings: Settings, blocks: Sequence[Block], results: Results, cluster: Cluster, progress: Progress
) -> Iterator[Results]:
    """Where the time goes, for each task on one machine; beside training turns of its own kind alone."""
    left = profiled(settings, blocks, results)
    told = [(f"profile of {block.task}", block) for block in left]
    with closing(given_out(cluster, "profile", "profiles", told, progress)) as ended:
        for outcome in ended:
            block, found = left[outcome.place], outcome.found
            if found:
                name = found.machine.fingerprint
                alike = [run for run in results.runs if run.machine == name]
                profiles = with_training_turns(found.profiles, results.tasks, alike)
                profiles = [replace(each, machine=name) for each in profiles]
                results = placed(results, found.machine, found.environment)
            else:
                profiles = [without_times(block, each, why_undone(outcome)) for each in block.single_adapters]
            results = noted(results, cluster, told[outcome.place][0], outcome)
            results = replace(results, profiles=[*results.profiles, *profiles])
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
            error=why_undone(outcome),
            part=part,
        )
        for adapter in block.adapters
    ]


def _unproven(check: ParityCheck, outcome: Outcome) -> list[ParityResult]:
    failure = WorkerFailed("failed", why_undone(outcome))
    return [without_result(check.task, adapter, failure) for adapter in check.adapters]


def _write_logs(settings: Settings, logs: Mapping[str, str]) -> None:
    for name, text in logs.items():
        write_log(settings.out, name, text)


def _write_learned(settings: Settings, block: Block, found: BlockFound) -> None:
    for adapter, parameters in found.learned.items():
        name = f"{slug(block.task)}-{slug(adapter)}-{block.seed}.npz"
        write_parameters(settings.out, name, parameters)
