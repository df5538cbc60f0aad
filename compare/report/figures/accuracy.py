"""The figure of a reference for accuracy: how right, after how many seconds."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from compare.analysis.accuracy import AccuracySummary
from compare.records.accuracy import RecipeName
from compare.report.figures.style import Style, frame, logarithmic, plain, set_title


def accuracy_figure(
    recipes: Mapping[RecipeName, Sequence[AccuracySummary]], adapter_styles: Mapping[str, Style], dataset: str
) -> Figure | None:
    """A panel a recipe: the seeds that all adapters finished, and the means with their intervals.

    None where adapters share no finished seed, or none on one machine: other seconds share no axis.
    """
    drawn = {
        name: finished
        for name, summaries in recipes.items()
        if (finished := [summary for summary in summaries if summary.accuracies and summary.training])
    }
    if not drawn:
        return None
    figure = Figure(figsize=(10, 4.4))
    set_title(figure, f"accuracy on held-out images\ndata: {plain(dataset)}")
    handles: dict[str, Line2D] = {}
    for place, (name, summaries) in enumerate(drawn.items(), 1):
        first = figure.axes[0] if figure.axes else None
        axes = figure.add_subplot(1, len(drawn), place, sharex=first, sharey=first)
        for summary in summaries:
            handles[summary.adapter] = _draw(axes, summary, adapter_styles[summary.adapter])
        axes.set_title(plain(name), fontsize=10)
        axes.set_xlabel("seconds of training")
        axes.set_ylabel("accuracy (%)")
        axes.grid(color="0.92")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    logarithmic(figure.axes[0].xaxis)
    frame(figure, [*handles.values()])
    return figure


def _draw(axes: Axes, summary: AccuracySummary, style: Style) -> Line2D:
    """Seeds as light marks, their mean as a dark one; what stands for the adapter in the legend."""
    accuracy, training = summary.accuracy, summary.training
    assert accuracy is not None
    assert training is not None
    axes.scatter(
        [run.training_seconds for run in summary.timed],
        [summary.accuracies[run.seed] for run in summary.timed],
        s=26,
        marker=style.marker,
        color=style.colour,
        alpha=0.45,
        linewidths=0,
    )
    ends = [[accuracy.mean - accuracy.low], [accuracy.high - accuracy.mean]]
    axes.errorbar(
        [training.mean],
        [accuracy.mean],
        yerr=ends if accuracy.has_interval else None,
        marker=style.marker,
        markersize=8,
        color=style.colour,
        capsize=4,
        linestyle="none",
    )
    return Line2D(
        [],
        [],
        color=style.colour,
        marker=style.marker,
        markersize=8,
        linestyle="none",
        label=plain(summary.adapter),
    )
