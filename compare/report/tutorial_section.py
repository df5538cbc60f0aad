"""The section “Published and reproduced”: its words, tables and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compare.analysis.tutorials import Finding, findings, most_seeds
from compare.records.tutorial import Tutorials
from compare.report.figures.style import Style, save
from compare.report.figures.tutorials import from_scratch_figure, images_figure, points_figure
from compare.report.tables.table import Table
from compare.report.tables.tutorials import draws_table, outcomes_table, printed_table, recipes_table
from compare.report.tutorial_text import (
    correct_verdict,
    corrected_verdict,
    images_verdict,
    online_verdict,
    rule_verdict,
)

ONLINE_EPOCHS = (0, 10, 50, 100, 200, 290)
WINDOW_EPOCHS = (1, 2, 5, 10, 15, 20, 25)
STEPS = (10, 50, 100, 200, 400, 600, 780)
ERRORS = {"loss": "Loss", "validation_loss": "Validation loss", "rmse": "RMSE"}
LAST = {"loss": "Last loss", "rmse": "RMSE"}
LOSSES = {"loss": "Loss", "validation_loss": "Validation loss"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TutorialSection:
    """What the page shows; `figures` are paths relative to it, by program, `tables` by what they hold.

    `images` names the data of the row-wise program, `stands_in_for` those that they were taken instead of.
    """

    verdicts: dict[str, str]
    tables: dict[str, Table]
    figures: dict[str, Path]
    images: str
    stands_in_for: str | None


def tutorial_section(tutorials: Tutorials, looks: Mapping[str, Style], folder: Path) -> TutorialSection:
    """Everything that the section shows, its figures written."""
    online, rule, correct, corrected, images = (
        findings(tutorials, name)
        for name in (
            "online-sine",
            "published-rule",
            "correct-gradient",
            "corrected-settings",
            "row-wise-mnist",
        )
    )
    from_scratch = (*rule, *correct, *corrected)
    drawn = {
        "online": points_figure(online, looks),
        "from-scratch": from_scratch_figure(rule, correct, corrected),
        "images": images_figure(images, looks),
    }
    figures = {kind: Path("figures") / f"tutorials-{kind}.png" for kind, figure in drawn.items() if figure}
    for kind, figure in drawn.items():
        if figure is not None:
            save(figure, folder / figures[kind])
    return TutorialSection(
        verdicts={
            "online": online_verdict(online),
            "rule": rule_verdict(rule),
            "correct": correct_verdict(correct),
            "corrected": corrected_verdict(corrected, rule),
            "images": images_verdict(images),
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
        figures=figures,
        images=images[0].recipe.dataset if images else "",
        stands_in_for=images[0].recipe.stands_in_for if images else None,
    )


def _tables(
    kind: str,
    found: Sequence[Finding],
    printed: Mapping[str, str],
    points: Sequence[int],
    metrics: Mapping[str, str],
) -> dict[str, Table]:
    """What a program prints, and what it comes to; none where no adapter ran it."""
    if not any(finding.finished for finding in found):
        return {}
    return {
        f"{kind}-printed": printed_table(f"tutorials-{kind}-printed", found, printed, points),
        kind: outcomes_table(f"tutorials-{kind}", found, metrics),
    }
