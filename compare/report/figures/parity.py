"""How far the losses of adapters are from the reference's, update by update."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compare.records.parity import ParityResult
from compare.report.figures.style import Style, frame, logarithmic, plain, set_title
from compare.tolerances import FLOAT32_BAND, FLOAT64_BAND

LOWEST = 1e-17
"""Where no difference at all is drawn: a logarithmic scale has no zero."""


def parity_figure(
    task: str, proofs: Sequence[ParityResult], adapter_styles: Mapping[str, Style]
) -> Figure | None:
    """How far the loss curves are from the reference's, in both precisions; None where none was compared."""
    drawn = [proof for proof in proofs if proof.losses]
    if not drawn:
        return None
    figure = Figure(figsize=(10, 4.2))
    words = f"{task}: difference of the losses from those of {drawn[0].reference}"
    set_title(figure, f"{plain(words)}\ndata: {plain(drawn[0].dataset)}")
    float64, float32 = figure.subplots(1, 2)
    for proof in drawn:
        _draw(float64, proof.losses, proof.adapter, adapter_styles[proof.adapter])
        _draw(float32, proof.losses_float32, proof.adapter, adapter_styles[proof.adapter])
    _finish(float64, "float64, relative", FLOAT64_BAND)
    _finish(float32, "float32, in multiples of max(1, loss)", FLOAT32_BAND)
    frame(figure, float64.get_lines()[1 : 2 * len(drawn) : 2])
    return figure


def _draw(axes: Axes, differences: Sequence[float], adapter: str, style: Style) -> None:
    """A point for each update, and a line for the largest difference up to there."""
    updates = np.arange(1, len(differences) + 1)
    shown = np.maximum(differences, LOWEST)
    axes.plot(
        updates, shown, color=style.colour, marker=style.marker, markersize=2.5, linestyle="none", alpha=0.4
    )
    axes.plot(
        updates,
        np.maximum.accumulate(shown),
        color=style.colour,
        linestyle=style.line,
        linewidth=style.width,
        marker=style.marker,
        markersize=6,
        markevery=(style.place * 7, max(1, len(differences) // 8)),
        label=plain(adapter),
    )


def _finish(axes: Axes, heading: str, band: float) -> None:
    axes.axhline(band, color="#D55E00", linewidth=1.2)
    axes.annotate(
        f"band {band:g}",
        (1, band),
        (-2, 3),
        ("axes fraction", "data"),
        "offset points",
        ha="right",
        color="#D55E00",
    )
    axes.set_ylim(bottom=LOWEST, top=max(10 * band, axes.get_ylim()[1]))
    logarithmic(axes.yaxis)
    axes.set_title(heading, fontsize=10)
    axes.set_xlabel("updates")
    axes.set_ylabel("difference in the loss")
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
