"""One run of the command line: plan, play block after block, store, report."""

import contextlib
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from compare.conductor import Block, play
from compare.environment import environment
from compare.folder import check_folder, clear_folder
from compare.plan import Settings, UsageError, check, data_key, plan
from compare.proof.trial import Trial, prove, with_reference
from compare.records import NO_FAULT, Results, TaskRecord, Tutorials, save
from compare.report.page import write_report
from compare.terminal import bar, outcome_table, progress_bars
from compare.tutorials.runs import assignments, reproduce
from tasks import find
from tasks.interface import DataRequest
from tasks.tutorials import RECIPES

INTERRUPTED = 130


def compare(settings: Settings, console: Console) -> int:
    """Run everything that was asked for and write the report; return the exit code.

    Raises: UsageError before anything is trained.
    """
    check(settings)
    check_folder(settings.out, settings.overwrite)
    try:
        with console.status("Making the data ready"):
            blocks = plan(settings)
            keys = recipe_keys(settings.data) if settings.tutorials else {}
    except UsageError:
        with contextlib.suppress(OSError):
            settings.out.rmdir()
        raise
    clear_folder(settings.out)
    results = Results(
        environment=environment(command_line(), settings.threads, settings.preset),
        tasks=[_task_record(block) for block in blocks if block.seed == 0],
        runs=[],
    )
    save(results, settings.out)
    try:
        with progress_bars(console) as progress:
            for grown in _stages(settings, blocks, keys, results, progress):
                results = grown
                save(results, settings.out)
    except KeyboardInterrupt:
        results = replace(results, interrupted=True)
        console.print("Interrupted: only what was finished is kept.")
    if results.runs:
        save(results, settings.out)
        page = write_report(results, settings.out)
        console.print(outcome_table(results))
        console.print(Text("Data: " + "; ".join(f"{task.name}, {task.dataset}" for task in results.tasks)))
        console.print(f"Report: {page}", soft_wrap=True)
    return INTERRUPTED if results.interrupted else exit_code(results)


def _stages(
    settings: Settings, blocks: list[Block], keys: Mapping[str, str], results: Results, progress: Progress
) -> Iterator[Results]:
    """The results as they grow: block after block, then the proofs, then the tutorials."""
    for number, block in enumerate(blocks, start=1):
        title = f"{number}/{len(blocks)} {block.task}, seed {block.seed}"
        with bar(progress, title, block.turns) as tick:
            results = replace(results, runs=[*results.runs, *play(block, tick)])
        yield results
    for trial in _trials(blocks):
        with bar(progress, f"lockstep on {trial.task}", trial.turns) as tick:
            results = replace(results, proofs=[*results.proofs, *prove(trial, tick)])
        yield results
    if settings.tutorials:
        yield replace(results, tutorials=reproduce_tutorials(settings, keys, progress))


def exit_code(results: Results) -> int:
    """0 where every cell is ok or not supported, and no adapter does other work than the others."""
    ran = all(run.status in NO_FAULT for run in results.runs)
    proven = all(proof.status in NO_FAULT and proof.verdict != "DIFFERENT" for proof in results.proofs)
    reproduced = results.tutorials is None or all(run.status in NO_FAULT for run in results.tutorials.runs)
    return 0 if ran and proven and reproduced else 1


def recipe_keys(request: DataRequest) -> dict[str, str]:
    """Make the data of the tutorials' recipes ready; return each recipe's data key.

    Raises: UsageError where they cannot be had.
    """
    return {name: data_key(recipe.task, request) for name, recipe in RECIPES.items()}


def reproduce_tutorials(settings: Settings, keys: Mapping[str, str], progress: Progress) -> Tutorials:
    """Run the tutorials' recipes under one bar, a worker a core; beside tasks, the preset's seeds."""
    seeds = None if settings.tasks else settings.seeds
    jobs = assignments(settings.adapters, settings.preset, seeds, keys, settings.out / "logs")
    with bar(progress, "tutorials", sum(len(job.seeds) for job in jobs)) as tick:
        return reproduce(jobs, settings.threads, tick)


def _trials(blocks: list[Block]) -> list[Trial]:
    return [
        Trial(
            task=block.task,
            data_key=block.data_key,
            adapters=with_reference(block.adapters),
            threads=block.threads,
            timeout_seconds=block.timeout_seconds,
            logs=block.logs,
            device=block.device,
        )
        for block in blocks
        if block.seed == 0
    ]


def command_line() -> str:
    """The line that was typed."""
    return shlex.join(["python", "-m", "compare", *sys.argv[1:]])


def _task_record(block: Block) -> TaskRecord:
    task = find(block.task)
    dataset = task.dataset(block.data_key)
    time_steps = dataset.inputs.shape[1]
    updates = len(task.train.spans(task.model, time_steps))
    return TaskRecord(
        name=task.name,
        summary=task.summary,
        source=task.source,
        dataset=dataset.name,
        model=asdict(task.model),
        train={
            "optimizer": type(task.train.optimizer).__name__.lower(),
            **asdict(task.train.optimizer),
            **{name: value for name, value in asdict(task.train).items() if name != "optimizer"},
        },
        batch_size=task.batch_size,
        epochs=block.epochs,
        updates_per_epoch=updates * (len(dataset.inputs) // task.batch_size),
        sequences=len(dataset.inputs),
        held_out_sequences=len(dataset.held_out_inputs),
        time_steps=time_steps,
        metrics=list(task.metrics),
    )
