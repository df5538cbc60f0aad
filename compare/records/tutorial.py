"""What the tutorials' programs leave on disk."""

from dataclasses import dataclass, field

from compare.records.run import Status
from tasks.recipes import RecipeOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeRecord:
    """A tutorial's recipe: its settings, and figures to hold its runs against, by metric.

    `published` are the text's own figures, `zero` those of predicting zero always; `losses` the losses
    that the text prints, line by line; `untrained` the loss before training of many more starts than are
    trained; `stands_in_for` names the data that `dataset` was taken instead of. Empty or None where there
    is nothing.
    """

    name: str
    program: str
    label: str
    source: str
    dataset: str
    step: str
    settings: dict[str, str | int | float | bool]
    published: dict[str, float] = field(default_factory=dict)
    zero: dict[str, float] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    untrained: list[float] = field(default_factory=list)
    stands_in_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TutorialRun:
    """One adapter, or a program of the tutorial's own, on one recipe from one seed."""

    recipe: str
    adapter: str
    seed: int
    status: Status = "ok"
    error: str | None = None
    outcome: RecipeOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tutorials:
    """What the section “Published and reproduced” is made from."""

    recipes: list[RecipeRecord]
    runs: list[TutorialRun]
