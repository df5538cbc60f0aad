"""The stage of a run that profiles the adapters of each task."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from rich.progress import Progress

from compare.benchmarks.kernels import VerboseAdapter
from compare.benchmarks.profile import ROUNDS, profile_adapters, turns
from compare.benchmarks.profiled import Subject
from compare.benchmarks.timed_worker import Workload, workload_of
from compare.cli.progress import bar
from compare.errors import UsageError
from compare.records.block import Block
from compare.records.profile import Profile
from compare.records.results import Results
from compare.records.run import Run
from compare.records.settings import Settings
from compare.runner.task_loading import load_task_data
from compare.runner.worker_process import Limits
from compare.runner.workers import WorkerPool, Workers


def profile_stage(
    settings: Settings, blocks: Sequence[Block], results: Results, workers: Workers, progress: Progress
) -> Iterator[Results]:
    """The results with the profiles of each task's adapters; on the CPU, and none when quick."""
    if settings.preset == "quick" or settings.device != "cpu":
        return
    done = {profile.task for profile in results.profiles}
    with closing(WorkerPool(VerboseAdapter)) as verbose:
        for block in blocks:
            if block.seed == 0 and block.task not in done:
                count = turns(block.single_adapters, ROUNDS)
                with bar(progress, f"profile of {block.task}", count) as tick:
                    profiles = _profiles(block, results.runs, workers, verbose, tick)
                results = replace(results, profiles=[*results.profiles, *profiles])
                yield results


def _profiles(
    block: Block, runs: Sequence[Run], workers: Workers, verbose: Workers, tick: Callable[[str], None]
) -> list[Profile]:
    """Those of a task; an update's time in training turns is that of the run's own rounds."""
    try:
        data = load_task_data(block.found_by, block.data)
    except UsageError as error:
        return [
            Profile(task=block.task, adapter=name, threads=block.threads, error=str(error))
            for name in block.single_adapters
        ]
    workload = workload_of(data.task, data.dataset)
    subject = Subject(task=block.task, workload=workload)
    limits = Limits(
        threads=block.threads, timeout_seconds=block.timeout_seconds, memory_bytes=block.memory_limit_bytes
    )
    profiles = profile_adapters(subject, block.single_adapters, limits, ROUNDS, workers, verbose, tick)
    trained = _training_turns(block.task, runs, workload)
    return [replace(each, training=trained.get(each.adapter, [])) for each in profiles]


def _training_turns(task: str, runs: Sequence[Run], workload: Workload) -> dict[str, list[float]]:
    """Seconds of an update in a task's rounds that count, by adapter."""
    found: dict[str, list[float]] = {}
    for run in runs:
        for each in run.rounds if run.task == task else ():
            if each.counts:
                updates = each.sequences / workload.batch * workload.updates
                found.setdefault(run.adapter, []).append(each.seconds / updates)
    return found
