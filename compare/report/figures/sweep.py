"""Time and memory of a training step against its size."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from compare.analysis.statistics import median
from compare.analysis.sweep import AXES, CENTRE, LABELS, along
from compare.records.sweep import SweepPoint
from compare.report.figures.style import Style, frame, plain
from compare.text import number


def sweep_figure(points: Sequence[SweepPoint], adapter_styles: Mapping[str, Style]) -> Figure | None:
    """Time above, memory below, against H, B, T and L, on logarithmic scales; None where none has a time."""
    if not any(point.seconds for point in points):
        return None
    figure = Figure(figsize=(13, 6.8))
    panels = figure.subplots(2, len(AXES), sharex="col", sharey="row")
    for column, field in enumerate(AXES):
        for name, style in adapter_styles.items():
            line = along(points, name, field)
            sizes = [getattr(point.size, field) for point in line]
            times = [1e3 * (median(point.seconds) or 0.0) for point in line]
            memory = [max(1.0, point.memory_bytes / 2**20) for point in line]
            for axes, figures in ((panels[0, column], times), (panels[1, column], memory)):
                axes.plot(
                    sizes,
                    figures,
                    color=style.colour,
                    linestyle=style.line,
                    marker=style.marker,
                    linewidth=min(style.width, 2.0),
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
        Line2D([], [], color=style.colour, linestyle=style.line, marker=style.marker, label=plain(name))
        for name, style in adapter_styles.items()
    ]
    frame(figure, handles)
    return figure


def _mark_sizes(axes: Axes, field: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(AXES[field], [str(value) for value in AXES[field]])
    axes.xaxis.set_minor_locator(NullLocator())
