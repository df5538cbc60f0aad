"""Tables of the tutorials' section."""

from collections.abc import Mapping, Sequence

import pandas as pd

from compare.analysis.tutorials import RecipeSummary, span
from compare.records.tutorial import Tutorials
from compare.report.tables.table import Row, Table
from compare.text import NOTHING, counted, escape, number

SETTINGS: dict[str, str] = {
    "cell": "cell",
    "hidden": "hidden units",
    "optimizer": "optimizer",
    "learning_rate": "rate",
    "epsilon": "epsilon",
    "update_every": "k1",
    "backprop_through": "k2",
    "clip_value": "clip",
    "batch_size": "batch",
    "dtype": "numbers",
}


def recipes_table(tutorials: Tutorials) -> Table:
    """What was run: each recipe's own hyperparameters."""
    raw = pd.DataFrame(
        {"recipe": record.name, "setting": setting, "value": str(value)}
        for record in tutorials.recipes
        for setting, value in record.settings.items()
    )
    shown = {
        "Recipe": [escape(f"{record.program}: {record.label}") for record in tutorials.recipes],
        "Model and training": [
            escape(
                ", ".join(f"{SETTINGS[name]} {v}" for name, v in record.settings.items() if name in SETTINGS)
            )
            for record in tutorials.recipes
        ],
        "Start": [escape(record.settings.get("start", NOTHING)) for record in tutorials.recipes],
        "Length": [escape(record.settings.get("length", NOTHING)) for record in tutorials.recipes],
    }
    return Table(name="tutorials-recipes", raw=raw, shown=pd.DataFrame(shown), text_columns=tuple(shown))


def printed_table(
    name: str, summaries: Sequence[RecipeSummary], figures: Mapping[str, str], points: Sequence[int]
) -> Table:
    """The lines that a program prints: all of them for machines, some points for readers.

    `figures` maps what is printed to its heading.
    """
    raw = pd.DataFrame(
        {"recipe": f.recipe.name, "adapter": f.adapter, "seed": seed, f.recipe.step: line.at, **line.values}
        for f in summaries
        for seed, outcome in f.finished.items()
        for line in outcome.printed
    )
    step = summaries[0].recipe.step.capitalize()
    shown = pd.DataFrame(
        {
            step: str(at),
            **{
                f"{heading}, {escape(f.adapter)} ({counted(len(f.finished), 'seed')})": span(
                    f.printed(at, figure)
                )
                for figure, heading in figures.items()
                for f in summaries
            },
        }
        for at in points
    )
    return Table(name=name, raw=raw, shown=shown, text_columns=())


def outcomes_table(name: str, summaries: Sequence[RecipeSummary], names: Mapping[str, str]) -> Table:
    """What every recipe came to on every adapter, below what was published.

    `names` maps a metric to its heading.
    """
    raw = pd.DataFrame(_outcome_row(f, place, names) for f in summaries for place in range(len(f.runs)))
    rows: list[dict[str, str]] = []
    for summary in summaries:
        published = summary.recipe.published
        if published:
            figures = {heading: number(published[name], 5) for name, heading in names.items()}
            rows.append({"Recipe": "**published**", "On": NOTHING, "Seeds": "1", **figures})
        on = NOTHING if summary.adapter == summary.recipe.name else escape(summary.adapter)
        figures = {heading: span(summary.metric(name), 4) for name, heading in names.items()}
        seeds = f"{len(summary.finished)}"
        if (problem := summary.problem) is not None:
            seeds += f"; **{problem.status}** at seed {problem.seed}: {escape(problem.error)}"
        rows.append({"Recipe": escape(summary.recipe.label), "On": on, "Seeds": seeds, **figures})
    return Table(name=name, raw=raw, shown=pd.DataFrame(rows), text_columns=("Recipe", "On"))


def draws_table(summary: RecipeSummary) -> Table:
    """The published rule draw by draw."""
    names = {"loss": "Loss", "validation_loss": "Validation loss", "rmse": "RMSE"}
    rows = [
        {"seed": seed, "untrained_loss": outcome.printed[0].values["loss"], **outcome.metrics}
        for seed, outcome in summary.finished.items()
    ]
    raw = pd.DataFrame(rows)
    shown = {
        "Seed": raw["seed"].map(str),
        "Loss before training": [number(value, 6) for value in raw["untrained_loss"]],
        **{heading: [number(value, 4) for value in raw[name]] for name, heading in names.items()},
        "All within 10 %": ["yes" if seed in summary.near_seeds else "no" for seed in raw["seed"]],
    }
    return Table(name="tutorials-published-rule-draws", raw=raw, shown=pd.DataFrame(shown), text_columns=())


def _outcome_row(summary: RecipeSummary, place: int, names: Mapping[str, str]) -> Row:
    run = summary.runs[place]
    metrics = run.outcome.metrics if run.outcome else {}
    return {
        "recipe": run.recipe,
        "dataset": summary.recipe.dataset,
        "adapter": run.adapter,
        "seed": run.seed,
        "status": run.status,
        "error": run.error,
        **{name: metrics.get(name) for name in names},
    }
