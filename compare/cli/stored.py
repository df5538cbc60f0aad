"""The commands `report` and `diff`, which read runs from disk."""

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from compare.errors import UsageError, check_choice
from compare.records.results import Results
from compare.storage.checksums import renew_tables
from compare.storage.results import open_run
from compare.storage.resume import stored_results
from compare.storage.run_folder import lock_folder


def render(folder: Path, baseline: str | None, html: bool, console: Console) -> int:
    """Write a stored run's report again, with ratios against another baseline if one is named.

    Of an interrupted run, what was under way is shown, too.

    Raises: UsageError, nothing changed, where the folder holds no run, cannot be written to, or is being
    written to by a run.
    """
    with lock_folder(folder):
        return _render(stored_results(folder), folder, baseline, html, console)


def _render(results: Results, folder: Path, baseline: str | None, html: bool, console: Console) -> int:
    adapters = dict.fromkeys(run.adapter for run in results.runs)
    if baseline is not None:
        check_choice("baseline", baseline, [name for name in adapters if name not in results.twins])
        results = replace(results, baseline=baseline)
    if not results.has_something_to_report:
        raise UsageError(f"{folder / 'results.json'}: nothing was finished, there is nothing to report")
    try:
        console.print(f"Report: {_write(results, folder, html)}", soft_wrap=True)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from error
    return 0


def _write(results: Results, folder: Path, html: bool) -> Path:
    from compare.report.html.document import write_html  # noqa: PLC0415 - what a report needs takes a second to import
    from compare.report.pages import render_pages, write_pages  # noqa: PLC0415

    pages = render_pages(results, folder)
    page = write_pages(pages, folder)
    if html:
        page = write_html(results, pages, folder)
    renew_tables(folder)
    return page


def compare_runs(first: Path, second: Path, threshold: float, console: Console) -> int:
    """Compare two stored runs, as Markdown; return the exit code, 1 where something got worse.

    `threshold` is a share in per cent.
    Raises: UsageError where a folder holds no run, or for a threshold that is none.
    """
    if not 0 <= threshold < 1000:
        raise UsageError(f"--threshold is {threshold:g}: it must lie between 0 and 1000 (per cent)")
    before, after = open_run(first), open_run(second)
    from compare.analysis.run_diff import diff_runs  # noqa: PLC0415
    from compare.report.diff_page import diff_page  # noqa: PLC0415

    found = diff_runs(before, after, threshold / 100)
    if not found.changes:
        raise UsageError(f"{first} and {second} hold no tasks: there is nothing to compare")
    console.out(diff_page(found, first, second, threshold), highlight=False)
    return 1 if any(change.regression for change in found.changes) else 0
