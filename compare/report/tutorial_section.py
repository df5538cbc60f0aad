"""The section “Published and reproduced”: its sentences, tables and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compare.analysis.tutorials import RecipeSummary, most_seeds, recipe_summaries
from compare.records.tutorial import Tutorials
from compare.report.figure_file import FigureFile
from compare.report.figures.tutorials import from_scratch_figure, images_figure, points_figure
from compare.report.renderer import Renderer
from compare.report.tables.table import Table
from compare.report.tables.tutorials import draws_table, outcomes_table, printed_table, recipes_table
from compare.report.tutorial_text import (
    correct_text,
    corrected_text,
    images_text,
    online_text,
    rule_text,
)

ONLINE_EPOCHS = (0, 10, 50, 100, 200, 290)
WINDOW_EPOCHS = (1, 2, 5, 10, 15, 20, 25)
STEPS = (10, 50, 100, 200, 400, 600, 780)
ERRORS = {"loss": "Loss", "validation_loss": "Validation loss", "rmse": "RMSE"}
LAST = {"loss": "Last loss", "rmse": "RMSE"}
LOSSES = {"loss": "Loss", "validation_loss": "Validation loss"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TutorialSection:
    """What the page shows: `texts` and `figures` by program, `tables` by what they hold.

    `images` names the data of the row-wise program, `stands_in_for` those that they were taken instead of.
    """

    texts: dict[str, str]
    tables: dict[str, Table]
    figures: dict[str, FigureFile]
    images: str
    stands_in_for: str | None


def tutorial_section(tutorials: Tutorials, renderer: Renderer) -> TutorialSection:
    """Everything that the section shows, its figures written."""
    online, rule, correct, corrected, images = (
        recipe_summaries(tutorials, name)
        for name in (
            "online-sine",
            "published-rule",
            "correct-gradient",
            "corrected-settings",
            "row-wise-mnist",
        )
    )
    dataset = images[0].recipe.dataset if images else ""
    from_scratch = (*rule, *correct, *corrected)
    drawn = {
        "online": (points_figure(online, renderer.styles), "Online sine: actual and predicted points"),
        "from-scratch": (
            from_scratch_figure(rule, correct, corrected),
            "From-scratch sine: training losses and predictions of every recipe",
        ),
        "images": (
            images_figure(images, renderer.styles),
            f"Row-wise images ({dataset}): loss and accuracy of the minibatches",
        ),
    }
    return TutorialSection(
        texts={
            "online": online_text(online),
            "rule": rule_text(rule),
            "correct": correct_text(correct),
            "corrected": corrected_text(corrected, rule),
            "images": images_text(images),
        },
        tables={
            "recipes": recipes_table(tutorials),
            **_tables("online", online, {"loss": "Loss"}, ONLINE_EPOCHS, LAST),
            **_tables("from-scratch", from_scratch, LOSSES, WINDOW_EPOCHS, ERRORS),
            **_tables(
                "images",
                images,
                {"loss": "Loss", "accuracy": "Accuracy, %"},
                STEPS,
                {"first_accuracy": "Accuracy on the first 128, %", "accuracy": "Accuracy on all, %"},
            ),
            **({"draws": draws_table(middle)} if (middle := most_seeds(rule)) else {}),
        },
        figures=renderer.figures(drawn, prefix="tutorials-"),
        images=dataset,
        stands_in_for=images[0].recipe.stands_in_for if images else None,
    )


def _tables(
    kind: str,
    summaries: Sequence[RecipeSummary],
    printed: Mapping[str, str],
    points: Sequence[int],
    metrics: Mapping[str, str],
) -> dict[str, Table]:
    """What a program prints, and what it comes to; none where no adapter ran it."""
    if not any(summary.finished for summary in summaries):
        return {}
    return {
        f"{kind}-printed": printed_table(f"tutorials-{kind}-printed", summaries, printed, points),
        kind: outcomes_table(f"tutorials-{kind}", summaries, metrics),
    }
