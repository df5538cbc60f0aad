"""The loss curves of two programs, and how far they are apart."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compare.port.records.result import Curves, PortResult
from compare.report.figures.style import frame, plain, set_title, styles

LOWEST = 1e-17
"""Where no difference at all is drawn: a logarithmic scale has no zero."""


def port_figure(result: PortResult) -> Figure:
    """Both curves, their difference in float64 and, where it was looked at, in float32, with the bands."""
    figure = Figure(figsize=(10, 4.2))
    set_title(figure, plain(f"{result.names[0]} and {result.names[1]}"))
    left, right = figure.subplots(1, 2)
    updates = np.arange(1, len(result.curve.first) + 1)
    for label, values in (("A", result.curve.first), ("B", result.curve.second)):
        style = styles("AB")[label]
        left.plot(
            updates, values, color=style.colour, linestyle=style.line, linewidth=style.width, label=label
        )
    left.set_title(f"loss, {result.dtype}", fontsize=10)
    _difference(right, result.curve, result.dtype, "#0072B2")
    if result.float32 is not None:
        _difference(right, result.float32, "float32", "#E69F00")
    right.set_title("difference in the loss, relative; dotted: the band", fontsize=10)
    right.set_ylim(bottom=LOWEST)
    for axes in (left, right):
        axes.set_xlabel("updates")
        axes.grid(color="0.92")
        axes.spines[["top", "right"]].set_visible(False)
    frame(figure, [*left.get_lines(), *right.get_lines()[::2]])
    return figure


def _difference(axes: Axes, curve: Curves, label: str, colour: str) -> None:
    updates = np.arange(1, len(curve.difference) + 1)
    shown = np.where(np.isfinite(curve.difference), curve.difference, np.nan)
    axes.semilogy(updates, np.maximum(shown, LOWEST), color=colour, label=label)
    axes.semilogy(updates, curve.band, color=colour, linestyle=":")
