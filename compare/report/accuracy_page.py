"""The page of a reference for accuracy, and that of the choice of its recipes."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from adapters.interface import AdamW
from compare.analysis.accuracy import (
    AccuracySummary,
    AdapterDifference,
    accuracy_summaries,
    differences,
    most_seeds,
    sampling_error,
)
from compare.analysis.caveats import cluster_caveats
from compare.records.accuracy import Accuracy
from compare.records.results import Results
from compare.report.figures.accuracy import accuracy_figure
from compare.report.figures.style import styles
from compare.report.page import Page
from compare.report.renderer import Renderer
from compare.report.tables.accuracy import (
    accuracy_table,
    differences_table,
    seeds_table,
    settings_table,
    trials_table,
)
from compare.report.tables.environment import environment_table
from compare.text import counted, escape, interval_text, number, signed


def accuracy_page(results: Results, accuracy: Accuracy, folder: Path) -> Page:
    """README.md of a reference for accuracy or, where nothing but trials ran, of the choice of recipes.

    Figures and tables are written.
    """
    renderer = Renderer(
        folder=folder,
        styles=styles(run.adapter for run in accuracy.all_runs),
        values={
            "environment": results.environment,
            "cluster": [*cluster_caveats(results.cluster)],
            "interrupted": results.interrupted,
            "interruptions": results.interruptions,
            "accuracy": accuracy,
            "versions": {adapter: version for adapter, version in results.versions.items() if version},
        },
    )
    shared = {
        "trials": trials_table(accuracy.trials),
        "environment": environment_table(results.environment),
    }
    if not accuracy.runs:
        return renderer.front("The choice of recipes for accuracy, made again", "choice.md.jinja", shared)
    summaries = {recipe.name: accuracy_summaries(accuracy, recipe.name) for recipe in accuracy.recipes}
    every = [summary for own in summaries.values() for summary in own]
    found = differences([*summaries.values()])
    figure = accuracy_figure(summaries, renderer.styles, accuracy.dataset)
    return renderer.front(
        "A reference for accuracy: one LSTM of 128 units on rows of images",
        "accuracy.md.jinja",
        {
            "accuracy": accuracy_table(every),
            "differences": differences_table(found),
            "recipes": settings_table(accuracy.recipes),
            "seeds": seeds_table(accuracy.runs),
            **shared,
        },
        answers={name: _answer(most_seeds(own)) for name, own in summaries.items() if own},
        machines=len({run.machine for run in accuracy.runs}),
        sampling_error=sampling_error(_highest(every), accuracy.held_out_sequences),
        adamw=AdamW(learning_rate=1.0, weight_decay=0.0),
        tried=Counter(trial.recipe for trial in accuracy.trials),
        otherwise=[
            recipe.name
            for recipe in accuracy.recipes
            if recipe.settings not in [trial.settings for trial in accuracy.trials]
        ],
        agreement=_agreement(found),
        figures=renderer.figures(
            {"accuracy": (figure, f"Accuracy after training, data: {accuracy.dataset}")}
        ),
    )


def _highest(summaries: Sequence[AccuracySummary]) -> float:
    """The highest mean accuracy; 0 where no adapter finished a seed."""
    return max((summary.accuracy.mean for summary in summaries if summary.accuracy), default=0.0)


def _answer(summary: AccuracySummary | None) -> str:
    """What a recipe comes to, on the adapter that ran from most seeds."""
    if summary is None or summary.accuracy is None:
        return "no adapter finished it."
    accuracy, count = summary.accuracy, summary.accuracy.count
    interval = (
        f" (95 % interval {interval_text(accuracy.low, accuracy.high)})" if accuracy.has_interval else ""
    )
    training = summary.training
    seconds = f"which trains for {number(training.mean)} s" if training else "whose seconds compare with none"
    seeds = counted(count, "seed")
    return f"**{accuracy.mean:.2f} %**{interval} over {seeds} on {escape(summary.adapter)}, {seconds}."


def _agreement(found: Sequence[AdapterDifference]) -> str:
    """Whether any adapter was found to come to more or less than another."""
    certain = [
        f"{escape(each.adapter)} comes to {signed(each.difference.mean)} points beside {escape(each.other)} "
        f"({each.recipe})"
        for each in found
        if each.difference and each.is_certain
    ]
    if certain:
        return f"**A difference was found: {'; '.join(certain)}.**"
    tested = [each.difference for each in found if each.difference and each.difference.has_interval]
    if not tested:
        return "Fewer than three seeds ran on several adapters: too few to tell whether they agree."
    means = max(abs(difference.mean) for difference in tested)
    reach = max((difference.high - difference.low) / 2 for difference in tested)
    return (
        f"**No difference was found.** The largest, of {means:.2f} percentage points, is not more than "
        f"chance; one of {reach:.2f} points would have been found."
    )
