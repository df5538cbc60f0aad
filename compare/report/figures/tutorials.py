"""Figures of the tutorials' section."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from compare.analysis.tutorials import Finding, most_seeds
from compare.report.figures.style import Style, legend_below, plain

Line = tuple[str, Literal["-", "--", ":"]]

PUBLISHED = "#D55E00"
RULE: Line = ("#44AA99", "-")
CORRECT: Line = ("#332288", "--")
CORRECTED: Line = ("#882255", ":")
"""Colours that no adapter has: here lines are recipes."""


def points_figure(found: Sequence[Finding], looks: Mapping[str, Style]) -> Figure | None:
    """Actual against predicted points, as the online sine plots them, from the middle seed of the first."""
    finding = most_seeds(found)
    if finding is None:
        return None
    seed = finding.middle_seed(found)
    drawn = {
        f.adapter: picture
        for f in found
        if seed in f.finished and (picture := f.finished[seed].forecast) is not None
    }
    figure = Figure(figsize=(9, 4.4), layout="constrained")
    figure.suptitle(
        f"online sine: actual and predicted points, seed {seed}\ndata: {plain(finding.recipe.dataset)}",
        fontsize=11,
    )
    axes = figure.subplots()
    actual = drawn[finding.adapter]
    handles = [axes.scatter(actual.x, actual.actual, s=190, color="0.82", label="actual")]
    for adapter, picture in drawn.items():
        look = looks[adapter]
        handles.append(
            axes.scatter(
                picture.x,
                picture.predicted,
                s=75 / (1 + look.place),
                marker=look.marker,
                color=look.colour,
                label=plain(adapter),
            )
        )
    _finish(axes, plain(actual.x_label), plain(actual.y_label))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def from_scratch_figure(
    rule: Sequence[Finding], correct: Sequence[Finding], corrected: Sequence[Finding]
) -> Figure | None:
    """Every seed's training loss beside the published one, and what each recipe predicts."""
    series = [
        (finding, line)
        for found, line in ((rule, RULE), (correct, CORRECT), (corrected, CORRECTED))
        if (finding := most_seeds(found)) is not None
    ]
    if not series:
        return None
    figure = Figure(figsize=(10, 4.8), layout="constrained")
    figure.suptitle(f"from-scratch sine\ndata: {plain(series[0][0].recipe.dataset)}", fontsize=11)
    losses, predictions = figure.subplots(1, 2)
    handles = []
    for finding, (colour, dashes) in series:
        for outcome in finding.finished.values():
            epochs = [line.at for line in outcome.printed]
            values = [line.values["loss"] for line in outcome.printed]
            losses.plot(epochs, values, color=colour, linestyle=dashes, linewidth=0.9)
        label = plain(f"{finding.recipe.label}, {len(finding.finished)} seeds")
        handles.append(Line2D([], [], color=colour, linestyle=dashes, label=label))
        seed = finding.nearest_seed if finding.recipe.published else finding.middle_seed()
        picture = finding.finished[seed].forecast
        assert picture is not None
        if not predictions.lines:
            predictions.plot(picture.x, picture.actual, color="0.82", linewidth=8)
            handles.append(Line2D([], [], color="0.82", linewidth=8, label="actual"))
        predictions.plot(picture.x, picture.predicted, color=colour, linestyle=dashes, linewidth=1.6)
        if finding.recipe.losses:
            published = finding.recipe.losses
            losses.plot(range(1, len(published) + 1), published, color=PUBLISHED, linewidth=2.4, zorder=3)
            handles.append(Line2D([], [], color=PUBLISHED, linewidth=2.4, label="published losses"))
    losses.set_yscale("log")
    _finish(losses, "epoch (losses are taken before its training)", "summed training loss (amplitude²)")
    _finish(predictions, "n in sin(n)", "amplitude")
    legend_below(figure, handles, columns=2)
    return figure


def images_figure(found: Sequence[Finding], looks: Mapping[str, Style]) -> Figure | None:
    """The minibatches' loss and accuracy against steps: medians over seeds."""
    drawn = [finding for finding in found if finding.finished]
    if not drawn:
        return None
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    figure.suptitle(
        f"row-wise MNIST: minibatches after their update, median over seeds\n"
        f"data: {plain(drawn[0].recipe.dataset)}",
        fontsize=11,
    )
    panels = figure.subplots(1, 2)
    for axes, name, label in zip(panels, ("loss", "accuracy"), ("loss (nats)", "accuracy (%)"), strict=True):
        for finding in drawn:
            look, count = looks[finding.adapter], len(finding.points)
            axes.plot(
                finding.points,
                [float(np.median(finding.printed(at, name))) for at in finding.points],
                color=look.colour,
                linestyle=look.line,
                linewidth=look.width,
                marker=look.marker,
                markevery=(min(count - 1, 2 * look.place), max(1, count // 8)),
            )
        _finish(axes, "step", label)
    handles = [
        Line2D(
            [],
            [],
            color=looks[f.adapter].colour,
            linestyle=looks[f.adapter].line,
            linewidth=looks[f.adapter].width,
            marker=looks[f.adapter].marker,
            label=plain(f.adapter),
        )
        for f in drawn
    ]
    legend_below(figure, handles)
    return figure


def _finish(axes: Axes, x_label: str, y_label: str) -> None:
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
