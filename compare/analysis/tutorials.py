"""What the runs of a tutorial's recipe came to, adapter by adapter: for its tables, figures and verdicts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from compare.records.tutorial import RecipeRecord, TutorialRun, Tutorials
from compare.text import NOTHING, number
from tasks.recipes import Outcome, Printed

NEAR = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One adapter's runs of one recipe."""

    recipe: RecipeRecord
    adapter: str
    runs: tuple[TutorialRun, ...]

    @property
    def finished(self) -> dict[int, Outcome]:
        """By seed."""
        return {run.seed: run.outcome for run in self.runs if run.outcome is not None}

    @property
    def problem(self) -> TutorialRun | None:
        return next((run for run in self.runs if run.status != "ok"), None)

    def metric(self, name: str) -> list[float]:
        return [outcome.metrics[name] for outcome in self.finished.values()]

    def printed(self, at: int, name: str) -> list[float]:
        """A printed figure of every seed."""
        return [line.values[name] for line in self._lines() if line.at == at]

    @property
    def points(self) -> list[int]:
        """Where lines were printed."""
        return sorted({line.at for line in self._lines()})

    def middle_seed(self, others: Sequence["Finding"] = ()) -> int:
        """The seed of the median RMSE, or of the next above it, among those that others finished too."""
        shared = set(self.finished).intersection(*(other.finished for other in others if other.finished))
        ranked = sorted(shared or self.finished, key=lambda seed: (self.finished[seed].metrics["rmse"], seed))
        return ranked[len(ranked) // 2]

    @property
    def nearest_seed(self) -> int:
        """The seed whose furthest figure is nearest to the published one, by its share of that."""
        return min(self.finished, key=self._distance)

    @property
    def near_seeds(self) -> list[int]:
        """The seeds with every published figure met to within `NEAR` of it."""
        return [seed for seed in self.finished if self._distance(seed) <= NEAR]

    def _distance(self, seed: int) -> float:
        metrics = self.finished[seed].metrics
        return max(abs(metrics[name] / value - 1) for name, value in self.recipe.published.items())

    def _lines(self) -> Iterator[Printed]:
        return (line for outcome in self.finished.values() for line in outcome.printed)


def findings(tutorials: Tutorials, recipe: str) -> tuple[Finding, ...]:
    """A recipe's findings, one an adapter; none where it was not run."""
    record = next((record for record in tutorials.recipes if record.name == recipe), None)
    runs = [run for run in tutorials.runs if run.recipe == recipe]
    return tuple(
        Finding(recipe=record, adapter=name, runs=tuple(run for run in runs if run.adapter == name))
        for name in dict.fromkeys(run.adapter for run in runs)
        if record is not None
    )


def most_seeds(found: Sequence[Finding]) -> Finding | None:
    """The finding that rests on the most seeds; None where none rests on any."""
    return max((f for f in found if f.finished), key=lambda finding: len(finding.finished), default=None)


def span(values: Sequence[float], digits: int = 3) -> str:
    """The median, and the range where there is one."""
    if not values:
        return NOTHING
    low, middle, high = (
        number(value, digits) for value in (min(values), float(np.median(values)), max(values))
    )
    return middle if low == high else f"{middle} ({low}–{high})"


def largest_difference(found: Sequence[Finding], metric: str) -> float:
    """The most that two adapters differ by from one seed."""
    by_seed: dict[int, list[float]] = {}
    for finding in found:
        for seed, outcome in finding.finished.items():
            by_seed.setdefault(seed, []).append(outcome.metrics[metric])
    return max((max(values) - min(values) for values in by_seed.values()), default=0.0)
