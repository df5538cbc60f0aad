"""One run of the command line: plan, go from stage to stage, store each, report."""

import shlex
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, replace

from rich.console import Console
from rich.text import Text

from compare.cli.plan import check_settings, plan
from compare.cli.progress import progress_bars
from compare.cli.signals import INTERRUPTED
from compare.cli.stages import stages
from compare.machine.environment import LoadMonitor, environment
from compare.records.block import Block
from compare.records.environment import Environment
from compare.records.results import Results, TaskRecord
from compare.records.run import NO_FAULT
from compare.records.settings import Settings
from compare.runner.matrix_rate import operations_per_sequence
from compare.runner.task_loading import data_key, load_task_data, settled
from compare.storage.checkpoint import delete_checkpoint
from compare.storage.results import save
from compare.storage.resume import framework_versions, request, resumed_results, stored_results
from compare.storage.run_folder import check_folder, clear_folder, clear_temporary_files, hold_output_folder
from tasks.interface import DataRequest
from tasks.tutorials import RECIPES

CANNOT_GO_ON = 2


def compare(settings: Settings, console: Console) -> int:
    """Run everything that was asked for, or what is left of it, and write the report; return the exit code.

    Raises: UsageError before anything is trained.
    """
    check_settings(settings)
    with hold_output_folder(settings.out):
        if not settings.resume:
            check_folder(settings.out, settings.overwrite)
        with console.status("Making the data ready"):
            blocks = plan(settings)
            keys = recipe_keys(settings.data) if settings.tutorials else {}
        try:
            results = _beginning(settings, blocks, keys)
            if results.interrupted:
                return _run(settings, blocks, keys, results, console)
            console.print("This run was finished: nothing is left to run, its report is written anew.")
            return _end(settings, results, console)
        except OSError as error:
            where = error.filename or settings.out
            reason = f"Cannot go on: {where}: {error.strerror or error}. What was finished is kept."
            console.print(Text(reason), soft_wrap=True)
            console.print(_way_on(settings), soft_wrap=True)
            return CANNOT_GO_ON


def _beginning(settings: Settings, blocks: list[Block], keys: Mapping[str, str]) -> Results:
    """What the run begins with: nothing yet or, to be resumed, what is finished of it."""
    fresh = Results(
        environment=_environment(settings),
        tasks=[_task_record(block) for block in blocks if block.seed == 0],
        runs=[],
        interrupted=True,
        request=request(settings, _settled_data(settings, blocks, keys)),
        versions=framework_versions(settings.adapters),
        baseline=settings.baseline,
        twins=settings.twins,
    )
    if settings.resume:
        clear_temporary_files(settings.out)
        return resumed_results(settings.out, fresh, blocks)
    clear_folder(settings.out)
    return fresh


def _settled_data(settings: Settings, blocks: list[Block], keys: Mapping[str, str]) -> DataRequest:
    """The request for the data that were found, for those who go on with the run."""
    found = [*(block.data for block in blocks), *(settled(settings.data, key) for key in keys.values())]
    return next((data for data in found if data.choice != "auto"), settings.data)


def _environment(settings: Settings) -> Environment:
    """The tutorials' programs get a thread each, and have no preset of their own."""
    if settings.tasks:
        return environment(command_line(), settings.threads, settings.preset)
    return environment(command_line(), 1, preset="")


def _run(
    settings: Settings, blocks: list[Block], keys: Mapping[str, str], results: Results, console: Console
) -> int:
    save(results, settings.out)
    monitor = LoadMonitor()
    try:
        with (
            progress_bars(console) as progress,
            closing(stages(settings, blocks, keys, results, progress)) as all_stages,
        ):
            for grown in all_stages:
                results = grown
                save(results, settings.out)
    except KeyboardInterrupt:
        console.print("Interrupted: what there is so far is kept.")
        console.print(_way_on(settings), soft_wrap=True)
        save(replace(results, environment=monitor.add_to(results.environment)), settings.out)
        _show(settings, stored_results(settings.out), console)
        return INTERRUPTED
    results = replace(results, interrupted=False, environment=monitor.add_to(results.environment))
    save(results, settings.out)
    return _end(settings, results, console)


def _end(settings: Settings, results: Results, console: Console) -> int:
    delete_checkpoint(settings.out)
    _show(settings, results, console)
    return exit_code(results)


def _show(settings: Settings, results: Results, console: Console) -> None:
    """Write the report, and a summary to the terminal."""
    from compare.cli.summary import results_table, self_test_lines  # noqa: PLC0415 - SciPy and pandas can wait
    from compare.report.html.document import write_html  # noqa: PLC0415
    from compare.report.pages import render_pages, write_pages  # noqa: PLC0415

    if not (results.runs or (results.tutorials and results.tutorials.runs)):
        return
    pages = render_pages(results, settings.out)
    page = write_pages(pages, settings.out)
    if results.runs:
        console.print(results_table(results))
        for line in self_test_lines(results):
            console.print(Text(line))
        console.print(Text("Data: " + "; ".join(f"{task.name}, {task.dataset}" for task in results.tasks)))
    elif results.tutorials:
        for run in results.tutorials.runs:
            if run.error:
                console.print(
                    Text(f"{run.recipe}, {run.adapter}, seed {run.seed}: {run.status}: {run.error}")
                )
    if settings.html:
        write_html(results, pages, settings.out)
    console.print(f"Report: {page}", soft_wrap=True)


def _way_on(settings: Settings) -> Text:
    command = "run" if settings.tasks else "tutorials"
    return Text(f"To go on: python -m compare {command} --resume {shlex.quote(str(settings.out))}")


def exit_code(results: Results) -> int:
    """0 where every run is ok or not supported, and no adapter does other work than the others."""
    ran = all(run.status in NO_FAULT for run in results.runs)
    proven = all(proof.status in NO_FAULT and proof.verdict != "DIFFERENT" for proof in results.proofs)
    reproduced = results.tutorials is None or all(run.status in NO_FAULT for run in results.tutorials.runs)
    sound = {(run.task, run.adapter) for run in results.runs if run.status == "ok"}
    scaled = not any(each.error and (each.task, each.adapter) in sound for each in results.threads)
    return 0 if ran and proven and reproduced and scaled and passed_self_test(results) else 1


def passed_self_test(results: Results) -> bool:
    """Whether no adapter was found to differ from itself; so too where none ran twice."""
    if not results.twins:
        return True
    from compare.analysis.task_summary import task_summaries  # noqa: PLC0415 - SciPy can wait

    return all(test.passed for task in task_summaries(results) for test in task.aa_tests)


def recipe_keys(request: DataRequest) -> dict[str, str]:
    """Make the data of the tutorials' recipes ready; return each recipe's data key.

    Raises: UsageError where they cannot be had.
    """
    return {name: data_key(recipe.task, request) for name, recipe in RECIPES.items()}


def command_line() -> str:
    """The line that was typed."""
    return shlex.join(["python", "-m", "compare", *sys.argv[1:]])


def _task_record(block: Block) -> TaskRecord:
    data = load_task_data(block.task, block.data)
    task, dataset = data.task, data.dataset
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
        operations_per_sequence=operations_per_sequence(task.model, task.train, time_steps),
        stands_in_for=dataset.stands_in_for,
    )
