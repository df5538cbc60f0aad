"""What a reference for accuracy leaves on disk, and what the choice of its recipes does."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Literal

from compare.records.run import Part, Status

RecipeName = Literal["plain", "augmented"]
RecipeSettings = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeFollowed:
    """A recipe's settings, with the epochs that were trained."""

    name: RecipeName
    settings: RecipeSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyRun:
    """One adapter that followed one recipe from one seed; `part` counts changes of the environment before.

    `machine` is the fingerprint of the kind of machine, empty where that was not recorded.

    Units: `accuracy` in % of the images that it is judged by, None where there is none; `epoch_seconds` by
    the worker's own clock around `train`; `epoch_losses` are means, in nats.
    """

    recipe: RecipeName
    adapter: str
    seed: int
    status: Status = "ok"
    error: str | None = None
    accuracy: float | None = None
    epoch_seconds: list[float] = field(default_factory=list)
    epoch_losses: list[float] = field(default_factory=list)
    part: Part = 0
    machine: str = ""

    @property
    def training_seconds(self) -> float:
        """What all epochs take: the first, which compiles, as it was, and for each other their median.

        What disturbs less than half of those makes no difference.
        """
        first, *others = self.epoch_seconds or [0.0]
        return first + len(others) * median(others) if others else first


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """A recipe that was tried, judged by training images that it was not trained on.

    `recorded` is what it came to when recipes were chosen, `run` what it comes to now; None where it was not
    tried again.
    Units: % of the images that it is judged by.
    """

    recipe: RecipeName
    number: int
    settings: RecipeSettings
    recorded: float
    run: AccuracyRun | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Which recipes were followed, what came of it, and from which trials they were chosen.

    `sequences` and `held_out_sequences` are how many images were trained on and judged by; `stands_in_for`
    names the data that `dataset` was taken instead of.
    """

    dataset: str
    stands_in_for: str | None
    sequences: int
    held_out_sequences: int
    recipes: list[RecipeFollowed]
    trials: list[TrialRecord]
    runs: list[AccuracyRun] = field(default_factory=list)

    @property
    def all_runs(self) -> list[AccuracyRun]:
        """Those of the trials, too."""
        return [*(trial.run for trial in self.trials if trial.run), *self.runs]

    def on(self, machines: Sequence[str]) -> "Accuracy":
        """With a fingerprint in every run that has none: that of its part, the last for all later ones."""
        return replace(
            self,
            runs=[_on(machines, run) for run in self.runs],
            trials=[replace(trial, run=trial.run and _on(machines, trial.run)) for trial in self.trials],
        )


def _on(machines: Sequence[str], run: AccuracyRun) -> AccuracyRun:
    return replace(run, machine=run.machine or machines[min(run.part, len(machines) - 1)])
