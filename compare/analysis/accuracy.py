"""What the runs of a recipe for accuracy come to: by adapter, over seeds, and against each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from compare.analysis.statistics import FEWEST_CLUSTERS, Difference, Sample, paired_difference, sample
from compare.records.accuracy import Accuracy, AccuracyRun, RecipeName


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracySummary:
    """All runs of one recipe by one adapter; those that finished, and the first that did not.

    `timed` are those whose seconds are compared with other adapters'.
    """

    recipe: RecipeName
    adapter: str
    finished: tuple[AccuracyRun, ...]
    timed: tuple[AccuracyRun, ...]
    problem: AccuracyRun | None

    @property
    def accuracies(self) -> dict[int, float]:
        """By seed.

        Units: %.
        """
        return {run.seed: run.accuracy for run in self.finished if run.accuracy is not None}

    @property
    def accuracy(self) -> Sample | None:
        return sample([*self.accuracies.values()])

    @property
    def training(self) -> Sample | None:
        """The seconds of all training, of the runs that are compared; None where there are none."""
        return sample([run.training_seconds for run in self.timed])


def accuracy_summaries(accuracy: Accuracy, recipe: RecipeName) -> tuple[AccuracySummary, ...]:
    """One an adapter, in the order in which they ran."""
    own = [run for run in accuracy.runs if run.recipe == recipe]
    timed = _comparable([run for run in own if run.accuracy is not None])
    return tuple(
        AccuracySummary(
            recipe=recipe,
            adapter=adapter,
            finished=tuple(run for run in own if run.adapter == adapter and run.accuracy is not None),
            timed=tuple(run for run in timed if run.adapter == adapter),
            problem=next((run for run in own if run.adapter == adapter and run.status != "ok"), None),
        )
        for adapter in dict.fromkeys(run.adapter for run in own)
    )


def _comparable(finished: Sequence[AccuracyRun]) -> list[AccuracyRun]:
    """The runs from the seeds that all adapters finished, since the environment last changed.

    None where those were made on unlike machines, whose seconds are never pooled.
    """
    seeds: dict[str, set[int]] = {}
    for run in finished:
        seeds.setdefault(run.adapter, set()).add(run.seed)
    shared = set.intersection(*seeds.values()) if seeds else set()
    own = [run for run in finished if run.seed in shared]
    latest = [run for run in own if run.part == max(each.part for each in own)]
    return latest if len({run.machine for run in latest}) == 1 else []


def sampling_error(accuracy: float, images: int) -> float:
    """How far the accuracy on so many images is from that on all such images: half of a 95 % interval.

    Units: %.
    """
    return 1.96 * math.sqrt(accuracy * (100 - accuracy) / images)


def fastest(runs: Sequence[AccuracyRun]) -> str | None:
    """The adapter whose training took least on average, of those that never failed; None where all did."""
    failed = {run.adapter for run in runs if run.status != "ok"}
    seconds: dict[str, list[float]] = {}
    for run in runs:
        if run.adapter not in failed:
            seconds.setdefault(run.adapter, []).append(run.training_seconds)
    return min(seconds, key=lambda adapter: float(np.mean(seconds[adapter])), default=None)


def most_seeds(summaries: Sequence[AccuracySummary]) -> AccuracySummary | None:
    """The summary of the adapter that ran from most seeds; None where no seed was finished."""
    finished = [summary for summary in summaries if summary.accuracies]
    return max(finished, key=lambda summary: len(summary.accuracies), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterDifference:
    """How much more an adapter comes to than another with the same recipe from the same seeds.

    Units: percentage points; None where they share no seed.
    """

    recipe: RecipeName
    adapter: str
    other: str
    difference: Difference | None

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves 0 out."""
        found = self.difference
        return found is not None and (found.low > 0 or found.high < 0)


def differences(recipes: Sequence[Sequence[AccuracySummary]]) -> list[AdapterDifference]:
    """Every adapter against the one that ran from most seeds, recipe by recipe.

    The intervals hold all together with 95 % (Bonferroni): of many, one would leave 0 out by chance. Fewer
    than three shared seeds have none.
    """
    pairs = [
        (summary, first)
        for summaries in recipes
        if (first := most_seeds(summaries)) is not None
        for summary in summaries
        if summary is not first
    ]
    testable = sum(
        len(each.accuracies.keys() & first.accuracies.keys()) >= FEWEST_CLUSTERS for each, first in pairs
    )
    confidence = 1 - 0.05 / max(1, testable)
    return [
        AdapterDifference(
            recipe=summary.recipe,
            adapter=summary.adapter,
            other=first.adapter,
            difference=_difference(summary, first, confidence),
        )
        for summary, first in pairs
    ]


def _difference(ours: AccuracySummary, theirs: AccuracySummary, confidence: float) -> Difference | None:
    found = paired_difference(ours.accuracies, theirs.accuracies, confidence)
    if found is None or found.pairs >= FEWEST_CLUSTERS:
        return found
    return replace(found, low=math.nan, high=math.nan)
