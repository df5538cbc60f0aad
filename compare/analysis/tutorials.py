"""What the runs of a tutorial's recipe come to, adapter by adapter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from compare.records.tutorial import RecipeRecord, TutorialRun, Tutorials
from compare.text import NOTHING, number
from tasks.recipes import Printed, RecipeOutcome

NEAR = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeSummary:
    """All runs of one recipe by one adapter."""

    recipe: RecipeRecord
    adapter: str
    runs: tuple[TutorialRun, ...]

    @property
    def finished(self) -> dict[int, RecipeOutcome]:
        """By seed."""
        return {run.seed: run.outcome for run in self.runs if run.outcome is not None}

    @property
    def problem(self) -> TutorialRun | None:
        return next((run for run in self.runs if run.status != "ok"), None)

    def metric(self, name: str) -> list[float]:
        return [outcome.metrics[name] for outcome in self.finished.values()]

    def printed(self, at: int, name: str) -> list[float]:
        """What every seed printed under this name, at this epoch or step."""
        return [line.values[name] for line in self._lines() if line.at == at]

    @property
    def points(self) -> list[int]:
        """The epochs or steps at which lines were printed."""
        return sorted({line.at for line in self._lines()})

    def middle_seed(self, others: Sequence["RecipeSummary"] = ()) -> int:
        """The seed with the median RMSE, or the next above it, among those that the others finished too."""
        shared = set(self.finished).intersection(*(other.finished for other in others if other.finished))
        ranked = sorted(shared or self.finished, key=lambda seed: (self.finished[seed].metrics["rmse"], seed))
        return ranked[len(ranked) // 2]

    @property
    def nearest_seed(self) -> int:
        """The seed nearest to the published figures, by its largest relative difference from them."""
        return min(self.finished, key=self._distance)

    @property
    def near_seeds(self) -> list[int]:
        """The seeds whose figures all differ from the published ones by at most `NEAR`, a share."""
        return [seed for seed in self.finished if self._distance(seed) <= NEAR]

    def _distance(self, seed: int) -> float:
        metrics = self.finished[seed].metrics
        return max(abs(metrics[name] / value - 1) for name, value in self.recipe.published.items())

    def _lines(self) -> Iterator[Printed]:
        return (line for outcome in self.finished.values() for line in outcome.printed)


def recipe_summaries(tutorials: Tutorials, recipe: str) -> tuple[RecipeSummary, ...]:
    """The summaries of a recipe, one an adapter; none where it was not run."""
    record = next((record for record in tutorials.recipes if record.name == recipe), None)
    runs = [run for run in tutorials.runs if run.recipe == recipe]
    return tuple(
        RecipeSummary(recipe=record, adapter=name, runs=tuple(run for run in runs if run.adapter == name))
        for name in dict.fromkeys(run.adapter for run in runs)
        if record is not None
    )


def most_seeds(summaries: Sequence[RecipeSummary]) -> RecipeSummary | None:
    """The summary with the most finished seeds; None where no seed finished."""
    return max((f for f in summaries if f.finished), key=lambda summary: len(summary.finished), default=None)


def span(values: Sequence[float], digits: int = 3) -> str:
    """The median, with the range in brackets where there is one."""
    if not values:
        return NOTHING
    low, middle, high = (
        number(value, digits) for value in (min(values), float(np.median(values)), max(values))
    )
    return middle if low == high else f"{middle} ({low}–{high})"


def largest_difference(summaries: Sequence[RecipeSummary], metric: str) -> float:
    """The largest difference between two adapters from the same seed."""
    by_seed: dict[int, list[float]] = {}
    for summary in summaries:
        for seed, outcome in summary.finished.items():
            by_seed.setdefault(seed, []).append(outcome.metrics[metric])
    return max((max(values) - min(values) for values in by_seed.values()), default=0.0)
