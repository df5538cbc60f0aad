"""The `tutorials` command: every recipe on every adapter, and a page of its own."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from compare.environment import environment
from compare.folder import check_folder, clear_folder
from compare.plan import Settings, check
from compare.records import NO_FAULT, Results, Tutorials, save
from compare.report.figures import styles
from compare.report.page import template
from compare.report.tables import environment_table
from compare.session import INTERRUPTED, command_line, recipe_keys, reproduce_tutorials
from compare.storage import write_text
from compare.terminal import progress_bars
from compare.tutorials.section import tutorial_section


def run_tutorials(settings: Settings, console: Console) -> int:
    """Run every recipe and write the page; return the exit code.

    Raises: UsageError before anything is trained.
    """
    check(settings)
    check_folder(settings.out, settings.overwrite)
    with console.status("Making the data ready"):
        keys = recipe_keys(settings.data)
    clear_folder(settings.out)
    try:
        with progress_bars(console) as progress:
            tutorials = reproduce_tutorials(settings, keys, progress)
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return INTERRUPTED
    results = Results(
        environment=environment(command_line(), 1, settings.preset),
        tasks=[],
        runs=[],
        tutorials=tutorials,
    )
    save(results, settings.out)
    page = write_page(results, tutorials, settings.out)
    for run in tutorials.runs:
        if run.error:
            console.print(Text(f"{run.recipe}, {run.adapter}, seed {run.seed}: {run.status}: {run.error}"))
    console.print(f"Report: {page}", soft_wrap=True)
    return 0 if all(run.status in NO_FAULT for run in tutorials.runs) else 1


def write_page(results: Results, tutorials: Tutorials, folder: Path) -> Path:
    """Write README.md, figures/ and tables/ into an existing folder; return the path of the page."""
    for name in ("figures", "tables"):
        (folder / name).mkdir(exist_ok=True)
    looks = styles([], (run.adapter for run in tutorials.runs))
    section = tutorial_section(tutorials, looks, folder)
    overview = environment_table(results.environment)
    tables = (overview, *section.tables.values())
    page = template("tutorials_page.md.jinja").render(
        environment=results.environment,
        environment_table=overview,
        tutorials=section,
        tables=[table.save(folder / "tables").relative_to(folder) for table in tables],
    )
    write_text(folder / "README.md", page)
    return folder / "README.md"
