"""The stages of a run, each adding to its results: from lockstep through blocks to profiles and accuracy."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from rich.progress import Progress

from adapters.interface import Array
from compare.benchmarks.threads import compare_threads, turns
from compare.cli.profile_stage import profile_stage
from compare.cli.progress import Bar, LoggingObserver, bar, say
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
from compare.text import difference, number, slug
from compare.tutorials.assignments import assignments


def stages(
    settings: Settings, blocks: Sequence[Block], keys: Mapping[str, str], results: Results, progress: Progress
) -> Generator[Results]:
    """The results as they grow: lockstep before anything is timed; what is there does not run again.

    Frameworks' processes go from stage to stage; for each seed new ones are timed, as a process is a sample.
    """
    with closing(WorkerPool()) as workers:
        yield from _all_stages(settings, blocks, keys, results, workers, progress)


def _all_stages(
    settings: Settings,
    blocks: Sequence[Block],
    keys: Mapping[str, str],
    results: Results,
    workers: WorkerPool,
    progress: Progress,
) -> Generator[Results]:
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
        say(progress.console, _block_line(block, runs))
        results = replace(results, runs=[*results.runs, *runs])
        yield results
    for block in _scaled(settings, blocks, results):
        with bar(progress, f"threads on {block.task}", turns(block)) as tick:
            rounds = compare_threads(block, tick)
        results = replace(results, threads=[*results.threads, *rounds])
        yield results
    for grown in profile_stage(settings, blocks, results, workers, progress):
        results = grown
        yield results
    if settings.tutorials:
        yield from _tutorials(settings, keys, results, workers, progress)
    if settings.recipes:
        from compare.cli.accuracy import accuracy_stage, choice_stage  # noqa: PLC0415 - SciPy can wait

        stage = choice_stage if settings.choose else accuracy_stage
        yield from stage(settings, keys, results, progress)


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
    known = {proof.task for proof in results.proofs}
    checks = [
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
    if not checks:
        return
    adapters = {check.task: check.adapters for check in checks}
    found: dict[str, dict[str, ParityResult]] = {check.task: {} for check in checks}
    with bar(progress, "lockstep", sum(check.turns for check in checks)) as tick:
        for proof in check_parity(checks, LoggingObserver(settings.out, tick), workers):
            found[proof.task][proof.adapter] = proof
            if proof.verdict == "DIFFERENT":
                say(progress.console, f"lockstep on {proof.task}: {proof.adapter} {_found(proof)}")
            if len(found[proof.task]) == len(adapters[proof.task]):
                proofs = [found[proof.task][adapter] for adapter in adapters[proof.task]]
                say(progress.console, _parity_line(proof.task, proofs))
                results = replace(results, proofs=[*results.proofs, *proofs])
                yield results


def _block_line(block: Block, runs: Sequence[Run]) -> str:
    """What came out of a block, the fastest first."""
    ordered = sorted(runs, key=lambda run: -(run.sequences_per_second or 0.0))
    said = "; ".join(
        f"{run.adapter} {number(run.sequences_per_second)}"
        if run.status == "ok"
        else f"{run.adapter} {run.status}"
        for run in ordered
    )
    return f"{block.task}, seed {block.seed}, sequences/s: {said}"


def _parity_line(task: str, proofs: Sequence[ParityResult]) -> str:
    """What was found, in a line."""
    said = "; ".join(f"{proof.adapter} {_found(proof)}" for proof in proofs)
    return f"lockstep on {task}: {said}"


def _found(proof: ParityResult) -> str:
    if proof.verdict is None:
        return f"{proof.status}: {proof.error}"
    if proof.adapter == proof.reference:
        return f"{proof.verdict} (the reference)"
    return f"{proof.verdict} ({difference(proof.largest[0])})"


def _scaled(settings: Settings, blocks: Sequence[Block], results: Results) -> list[Block]:
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


def _tutorials(
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
