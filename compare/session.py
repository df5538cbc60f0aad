"""One run of the command line: plan, play block after block, store, report."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from compare.conductor import Block, Tick, play
from compare.environment import environment
from compare.plan import Settings, check, clear_folder, plan
from compare.records import Results, Run, TaskRecord, save
from compare.report import write_report
from compare.terminal import outcome_table
from tasks import TASKS

INTERRUPTED = 130


def compare(settings: Settings, console: Console) -> int:
    """Run everything that was asked for and write the report; return the exit code.

    Raises: UsageError before anything is trained.
    """
    check(settings)
    with console.status("Making the data ready"):
        blocks = plan(settings)
    clear_folder(settings.out)
    runs: list[Run] = []
    interrupted = False
    try:
        with _progress(console) as progress:
            for number, block in enumerate(blocks, start=1):
                with _bar(progress, block, f"{number}/{len(blocks)}") as tick:
                    runs.extend(play(block, tick))
    except KeyboardInterrupt:
        interrupted = True
    results = Results(
        environment=environment(_command(), settings.threads, settings.preset),
        tasks=[_task_record(block) for block in blocks if block.seed == 0],
        runs=runs,
    )
    save(results, settings.out)
    page = write_report(results, settings.out)
    console.print(outcome_table(results))
    console.print(f"Report: {page}", soft_wrap=True)
    if interrupted:
        console.print("Interrupted: the report holds the blocks that were finished.")
        return INTERRUPTED
    return 0 if all(run.status == "ok" for run in runs) else 1


def _command() -> str:
    return shlex.join(["python", "-m", "compare", *sys.argv[1:]])


def _task_record(block: Block) -> TaskRecord:
    task = TASKS[block.task]
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


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[adapter]:<10}"),
        TimeElapsedColumn(),
        console=console,
    )


@contextmanager
def _bar(progress: Progress, block: Block, position: str) -> Iterator[Tick]:
    """A bar for one block, and the call that moves it on."""
    bar = progress.add_task(
        f"{position} {block.task}, seed {block.seed}", total=block.turns, adapter="starting"
    )
    yield lambda adapter: progress.update(bar, advance=1, adapter=adapter)
    progress.update(bar, completed=block.turns, adapter="")
