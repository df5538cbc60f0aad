"""The page of a sweep: three figures, the fastest at every size, and how each adapter grows."""

from pathlib import Path

from adapters.interface import Cell
from compare.analysis.sweep import AXES, CENTRE, LABELS, fastest
from compare.records.results import Results
from compare.records.sweep import Size
from compare.report.figures.style import styles
from compare.report.figures.sweep import sweep_figure
from compare.report.page import Page
from compare.report.renderer import Renderer
from compare.report.tables.environment import environment_table
from compare.report.tables.sweep import growth_table, steps_table

IMAGE_ROWS = "that reads rows of images (28 inputs, 10 classes, Adam, float32)"

CELLS: dict[Cell, str] = {"elman": "an Elman network", "lstm": "an LSTM", "gru": "a GRU"}
"""Cell -> what is said to be trained."""


def sweep_page(results: Results, folder: Path) -> Page:
    """README.md of a sweep; figures and tables are written."""
    points, environment = results.sweep, results.environment
    adapters = tuple(dict.fromkeys(point.adapter for point in points))
    renderer = Renderer(folder=folder, styles=styles(adapters), values={"environment": environment})
    return renderer.front(
        "Time and memory against size",
        "sweep.md.jinja",
        {"steps": steps_table(points), "growth": growth_table(points, adapters)},
        environment_table=environment_table(environment),
        network=f"{_network(points[0].size)} {results.sweep_of or IMAGE_ROWS}",
        centre=CENTRE,
        fastest={LABELS[field]: fastest(points, field) for field in AXES},
        errors=[point for point in points if point.error],
        figures=renderer.figures(
            {
                "sweep": (
                    sweep_figure(points, renderer.styles),
                    "Time of a training step and memory against hidden units, batch, time steps and layers",
                )
            }
        ),
    )


def _network(size: Size) -> str:
    return CELLS[size.cell] + (" in both directions" if size.bidirectional else "")
