"""The page of a sweep: three figures, the fastest at every size, and how each adapter grows."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from compare.analysis.statistics import median
from compare.benchmarks.sweep import AXES, CENTRE, along, exponent, fastest
from compare.records.environment import Environment
from compare.records.sweep import SweepPoint
from compare.report.figures.style import Style, legend_below, plain, save, styles
from compare.report.page import template
from compare.report.tables.environment import environment_table
from compare.report.tables.table import Table
from compare.storage.atomic import write_text
from compare.storage.run_folder import make_report_folders
from compare.text import NOTHING, escape, factor, number

LABELS = {"hidden": "hidden units H", "batch": "batch size B", "time_steps": "time steps T"}


def write_page(points: Sequence[SweepPoint], environment: Environment, folder: Path) -> Path:
    """Write README.md, figures/ and tables/ into an existing folder; return the path of the page."""
    make_report_folders(folder)
    adapters = tuple(dict.fromkeys(point.adapter for point in points))
    looks = styles([], adapters)
    save(sweep_figure(points, looks), folder / "figures" / "sweep.png")
    tables = (steps_table(points), growth_table(points, adapters))
    page = template("sweep.md.jinja").render(
        environment=environment,
        environment_table=environment_table(environment),
        centre=CENTRE,
        steps_table=tables[0],
        growth_table=tables[1],
        fastest={LABELS[field]: fastest(points, field) for field in AXES},
        errors=[point for point in points if point.error],
        tables=[table.save(folder / "tables").relative_to(folder) for table in tables],
    )
    write_text(folder / "README.md", page)
    return folder / "README.md"


def sweep_figure(points: Sequence[SweepPoint], looks: dict[str, Style]) -> Figure:
    """Time above, memory below, against H, B and T, on logarithmic scales."""
    figure = Figure(figsize=(11, 6.8), layout="constrained")
    panels = figure.subplots(2, len(AXES), sharex="col", sharey="row")
    for column, field in enumerate(AXES):
        for name, look in looks.items():
            line = along(points, name, field)
            sizes = [getattr(point.size, field) for point in line]
            times = [1e3 * (median(point.seconds) or 0.0) for point in line]
            memory = [max(1.0, point.memory_bytes / 2**20) for point in line]
            for axes, figures in ((panels[0, column], times), (panels[1, column], memory)):
                axes.plot(
                    sizes,
                    figures,
                    color=look.colour,
                    linestyle=look.line,
                    marker=look.marker,
                    linewidth=min(look.width, 2.0),
                )
        _mark_sizes(panels[1, column], field)
        panels[1, column].set_xlabel(LABELS[field])
        for axes in panels[:, column]:
            axes.axvline(getattr(CENTRE, field), color="0.8", zorder=0)
    panels[0, 0].set_ylabel("time of a training step, ms")
    panels[1, 0].set_ylabel("memory above the import, MiB")
    for axes in panels.flat:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        axes.grid(color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
    handles = [
        Line2D([], [], color=look.colour, linestyle=look.line, marker=look.marker, label=plain(name))
        for name, look in looks.items()
    ]
    legend_below(figure, handles)
    return figure


def _mark_sizes(axes: Axes, field: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(AXES[field], [str(value) for value in AXES[field]])
    axes.xaxis.set_minor_locator(NullLocator())


def steps_table(points: Sequence[SweepPoint]) -> Table:
    """One row a size and adapter in the file; on the page one row a size, the fastest in bold."""
    raw = pd.DataFrame(
        {
            "adapter": point.adapter,
            "hidden": point.size.hidden,
            "batch": point.size.batch,
            "time_steps": point.size.time_steps,
            "step_seconds_median": median(point.seconds),
            "memory_bytes": point.memory_bytes,
            "error": point.error,
        }
        for point in points
    )
    rows = []
    for size in dict.fromkeys(point.size for point in points):
        times = {point.adapter: median(point.seconds) for point in points if point.size == size}
        least = min((time for time in times.values() if time is not None), default=None)
        shown = {escape(name): _milliseconds(time, bold=time == least) for name, time in times.items()}
        rows.append({"H": size.hidden, "B": size.batch, "T": size.time_steps, **shown})
    return Table(name="sweep", raw=raw, shown=pd.DataFrame(rows).map(str), words=())


def _milliseconds(seconds: float | None, *, bold: bool) -> str:
    if seconds is None:
        return NOTHING
    return f"**{number(1e3 * seconds)}**" if bold else number(1e3 * seconds)


def growth_table(points: Sequence[SweepPoint], adapters: Sequence[str]) -> Table:
    """The power of H, B and T by which time and memory grow at the upper end."""
    rows = []
    for name in adapters:
        for field in AXES:
            line = along(points, name, field)
            sizes = [float(getattr(point.size, field)) for point in line]
            rows.append(
                {
                    "adapter": name,
                    "axis": field,
                    "time_exponent": exponent(sizes, [median(point.seconds) or 0.0 for point in line]),
                    "memory_exponent": exponent(sizes, [max(1.0, point.memory_bytes) for point in line]),
                }
            )
    raw = pd.DataFrame(rows)
    shown = pd.DataFrame(
        {
            "Adapter": raw["adapter"].map(escape),
            "Against": raw["axis"].map(LABELS),
            "Time grows as the power": raw["time_exponent"].map(factor),
            "Memory as the power": raw["memory_exponent"].map(factor),
        }
    )
    return Table(name="growth", raw=raw, shown=shown, words=("Adapter", "Against"))
