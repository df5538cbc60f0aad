"""The page of a sweep: three figures, the fastest at every size, and how each adapter grows."""

from collections.abc import Sequence
from pathlib import Path

from compare.analysis.sweep import AXES, CENTRE, LABELS, fastest
from compare.records.environment import Environment
from compare.records.sweep import SweepPoint
from compare.report.figures.style import styles
from compare.report.figures.sweep import sweep_figure
from compare.report.page import Page
from compare.report.renderer import Renderer
from compare.report.tables.environment import environment_table
from compare.report.tables.sweep import growth_table, steps_table


def sweep_page(points: Sequence[SweepPoint], environment: Environment, folder: Path) -> Page:
    """README.md of a sweep; figures and tables are written."""
    adapters = tuple(dict.fromkeys(point.adapter for point in points))
    renderer = Renderer(folder=folder, styles=styles(adapters), values={"environment": environment})
    return renderer.front(
        "Time and memory against size",
        "sweep.md.jinja",
        {"steps": steps_table(points), "growth": growth_table(points, adapters)},
        environment_table=environment_table(environment),
        centre=CENTRE,
        fastest={LABELS[field]: fastest(points, field) for field in AXES},
        errors=[point for point in points if point.error],
        figures=renderer.figures(
            {
                "sweep": (
                    sweep_figure(points, renderer.styles),
                    "Time of a training step and memory against hidden units, batch size and time steps",
                )
            }
        ),
    )
