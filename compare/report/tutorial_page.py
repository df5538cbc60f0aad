"""The page of the `tutorials` command."""

from pathlib import Path

from compare.records.results import Results
from compare.records.tutorial import Tutorials
from compare.report.figures.style import styles
from compare.report.page import Page
from compare.report.renderer import Renderer
from compare.report.tables.environment import environment_table
from compare.report.tutorial_section import tutorial_section


def tutorials_page(results: Results, tutorials: Tutorials, folder: Path) -> Page:
    """README.md of a run of the tutorials alone; figures and tables are written."""
    renderer = Renderer(
        folder=folder,
        styles=styles(run.adapter for run in tutorials.runs),
        values={
            "environment": results.environment,
            "interrupted": results.interrupted,
            "interruptions": results.interruptions,
        },
    )
    section = tutorial_section(tutorials, renderer)
    tables = {"environment": environment_table(results.environment), **section.tables}
    return renderer.front(
        "The tutorials, published and reproduced", "tutorials_page.md.jinja", tables, tutorials=section
    )
