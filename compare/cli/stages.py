"""The stages of a run, each of which adds to its results: cells, proofs, tutorials."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace

from rich.progress import Progress

from compare.benchmarks.threads import compare_threads, turns
from compare.cli.progress import bar
from compare.parity.check import Trial, prove, with_reference
from compare.records.block import Block
from compare.records.results import Results
from compare.records.settings import Settings
from compare.runner.block import play
from compare.storage.checkpoint import CheckpointStore, resume_point
from compare.storage.resume import part, remaining
from compare.tutorials.assignments import assignments


def stages(
    settings: Settings, blocks: Sequence[Block], keys: Mapping[str, str], results: Results, progress: Progress
) -> Generator[Results]:
    """The results as they grow: blocks, then proofs, threads and tutorials; none runs twice."""
    for block in remaining(blocks, results):
        title = f"{blocks.index(block) + 1}/{len(blocks)} {block.task}, seed {block.seed}"
        with bar(progress, title, block.turns) as tick, CheckpointStore(settings.out) as store:
            played = play(block, tick, store, resume_point(settings.out, block))
            runs = [replace(run, part=part(results)) for run in played]
        results = replace(results, runs=[*results.runs, *runs])
        yield results
    for trial in _trials(blocks, results):
        with bar(progress, f"lockstep on {trial.task}", trial.turns) as tick:
            results = replace(results, proofs=[*results.proofs, *prove(trial, tick)])
        yield results
    for block in _scaled(settings, blocks, results):
        with bar(progress, f"threads on {block.task}", turns(block)) as tick:
            rounds = compare_threads(block, tick)
        results = replace(results, threads=[*results.threads, *rounds])
        yield results
    if settings.tutorials:
        yield from _tutorials(settings, keys, results, progress)


def _trials(blocks: Sequence[Block], results: Results) -> list[Trial]:
    proven = {proof.task for proof in results.proofs}
    return [
        Trial(
            task=block.task,
            data_key=block.data_key,
            adapters=with_reference(name for name in block.adapters if name not in block.twins),
            threads=block.threads,
            timeout_seconds=block.timeout_seconds,
            logs=block.logs,
            memory_limit_bytes=block.memory_limit_bytes,
            device=block.device,
        )
        for block in blocks
        if block.seed == 0 and block.task not in proven
    ]


def _scaled(settings: Settings, blocks: Sequence[Block], results: Results) -> list[Block]:
    """The blocks to try with one thread and with all: a task's first, on the CPU, but not when quick."""
    if settings.preset == "quick" or settings.threads == 1 or settings.device != "cpu":
        return []
    done = {rounds.task for rounds in results.threads}
    return [block for block in blocks if block.seed == 0 and block.task not in done]


def _tutorials(
    settings: Settings, keys: Mapping[str, str], results: Results, progress: Progress
) -> Iterator[Results]:
    """The tutorials' recipes under one bar, a worker a core; beside tasks, the preset's seeds."""
    from compare.tutorials.run import Limits, reproduce  # noqa: PLC0415 - pandas can wait

    seeds = None if settings.tasks else settings.seeds
    jobs = assignments(settings.adapters, settings.preset, seeds, keys, settings.out / "logs")
    limits = Limits(settings.timeout_seconds, settings.memory_limit_bytes)
    known = results.tutorials.runs if results.tutorials else []
    with bar(progress, "tutorials", sum(len(job.seeds) for job in jobs)) as tick:
        for tutorials in reproduce(jobs, settings.threads, tick, known, limits):
            yield replace(results, tutorials=tutorials)
