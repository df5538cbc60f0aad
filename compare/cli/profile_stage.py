"""The stage of a run that profiles the adapters of each task."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from rich.progress import Progress

from compare.benchmarks.kernels import VerboseAdapter
from compare.benchmarks.profile import ROUNDS, profile_block, turns
from compare.cli.progress import bar
from compare.records.block import Block
from compare.records.profile import Profile
from compare.records.results import Results, TaskRecord
from compare.records.run import Run
from compare.records.settings import Settings
from compare.runner.workers import WorkerPool, Workers


def profile_stage(
    settings: Settings, blocks: Sequence[Block], results: Results, workers: Workers, progress: Progress
) -> Iterator[Results]:
    """The results with the profiles of each task's adapters."""
    with closing(WorkerPool(VerboseAdapter)) as verbose:
        for block in profiled(settings, blocks, results):
            with bar(progress, f"profile of {block.task}", turns(block.single_adapters, ROUNDS)) as tick:
                found = profile_block(block, workers, verbose, tick)
            profiles = with_training_turns(found, results.tasks, results.runs)
            results = replace(results, profiles=[*results.profiles, *profiles])
            yield results


def profiled(settings: Settings, blocks: Sequence[Block], results: Results) -> list[Block]:
    """The blocks to profile: a task's first, on the CPU, but not when quick."""
    if settings.preset == "quick" or settings.device != "cpu":
        return []
    done = {profile.task for profile in results.profiles}
    return [block for block in blocks if block.seed == 0 and block.task not in done]


def with_training_turns(
    profiles: Sequence[Profile], tasks: Sequence[TaskRecord], runs: Sequence[Run]
) -> list[Profile]:
    """The profiles with an update's time in the rounds of these runs that count."""
    records = {task.name: task for task in tasks}
    return [replace(each, training=_training_turns(each, records[each.task], runs)) for each in profiles]


def _training_turns(profile: Profile, task: TaskRecord, runs: Sequence[Run]) -> list[float]:
    """Seconds of an update in each of them."""
    of_batch = task.updates_per_epoch / (task.sequences // task.batch_size)
    own = [run for run in runs if (run.task, run.adapter) == (profile.task, profile.adapter)]
    return [
        each.seconds / (each.sequences / task.batch_size * of_batch)
        for run in own
        for each in run.rounds
        if each.counts
    ]
