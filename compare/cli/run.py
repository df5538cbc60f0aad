"""One run of the command line: plan, go from stage to stage, store each, report."""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from compare.cli.beginning import beginning, data_keys
from compare.cli.cluster_option import cluster_of, left_of
from compare.cli.plan import check_settings, plan
from compare.cli.progress import progress_bars, say, say_what_is_set_aside
from compare.cli.signals import INTERRUPTED
from compare.cli.stages import stages
from compare.machine.environment import LoadMonitor
from compare.machine.versions import framework_versions
from compare.records.block import Block
from compare.records.results import Results
from compare.records.run import NO_FAULT, faults_beside
from compare.records.settings import Settings
from compare.runner.origin import this_machine
from compare.storage.checkpoint import delete_checkpoint
from compare.storage.checksums import delete_checksums, renew_tables, write_checksums
from compare.storage.journal import ResultsStore
from compare.storage.results import save
from compare.storage.resume import stored_results
from compare.storage.retry import without_failures
from compare.storage.run_folder import check_folder, hold_output_folder
from compare.text import shell_word

if TYPE_CHECKING:
    from compare.cluster.cluster import Cluster

CANNOT_GO_ON = 2


def compare(settings: Settings, console: Console) -> int:
    """Run everything that was asked for, or what is left of it, and write the report; return the exit code.

    Raises: UsageError before anything is trained.
    """
    check_settings(settings)
    talk = Console(quiet=True) if settings.quiet else console
    with hold_output_folder(settings.out):
        if not settings.resume:
            check_folder(settings.out, settings.overwrite)
        try:
            with cluster_of(*left_of(settings), console) as cluster:
                blocks, keys = _made_ready(settings, talk)
                versions = cluster.versions if cluster else framework_versions(settings.adapters)
                results = beginning(settings, blocks, keys, versions)
                note_files = write_checksums if results.interrupted else renew_tables
                if results.interrupted:
                    for task in results.tasks:
                        if task.stands_in_for:
                            say(talk, f"{task.name} has {task.dataset}: --data says which are taken.")
                    results = _run(settings, blocks, keys, results, cluster, talk, console)
                else:
                    talk.print("This run was finished: nothing is left to run, its report is written anew.")
                    if without_failures(results) != results:
                        talk.print("To run again what failed: add --retry-failed.")
        except OSError as error:
            return _give_up("Cannot go on", error, _way_on(settings), settings, console)
        try:
            if not results.interrupted:
                delete_checkpoint(settings.out)
            _show(settings, results, talk, console)
            note_files(settings.out)
        except OSError as error:
            way_on = _way_on(settings) if results.interrupted else _way_to_the_report(settings)
            return _give_up("Cannot write the report", error, way_on, settings, console)
        return INTERRUPTED if results.interrupted else exit_code(results)


def _made_ready(settings: Settings, talk: Console) -> tuple[list[Block], dict[str, str]]:
    """The blocks to run, and the keys of the data that no block has; all data are made ready.

    Raises: UsageError.
    """
    with talk.status("Making the data ready"):
        blocks, keys = plan(settings), data_keys(settings)
    if settings.left_out:
        names = " ".join(settings.left_out)
        say(
            talk,
            f"Preset {settings.preset} leaves out {' and '.join(settings.left_out)}, which take minutes: "
            f"python -m compare run {names}",
        )
    return blocks, keys


def _run(
    settings: Settings,
    blocks: list[Block],
    keys: Mapping[str, str],
    results: Results,
    cluster: "Cluster | None",
    talk: Console,
    console: Console,
) -> Results:
    """Run what is left, or as much as an interrupt lets; `talk` has what --quiet leaves out."""
    say_what_is_set_aside(talk)
    delete_checksums(settings.out)
    save(results, settings.out)
    monitor = LoadMonitor()
    latest = results.interruptions[-1] if results.interruptions else results
    machine = this_machine(latest.environment, settings.device)
    try:
        with (
            progress_bars(talk) as progress,
            closing(_stages(settings, blocks, keys, results, cluster, progress)) as all_stages,
        ):
            store = ResultsStore(settings.out)
            for grown in all_stages:
                results = grown.on(machine)
                store.keep(results)
    except KeyboardInterrupt:
        console.print("Interrupted: what there is so far is kept.")
        console.print(_way_on(settings), soft_wrap=True)
        save(_with_load(results, monitor, cluster), settings.out)
        return stored_results(settings.out)
    results = replace(_with_load(results, monitor, cluster), interrupted=False)
    save(results, settings.out)
    return results


def _with_load(results: Results, monitor: LoadMonitor, cluster: "Cluster | None") -> Results:
    """With what else ran here meanwhile, unless the work was done elsewhere."""
    return results if cluster else replace(results, environment=monitor.add_to(results.environment))


def _stages(
    settings: Settings,
    blocks: list[Block],
    keys: Mapping[str, str],
    results: Results,
    cluster: "Cluster | None",
    progress: Progress,
) -> Generator[Results]:
    if cluster is None:
        return stages(settings, blocks, keys, results, progress)
    from compare.cli.cluster_stages import cluster_stages  # noqa: PLC0415

    return cluster_stages(settings, blocks, keys, results, cluster, progress)


def _give_up(what: str, error: OSError, way_on: Text, settings: Settings, console: Console) -> int:
    where = error.filename or settings.out
    reason = f"{what}: {where}: {error.strerror or error}. What was finished is kept."
    console.print(Text(reason), soft_wrap=True)
    console.print(way_on, soft_wrap=True)
    return CANNOT_GO_ON


def _show(settings: Settings, results: Results, talk: Console, console: Console) -> None:
    """Write the report, and a summary to the terminal."""
    from compare.cli.summary import fault_lines, results_table, self_test_lines  # noqa: PLC0415 - SciPy and pandas can wait
    from compare.report.html.document import write_html  # noqa: PLC0415
    from compare.report.pages import render_pages, write_pages  # noqa: PLC0415

    if not results.has_something_to_report:
        return
    pages = render_pages(results, settings.out)
    page = write_pages(pages, settings.out)
    if results.runs:
        talk.print(results_table(results))
        for line in self_test_lines(results):
            talk.print(Text(line))
        say(talk, "Data: " + "; ".join(f"{task.name}, {task.dataset}" for task in results.tasks))
    if settings.quiet or not results.runs:
        for line in fault_lines(results):
            say(console, line)
    if settings.html:
        page = write_html(results, pages, settings.out)
    console.print(f"Report: {page}", soft_wrap=True)


def _way_on(settings: Settings) -> Text:
    command = "run" if settings.tasks else "tutorials" if settings.tutorials else "accuracy"
    return Text(f"To go on: python -m compare {command} --resume {shell_word(str(settings.out))}")


def _way_to_the_report(settings: Settings) -> Text:
    options = " --html" if settings.html else ""
    folder = shell_word(str(settings.out))
    return Text(f"All runs are finished. For their report: python -m compare report {folder}{options}")


def exit_code(results: Results) -> int:
    """0 where every run is ok or not supported, and no adapter does other work than the others."""
    ran = all(run.status in NO_FAULT for run in results.runs)
    proven = all(proof.status in NO_FAULT and proof.verdict != "DIFFERENT" for proof in results.proofs)
    reproduced = results.tutorials is None or all(run.status in NO_FAULT for run in results.tutorials.runs)
    scaled = not faults_beside(results.runs, results.threads)
    profiled = not faults_beside(results.runs, results.profiles)
    judged = results.accuracy is None or all(run.status in NO_FAULT for run in results.accuracy.all_runs)
    clean = ran and proven and reproduced and judged and scaled and profiled
    return 0 if clean and passed_self_test(results) else 1


def passed_self_test(results: Results) -> bool:
    """Whether no adapter was found to differ from itself; so too where none ran twice."""
    if not results.twins:
        return True
    from compare.analysis.task_summary import task_summaries  # noqa: PLC0415 - SciPy can wait

    return all(test.passed for task in task_summaries(results) for test in task.aa_tests)
