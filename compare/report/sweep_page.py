"""The page of a sweep: three figures, the fastest at every size, and how each adapter grows."""

from collections.abc import Sequence
from pathlib import Path

from compare.benchmarks.sweep import AXES, CENTRE, LABELS, fastest
from compare.records.environment import Environment
from compare.records.sweep import SweepPoint
from compare.report.figures.figure_file import save_figure
from compare.report.figures.style import styles
from compare.report.figures.sweep import sweep_figure
from compare.report.tables.environment import environment_table
from compare.report.tables.sweep import growth_table, steps_table
from compare.report.templating import template
from compare.storage.atomic import write_text
from compare.storage.run_folder import make_report_folders


def write_sweep_page(points: Sequence[SweepPoint], environment: Environment, folder: Path) -> Path:
    """Write README.md, figures/ and tables/ into an existing folder; return the path of the page."""
    make_report_folders(folder)
    adapters = tuple(dict.fromkeys(point.adapter for point in points))
    adapter_styles = styles(adapters)
    figure = save_figure(
        sweep_figure(points, adapter_styles),
        folder,
        "sweep",
        "Time of a training step and memory against hidden units, batch size and time steps",
    )
    tables = (steps_table(points), growth_table(points, adapters))
    page = template("sweep.md.jinja").render(
        environment=environment,
        environment_table=environment_table(environment),
        centre=CENTRE,
        steps_table=tables[0],
        growth_table=tables[1],
        fastest={LABELS[field]: fastest(points, field) for field in AXES},
        errors=[point for point in points if point.error],
        figure=figure,
        files=[table.save(folder) for table in tables],
    )
    write_text(folder / "README.md", page)
    return folder / "README.md"
