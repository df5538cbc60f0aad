"""The report of whatever a folder holds: its pages rendered, then written."""

from collections.abc import Sequence
from pathlib import Path

from compare.analysis.machines import as_of_one_machine, spans_machines, timed_apart
from compare.records.results import Results
from compare.report.accuracy_page import accuracy_page
from compare.report.machine_pages import machine_pages
from compare.report.page import FRONT, Page
from compare.report.profile_page import profile_front
from compare.report.run_pages import run_pages
from compare.report.sweep_page import sweep_pages
from compare.report.tutorial_page import tutorials_page
from compare.storage.atomic import write_text
from compare.storage.run_folder import keep_pages, make_report_folders


def render_pages(results: Results, folder: Path) -> tuple[Page, ...]:
    """All pages of a run, of the tutorials alone, of accuracy, of a profile, or of a sweep: README.md first.

    Their figures and tables are written into the folder, which exists; the pages are not.
    """
    make_report_folders(folder)
    if spans_machines(results) or (results.runs and timed_apart(results)):
        return machine_pages(results, folder)
    if results.runs:
        return run_pages(as_of_one_machine(results), folder)
    if results.tutorials:
        return (tutorials_page(results, results.tutorials, folder),)
    if results.accuracy:
        return (accuracy_page(results, results.accuracy, folder),)
    if results.profiles:
        return (profile_front(results, folder),)
    return sweep_pages(results, folder)


def write_pages(pages: Sequence[Page], folder: Path) -> Path:
    """Write pages into their folder, where no older ones stay; return the path of README.md."""
    for page in pages:
        write_text(folder / page.name, page.text)
    keep_pages(folder, [page.name for page in pages])
    return folder / FRONT
