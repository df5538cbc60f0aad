"""The page of the `tutorials` command."""

from pathlib import Path

from compare.records.results import Results
from compare.records.tutorial import Tutorials
from compare.report.figures.style import styles
from compare.report.page import template
from compare.report.tables.environment import environment_table
from compare.report.tutorial_section import tutorial_section
from compare.storage.atomic import write_text
from compare.storage.run_folder import make_report_folders


def write_page(results: Results, tutorials: Tutorials, folder: Path) -> Path:
    """Write README.md, figures/ and tables/ into an existing folder; return the path of the page."""
    make_report_folders(folder)
    looks = styles([], (run.adapter for run in tutorials.runs))
    section = tutorial_section(tutorials, looks, folder)
    overview = environment_table(results.environment)
    tables = (overview, *section.tables.values())
    page = template("tutorials_page.md.jinja").render(
        environment=results.environment,
        environment_table=overview,
        interrupted=results.interrupted,
        interruptions=results.interruptions,
        tutorials=section,
        tables=[table.save(folder / "tables").relative_to(folder) for table in tables],
    )
    write_text(folder / "README.md", page)
    return folder / "README.md"
