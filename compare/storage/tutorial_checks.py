"""What stored runs of the tutorials' recipes must hold, beyond their types, to be shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compare.records.tutorial import RecipeRecord, TutorialRun, Tutorials


@dataclass(frozen=True, slots=True)
class Expected:
    """The metrics of a recipe, the figures that it prints, and whether it has a plot."""

    metrics: tuple[str, ...]
    printed: tuple[str, ...]
    plotted: bool = True


FROM_SCRATCH = Expected(("loss", "validation_loss", "rmse"), ("loss", "validation_loss"))
EXPECTED: dict[str, Expected] = {
    "online-sine": Expected(("loss", "rmse"), ("loss",)),
    "published-rule": FROM_SCRATCH,
    "correct-gradient": FROM_SCRATCH,
    "corrected-settings": FROM_SCRATCH,
    "row-wise-mnist": Expected(("first_accuracy", "accuracy"), ("loss", "accuracy"), plotted=False),
}


def expect_complete(tutorials: Tutorials) -> None:
    """Raise if anything is missing that tables, figures and texts are made from.

    Raises: ValueError that names what is missing, and where.
    """
    for record in tutorials.recipes:
        _expect_reference_figures(record)
    for run in tutorials.runs:
        if run.recipe in EXPECTED and run.outcome is not None:
            _expect_outcome(run, EXPECTED[run.recipe])


def _expect_reference_figures(record: RecipeRecord) -> None:
    """Ratios to these figures are taken, so none may be missing or zero."""
    if record.name == "published-rule":
        _expect(record.published, FROM_SCRATCH.metrics, f"published of {record.name}")
        _require(0 not in record.published.values(), f"published of {record.name}", "holds a zero")
        _require(bool(record.losses and record.untrained), record.name, "has no losses, or none untrained")
    if record.name == "correct-gradient":
        _expect(record.zero, FROM_SCRATCH.metrics, f"zero of {record.name}")
        _require(0 not in record.zero.values(), f"zero of {record.name}", "holds a zero")


def _expect_outcome(run: TutorialRun, expected: Expected) -> None:
    assert run.outcome is not None
    place = f"{run.recipe}, {run.adapter}, seed {run.seed}"
    _expect(run.outcome.metrics, expected.metrics, f"metrics of {place}")
    _require(len(run.outcome.printed) > 0, place, "has printed nothing")
    for line in run.outcome.printed:
        _expect(line.values, expected.printed, f"what was printed at {line.at} of {place}")
    _require(run.outcome.forecast is not None or not expected.plotted, place, "has no forecast")


def _expect(found: Mapping[str, float], names: Iterable[str], place: str) -> None:
    missing = [name for name in names if name not in found]
    _require(not missing, place, f"lacks {', '.join(missing)}")


def _require(true: bool, place: str, fault: str) -> None:
    if not true:
        raise ValueError(f"tutorials: {place} {fault}")
