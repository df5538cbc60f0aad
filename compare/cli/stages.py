"""The stages of a run, each adding to its results: from lockstep through blocks to profiles and accuracy."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from rich.progress import Progress

from adapters.interface import Array
from compare.benchmarks.threads import compare_threads, turns
from compare.cli.profile_stage import profile_stage
from compare.cli.progress import Bar, LoggingObserver, bar, say
from compare.cli.stage_lines import block_line, parity_line, said_of
from compare.parity.check import check_parity
from compare.parity.task_parity import ParityCheck, with_reference
from compare.records.block import Block, Snapshot
from compare.records.parity import ParityResult
from compare.records.results import Results
from compare.records.run import Run
from compare.records.settings import Settings
from compare.runner.block import run_block
from compare.runner.workers import WorkerPool
from compare.storage.checkpoint import CheckpointStore, resume_point
from compare.storage.resume import part, remaining
from compare.storage.run_folder import write_parameters
from compare.text import slug
from compare.tutorials.assignments import assignments


def stages(
    settings: Settings, blocks: Sequence[Block], keys: Mapping[str, str], results: Results, progress: Progress
) -> Generator[Results]:
    """The results as they grow: lockstep before anything is timed; what is there does not run again.

    Frameworks' processes go from stage to stage; for each seed new ones are timed, as a process is a sample.
    """
    with closing(WorkerPool()) as workers:
        for grown in _tasks(settings, blocks, results, workers, progress):
            results = grown
            yield results
        if settings.tutorials:
            for grown in tutorial_stage(settings, keys, results, workers, progress):
                results = grown
                yield results
    if settings.recipes:
        from compare.cli.accuracy import accuracy_stage, choice_stage  # noqa: PLC0415 - SciPy can wait

        stage = choice_stage if settings.choose else accuracy_stage
        yield from stage(settings, keys, results, progress)


def _tasks(
    settings: Settings,
    blocks: Sequence[Block],
    results: Results,
    workers: WorkerPool,
    progress: Progress,
) -> Iterator[Results]:
    """Everything about the tasks."""
    for grown in _parity(settings, blocks, results, workers, progress):
        results = grown
        yield results
    seed = 0
    for block in remaining(blocks, results):
        if block.seed != seed:
            workers.close()
            seed = block.seed
        title = f"{blocks.index(block) + 1}/{len(blocks)} {block.task}, seed {block.seed}"
        with bar(progress, title, block.turns) as tick, CheckpointStore(settings.out) as store:
            observer = _BlockObserver(settings, block, tick, store)
            done = run_block(block, observer, resume_point(settings.out, block), workers)
            runs = [replace(run, part=part(results)) for run in done.runs]
        say(progress.console, block_line(block, runs))
        results = replace(results, runs=[*results.runs, *runs]).on(done.machine)
        yield results
    for block in scaled(settings, blocks, results):
        with bar(progress, f"threads on {block.task}", turns(block)) as tick:
            rounds = compare_threads(block, tick, workers)
        results = replace(results, threads=[*results.threads, *rounds])
        yield results
    for grown in profile_stage(settings, blocks, results, workers, progress):
        results = grown
        yield results


class _BlockObserver(LoggingObserver):
    """Keeps a block that is under way in the run's folder, too."""

    def __init__(self, settings: Settings, block: Block, bar: Bar, store: CheckpointStore) -> None:
        super().__init__(settings.out, bar)
        self._store, self._block, self._save = store, block, settings.save

    def keep_parameters(self, adapter: str, parameters: Mapping[str, Array]) -> None:
        if self._save:
            name = f"{slug(self._block.task)}-{slug(adapter)}-{self._block.seed}.npz"
            write_parameters(self._folder, name, parameters)

    def keep(self, runs: Sequence[Run]) -> None:
        self._store.keep(runs)

    def snapshot_is_due(self) -> bool:
        return self._store.snapshot_is_due()

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        self._store.keep_snapshot(snapshot)


def _parity(
    settings: Settings, blocks: Sequence[Block], results: Results, workers: WorkerPool, progress: Progress
) -> Iterator[Results]:
    """Lockstep of every task; what is DIFFERENT is said at once, the rest when the task is done.

    Nothing here is timed: several adapters work at once, with a thread each, as those of a library that waits
    spinning for its own threads would take each other's cores.
    """
    checks = parity_checks(blocks, results)
    if not checks:
        return
    adapters = {check.task: check.adapters for check in checks}
    found: dict[str, dict[str, ParityResult]] = {check.task: {} for check in checks}
    with bar(progress, "lockstep", sum(check.turns for check in checks)) as tick:
        for proof in check_parity(checks, LoggingObserver(settings.out, tick), workers):
            found[proof.task][proof.adapter] = proof
            if proof.verdict == "DIFFERENT":
                say(progress.console, f"lockstep on {proof.task}: {proof.adapter} {said_of(proof)}")
            if len(found[proof.task]) == len(adapters[proof.task]):
                proofs = [found[proof.task][adapter] for adapter in adapters[proof.task]]
                say(progress.console, parity_line(proof.task, proofs))
                results = replace(results, proofs=[*results.proofs, *proofs])
                yield results


def parity_checks(blocks: Sequence[Block], results: Results) -> list[ParityCheck]:
    """What is left to prove: lockstep of every task."""
    known = {proof.task for proof in results.proofs}
    return [
        ParityCheck(
            task=block.task,
            data=block.data,
            adapters=with_reference(block.single_adapters),
            threads=1,
            timeout_seconds=block.timeout_seconds,
            memory_limit_bytes=block.memory_limit_bytes,
            device=block.device,
            reference=block.reference,
        )
        for block in blocks
        if block.seed == 0 and block.task not in known
    ]


def scaled(settings: Settings, blocks: Sequence[Block], results: Results) -> list[Block]:
    """The blocks to try with one thread and with all: a task's first, on the CPU, but not when quick.

    Half the rounds are enough to see what more threads are worth.
    """
    if settings.preset == "quick" or settings.threads == 1 or settings.device != "cpu":
        return []
    done = {rounds.task for rounds in results.threads}
    return [
        replace(block, rounds=max(2, block.rounds // 2), processes=1)
        for block in blocks
        if block.seed == 0 and block.task not in done
    ]


def tutorial_stage(
    settings: Settings,
    keys: Mapping[str, str],
    results: Results,
    workers: WorkerPool,
    progress: Progress,
) -> Iterator[Results]:
    """The tutorials' recipes under one bar, a worker a core; beside tasks, the preset's seeds."""
    from compare.tutorials.run import WorkerLimits, reproduce  # noqa: PLC0415 - pandas can wait

    seeds = None if settings.tasks else settings.seeds
    jobs = assignments(settings.adapters, settings.preset, seeds, keys)
    limits = WorkerLimits(timeout_seconds=settings.timeout_seconds, memory_bytes=settings.memory_limit_bytes)
    known = results.tutorials.runs if results.tutorials else []
    with bar(progress, "tutorials", sum(len(job.seeds) for job in jobs)) as tick:
        observer = LoggingObserver(settings.out, tick)
        for tutorials in reproduce(jobs, settings.threads, observer, workers, known, limits):
            yield replace(results, tutorials=tutorials)
