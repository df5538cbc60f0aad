"""What the runs of a recipe for accuracy come to: by adapter, over seeds, and against each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compare.analysis.statistics import Difference, Sample, paired_difference, sample
from compare.records.accuracy import Accuracy, AccuracyRun, RecipeName


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracySummary:
    """All runs of one recipe by one adapter.

    Units: `accuracies` in %, by seed; `seconds` of all training, one for each seed.
    """

    recipe: RecipeName
    adapter: str
    accuracies: dict[int, float]
    seconds: list[float]
    problem: AccuracyRun | None

    @property
    def accuracy(self) -> Sample | None:
        return sample([*self.accuracies.values()])

    @property
    def training(self) -> Sample | None:
        return sample(self.seconds)


def accuracy_summaries(accuracy: Accuracy, recipe: RecipeName) -> tuple[AccuracySummary, ...]:
    """One an adapter, in the order in which they ran."""
    own = [run for run in accuracy.runs if run.recipe == recipe]
    return tuple(
        _summary(recipe, adapter, [run for run in own if run.adapter == adapter])
        for adapter in dict.fromkeys(run.adapter for run in own)
    )


def _summary(recipe: RecipeName, adapter: str, runs: Sequence[AccuracyRun]) -> AccuracySummary:
    return AccuracySummary(
        recipe=recipe,
        adapter=adapter,
        accuracies={run.seed: run.accuracy for run in runs if run.accuracy is not None},
        seconds=[sum(run.epoch_seconds) for run in runs if run.accuracy is not None],
        problem=next((run for run in runs if run.status != "ok"), None),
    )


def fastest(runs: Sequence[AccuracyRun]) -> str | None:
    """The adapter whose training took least on average, of those that never failed; None where all did."""
    failed = {run.adapter for run in runs if run.status != "ok"}
    seconds: dict[str, list[float]] = {}
    for run in runs:
        if run.adapter not in failed:
            seconds.setdefault(run.adapter, []).append(sum(run.epoch_seconds))
    return min(seconds, key=lambda adapter: float(np.mean(seconds[adapter])), default=None)


def most_seeds(summaries: Sequence[AccuracySummary]) -> AccuracySummary | None:
    """The summary of the adapter that ran from most seeds; None where no seed was finished."""
    finished = [summary for summary in summaries if summary.accuracies]
    return max(finished, key=lambda summary: len(summary.accuracies), default=None)


def against(summary: AccuracySummary, other: AccuracySummary) -> Difference | None:
    """How much more a summary comes to than another from the same seeds, in percentage points."""
    return paired_difference(summary.accuracies, other.accuracies)
