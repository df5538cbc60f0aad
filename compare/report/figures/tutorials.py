"""Figures of the tutorials' section."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from compare.analysis.tutorials import RecipeSummary, most_seeds
from compare.report.figures.style import Style, frame, logarithmic, plain, set_title
from compare.text import counted

Line = tuple[str, Literal["-", "--", ":"]]

PUBLISHED = "#D55E00"
RULE: Line = ("#44AA99", "-")
CORRECT: Line = ("#332288", "--")
CORRECTED: Line = ("#882255", ":")
"""Colours that no adapter has: here lines are recipes."""


def points_figure(summaries: Sequence[RecipeSummary], adapter_styles: Mapping[str, Style]) -> Figure | None:
    """Actual against predicted points, as the online sine plots them, from the middle seed of the first."""
    summary = most_seeds(summaries)
    if summary is None:
        return None
    seed = summary.middle_seed(summaries)
    drawn = {
        f.adapter: picture
        for f in summaries
        if seed in f.finished and (picture := f.finished[seed].forecast) is not None
    }
    figure = Figure(figsize=(9, 4.4))
    set_title(
        figure,
        f"online sine: actual and predicted points, seed {seed}\ndata: {plain(summary.recipe.dataset)}",
    )
    axes = figure.subplots()
    actual = drawn[summary.adapter]
    handles = [axes.scatter(actual.x, actual.actual, s=190, color="0.82", label="actual")]
    for adapter, picture in drawn.items():
        style = adapter_styles[adapter]
        handles.append(
            axes.scatter(
                picture.x,
                picture.predicted,
                s=75 / (1 + style.place),
                marker=style.marker,
                color=style.colour,
                label=plain(adapter),
            )
        )
    _finish(axes, plain(actual.x_label), plain(actual.y_label))
    frame(figure, handles)
    return figure


def from_scratch_figure(
    rule: Sequence[RecipeSummary], correct: Sequence[RecipeSummary], corrected: Sequence[RecipeSummary]
) -> Figure | None:
    """Every seed's training loss beside the published one, and what each recipe predicts."""
    series = [
        (summary, line)
        for summaries, line in ((rule, RULE), (correct, CORRECT), (corrected, CORRECTED))
        if (summary := most_seeds(summaries)) is not None
    ]
    if not series:
        return None
    figure = Figure(figsize=(10, 4.8))
    set_title(figure, f"from-scratch sine\ndata: {plain(series[0][0].recipe.dataset)}")
    losses, predictions = figure.subplots(1, 2)
    handles = []
    for summary, (colour, dashes) in series:
        for outcome in summary.finished.values():
            epochs = [line.at for line in outcome.printed]
            values = [line.values["loss"] for line in outcome.printed]
            losses.plot(epochs, values, color=colour, linestyle=dashes, linewidth=0.9)
        label = plain(f"{summary.recipe.label}, {len(summary.finished)} seeds")
        handles.append(Line2D([], [], color=colour, linestyle=dashes, label=label))
        seed = summary.nearest_seed if summary.recipe.published else summary.middle_seed()
        picture = summary.finished[seed].forecast
        assert picture is not None
        if not predictions.lines:
            predictions.plot(picture.x, picture.actual, color="0.82", linewidth=8)
            handles.append(Line2D([], [], color="0.82", linewidth=8, label="actual"))
        predictions.plot(picture.x, picture.predicted, color=colour, linestyle=dashes, linewidth=1.6)
        if summary.recipe.losses:
            published = summary.recipe.losses
            losses.plot(range(1, len(published) + 1), published, color=PUBLISHED, linewidth=2.4, zorder=3)
            handles.append(Line2D([], [], color=PUBLISHED, linewidth=2.4, label="published losses"))
    logarithmic(losses.yaxis)
    _finish(losses, "epoch (losses are taken before its training)", "summed training loss (amplitude²)")
    _finish(predictions, "n in sin(n)", "amplitude")
    frame(figure, handles, columns=2)
    return figure


def images_figure(summaries: Sequence[RecipeSummary], adapter_styles: Mapping[str, Style]) -> Figure | None:
    """The minibatches' loss and accuracy against steps: medians over seeds."""
    drawn = [summary for summary in summaries if summary.finished]
    if not drawn:
        return None
    figure = Figure(figsize=(10, 4.2))
    set_title(
        figure,
        f"row-wise MNIST: minibatches after their update, median over seeds\n"
        f"data: {plain(drawn[0].recipe.dataset)}",
    )
    panels = figure.subplots(1, 2)
    for axes, name, label in zip(panels, ("loss", "accuracy"), ("loss (nats)", "accuracy (%)"), strict=True):
        for summary in drawn:
            style, count = adapter_styles[summary.adapter], len(summary.points)
            axes.plot(
                summary.points,
                [float(np.median(summary.printed(at, name))) for at in summary.points],
                color=style.colour,
                linestyle=style.line,
                linewidth=style.width,
                marker=style.marker,
                markevery=(min(count - 1, 2 * style.place), max(1, count // 8)),
            )
        _finish(axes, "step", label)
    handles = [
        Line2D(
            [],
            [],
            color=adapter_styles[f.adapter].colour,
            linestyle=adapter_styles[f.adapter].line,
            linewidth=adapter_styles[f.adapter].width,
            marker=adapter_styles[f.adapter].marker,
            label=plain(f"{f.adapter}, {counted(len(f.finished), 'seed')}"),
        )
        for f in drawn
    ]
    frame(figure, handles)
    return figure


def _finish(axes: Axes, x_label: str, y_label: str) -> None:
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
