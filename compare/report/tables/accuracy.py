"""Tables of a reference for accuracy: results, recipes, and the trials that they were chosen from."""

from collections.abc import Sequence

import pandas as pd

from compare.analysis.accuracy import AccuracySummary, AdapterDifference
from compare.analysis.statistics import Difference, Sample
from compare.records.accuracy import AccuracyRun, RecipeFollowed, RecipeSettings, TrialRecord
from compare.report.tables.table import Table, columns
from compare.text import NOTHING, escape, interval_text, number, signed

SETTINGS = {
    "epochs": "Epochs",
    "peak": "Peak rate",
    "warm_up_epochs": "Warm-up, epochs",
    "weight_decay": "Weight decay",
    "clip_norm": "Clipped to norm",
    "turn": "Turn, ±°",
    "stretch": "Stretch, ±",
    "shear": "Shear, ±",
    "shift": "Shift, ± pixels",
    "bend": "Bend, pixels",
}
"""Setting -> heading."""


def accuracy_table(summaries: Sequence[AccuracySummary]) -> Table:
    """One row a recipe and adapter."""
    raw = pd.DataFrame(
        {
            "recipe": summary.recipe,
            "adapter": summary.adapter,
            **columns("accuracy_", Sample, summary.accuracy),
            **columns("seconds_", Sample, summary.training),
            "error": summary.problem.error if summary.problem else None,
        }
        for summary in summaries
    )
    shown = pd.DataFrame(_shown(summary) for summary in summaries)
    return Table(name="accuracy", raw=raw, shown=shown, text_columns=("Recipe", "Adapter"))


def _shown(summary: AccuracySummary) -> dict[str, str]:
    accuracy, training = summary.accuracy, summary.training
    seeds = f"{len(summary.accuracies)}"
    if (problem := summary.problem) is not None:
        seeds += f"; **{problem.status}** at seed {problem.seed}: {escape(problem.error)}"
    return {
        "Recipe": summary.recipe,
        "Adapter": escape(summary.adapter),
        "Seeds": seeds,
        "Accuracy, %": f"**{accuracy.mean:.2f}**" if accuracy else NOTHING,
        "95 % interval": interval_text(accuracy.low, accuracy.high) if accuracy else NOTHING,
        "Lowest": f"{accuracy.minimum:.2f}" if accuracy else NOTHING,
        "Highest": f"{accuracy.maximum:.2f}" if accuracy else NOTHING,
        "Training, s": number(training.mean) if training else NOTHING,
    }


def seeds_table(runs: Sequence[AccuracyRun]) -> Table:
    """Every seed of every adapter."""
    raw = pd.DataFrame(
        {
            "recipe": run.recipe,
            "adapter": run.adapter,
            "seed": run.seed,
            "status": run.status,
            "error": run.error,
            "accuracy": run.accuracy,
            "seconds": sum(run.epoch_seconds),
            "training_seconds": run.training_seconds,
            "last_loss": run.epoch_losses[-1] if run.epoch_losses else None,
        }
        for run in runs
    )
    by_start: dict[tuple[str, int], dict[str, str]] = {}
    for run in runs:
        row = by_start.setdefault((run.recipe, run.seed), {"Recipe": run.recipe, "Seed": str(run.seed)})
        row[escape(run.adapter)] = run.status if run.accuracy is None else f"{run.accuracy:.2f}"
    shown = pd.DataFrame([*by_start.values()]).fillna(NOTHING)
    return Table(name="accuracy-seeds", raw=raw, shown=shown, text_columns=("Recipe",))


def differences_table(found: Sequence[AdapterDifference]) -> Table | None:
    """How far each adapter is from another, seed by seed; None where there is no other."""
    if not found:
        return None
    raw = pd.DataFrame(
        {
            "recipe": each.recipe,
            "adapter": each.adapter,
            "against": each.other,
            **columns("difference_", Difference, each.difference),
        }
        for each in found
    )
    shown = pd.DataFrame(
        {
            "Recipe": each.recipe,
            "Adapter": escape(each.adapter),
            "Against": escape(each.other),
            "Seeds": f"{each.difference.pairs if each.difference else 0}",
            "Difference, percentage points": signed(each.difference.mean) if each.difference else NOTHING,
            "Interval": interval_text(each.difference.low, each.difference.high)
            if each.difference
            else NOTHING,
        }
        for each in found
    )
    return Table(
        name="accuracy-differences", raw=raw, shown=shown, text_columns=("Recipe", "Adapter", "Against")
    )


def settings_table(recipes: Sequence[RecipeFollowed]) -> Table:
    """What each recipe sets."""
    raw = pd.DataFrame({"recipe": recipe.name, **recipe.settings} for recipe in recipes)
    shown = pd.DataFrame({"Recipe": recipe.name, **_shown_settings(recipe.settings)} for recipe in recipes)
    return Table(name="accuracy-recipes", raw=raw, shown=shown.fillna(NOTHING), text_columns=("Recipe",))


def trials_table(trials: Sequence[TrialRecord]) -> Table:
    """Every recipe that was tried, the best one of each name in bold; beside it what it comes to now."""
    raw = pd.DataFrame(
        {
            "recipe": trial.recipe,
            "trial": trial.number,
            **trial.settings,
            "recorded": trial.recorded,
            "now": trial.run.accuracy if trial.run else None,
            "status": trial.run.status if trial.run else None,
            "error": trial.run.error if trial.run else None,
        }
        for trial in trials
    )
    rows = []
    for trial in trials:
        best = max(other.recorded for other in trials if other.recipe == trial.recipe)
        row = {"Recipe": trial.recipe, "Trial": f"{trial.number}", **_shown_settings(trial.settings)}
        row["Validation, %"] = (
            f"**{trial.recorded:.2f}**" if trial.recorded == best else f"{trial.recorded:.2f}"
        )
        if trial.run:
            found = trial.run.accuracy
            row["Now, %"] = f"**{trial.run.status}**" if found is None else f"{found:.2f}"
        rows.append(row)
    shown = pd.DataFrame(rows)
    last = [name for name in ("Validation, %", "Now, %") if name in shown]
    ordered = shown[[*(name for name in shown if name not in last), *last]].fillna(NOTHING)
    return Table(name="accuracy-trials", raw=raw, shown=ordered, text_columns=("Recipe",))


def _shown_settings(settings: RecipeSettings) -> dict[str, str]:
    return {heading: number(settings[name]) for name, heading in SETTINGS.items() if name in settings}
