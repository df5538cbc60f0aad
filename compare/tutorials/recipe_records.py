"""What is stored of a recipe: its settings, and the figures to hold its runs against."""

from dataclasses import asdict

from compare.records.tutorial import RecipeRecord
from compare.tutorials.assignments import RULE
from tasks import published, published_rule
from tasks.interface import Dataset
from tasks.recipes import Recipe

UNTRAINED_DRAWS = 100


def recipe_record(recipe: Recipe, dataset: Dataset) -> RecipeRecord:
    """A recipe as it was run on its data."""
    task = recipe.task
    train = {name: value for name, value in asdict(task.train).items() if name != "optimizer"}
    settings = {
        "cell": task.model.cell,
        "hidden": task.model.hidden,
        "optimizer": type(task.train.optimizer).__name__.lower(),
        **asdict(task.train.optimizer),
        **train,
        "batch_size": task.batch_size,
        "length": recipe.length,
        "start": recipe.start,
    }
    return RecipeRecord(
        name=recipe.name,
        program=recipe.program,
        label=recipe.label,
        source=recipe.source,
        dataset=dataset.name,
        step=recipe.step,
        settings={name: value for name, value in settings.items() if value is not None},
        zero=recipe.zero(dataset),
        stands_in_for=dataset.stands_in_for,
    )


def rule_record() -> RecipeRecord:
    """The published rule's settings and its published figures."""
    losses, validation_losses = zip(*published.PUBLISHED_LOSSES, strict=True)
    return RecipeRecord(
        name=RULE,
        program="from-scratch sine",
        label="published rule, errors included",
        source="tutorial 002",
        dataset="sin(0), sin(1), …, sin(199)",
        step="epoch",
        settings={
            "cell": "elman",
            "hidden": published_rule.HIDDEN,
            "optimizer": "the published update",
            "learning_rate": published_rule.LEARNING_RATE,
            "backprop_through": published_rule.BACKPROP_THROUGH,
            "clip_value": published_rule.CLIP_VALUE,
            "dtype": "float64",
            "batch_size": 1,
            "length": f"{published.EPOCHS} epochs",
            "start": "all weights U(0, 1)",
        },
        published={
            "loss": losses[-1],
            "validation_loss": validation_losses[-1],
            "rmse": published.PUBLISHED_RMSE,
        },
        losses=[*losses],
        untrained=published.untrained_losses(UNTRAINED_DRAWS),
    )
