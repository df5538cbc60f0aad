"""`python -m compare merge`: runs of several machines, dates or versions in one folder, every block once."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from compare.cli.app import app, console
from compare.cli.beginning import command_line
from compare.cli.options import Html, Out, Overwrite, named_folder, output_folder
from compare.cluster.merging import Merged, StoredRun, left_behind, merge
from compare.errors import UsageError
from compare.machine.environment import environment
from compare.storage.checksums import write_checksums
from compare.storage.merged_folder import copy_files, hold_runs, read_checked
from compare.storage.results import save
from compare.storage.run_folder import check_folder, clear_folder, hold_output_folder
from compare.text import storable

FEWEST_RUNS = 2


@app.command(
    "merge", help="Put runs of several machines, dates or versions into one folder, every block once."
)
def merge_runs(
    runs: Annotated[list[Path], typer.Argument(parser=named_folder, help="Folders of stored runs.")],
    out: Out = None,
    replacing: Annotated[
        bool,
        typer.Option(
            "--replace", help="Where two runs have the same block, take that of the one named last."
        ),
    ] = False,
    html: Html = False,
    overwrite: Overwrite = False,
) -> None:
    if len(runs) < FEWEST_RUNS:
        raise UsageError(f"merge needs two runs or more: {runs[0]} is one")
    write_merged(runs, output_folder(out), console, replacing=replacing, html=html, overwrite=overwrite)


def write_merged(
    folders: Sequence[Path], out: Path, console: Console, *, replacing: bool, html: bool, overwrite: bool
) -> None:
    """Merge runs into a folder, and write its report.

    Raises: UsageError, nothing written, where runs cannot be read, do not fit, or are not as they were left.
    """
    with hold_runs(folders, out), hold_output_folder(out):
        check_folder(out, overwrite)
        runs = [_read(folder) for folder in folders]
        merged = merge(runs, environment(command_line(), 1, preset=""), replacing=replacing)
        try:
            page = _write(merged, out, html)
        except OSError as error:
            raise UsageError(f"cannot write to {out}: {error.strerror or error}") from error
    for line in (line for run in runs for line in _told(run)):
        console.print(line, soft_wrap=True)
    console.print(f"Report: {page}", soft_wrap=True)


def _read(folder: Path) -> StoredRun:
    results, checksum = read_checked(folder)
    name = storable(folder.resolve().name)
    return StoredRun(folder=folder, name=name, results=results, checksum=checksum)


def _told(run: StoredRun) -> list[str]:
    """What is to be known of a run that is merged."""
    lines = []
    if not run.checksum:
        lines.append(
            f"{run.folder} has no checksums, as it was made before there were any: edits would not show."
        )
    if run.results.interrupted:
        lines.append(f"{run.folder} was interrupted: what it had finished is merged.")
    if left := left_behind(run.results):
        lines.append(f"{run.folder}: only its blocks are merged, not {' and '.join(left)}.")
    return lines


def _write(merged: Merged, out: Path, html: bool) -> Path:
    from compare.report.html.document import write_html  # noqa: PLC0415 - what a report needs takes a second to import
    from compare.report.pages import render_pages, write_pages  # noqa: PLC0415

    clear_folder(out)
    records = [
        copy_files(block.run.folder, block.run.results, record, block.part, out)
        for block in merged.taken
        for record in block.records
    ]
    results = replace(merged.results, runs=records)
    save(results, out)
    pages = render_pages(results, out)
    page = write_pages(pages, out)
    if html:
        page = write_html(results, pages, out)
    write_checksums(out)
    return page
