"""What the page shows of each task: its tables, and its figures as files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compare.analysis.task_summary import TaskSummary
from compare.records.parity import ParityResult
from compare.records.run import Run
from compare.report.figures.figure_file import FigureFile, save_figure
from compare.report.figures.loss import averaging_window, loss_figure
from compare.report.figures.metric import metric_figure
from compare.report.figures.parity import parity_figure
from compare.report.figures.predictions import confusion_figure, forecast_figure
from compare.report.figures.style import Style
from compare.report.tables.speed import (
    limit_table,
    memory_table,
    predictions_table,
    startup_table,
    throughput_table,
)
from compare.report.tables.table import Table
from compare.report.tables.task import agreement_table, metrics_table, settings_table
from compare.text import slug


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What the page shows of one task; each point of its loss curves averages `window` updates."""

    task: TaskSummary
    tables: dict[str, Table]
    window: int
    figures: dict[str, FigureFile]


def section(
    task: TaskSummary, runs: Sequence[Run], adapter_styles: Mapping[str, Style], folder: Path
) -> Section:
    """Everything that the page shows of one task, its figures written."""
    record = task.record
    drawn = {
        "loss": (loss_figure(task, adapter_styles), "training loss against updates and against seconds"),
        "progress": (
            metric_figure(task, adapter_styles),
            "the held-out metric against seconds of training",
        ),
        "forecast": (
            forecast_figure(task, adapter_styles),
            "forecasts of every adapter over the actual curve",
        ),
        "confusion": (confusion_figure(task), "confusion matrix of every adapter"),
    }
    figures = {
        kind: save_figure(
            figure, folder, f"{slug(record.name)}-{kind}", f"{record.name} on {record.dataset}: {alt}"
        )
        for kind, (figure, alt) in drawn.items()
        if figure is not None
    }
    tables = {
        "settings": settings_table(task),
        "metrics": metrics_table(task),
        "throughput": throughput_table(task),
        "predictions": predictions_table(task),
        "limit": limit_table(task, runs),
        "startup": startup_table(task),
        "memory": memory_table(task),
        "lockstep": agreement_table(task),
    }
    return Section(
        task=task,
        tables={kind: table for kind, table in tables.items() if table},
        window=averaging_window(record),
        figures=figures,
    )


def parity_figures(
    proofs: Sequence[ParityResult], adapter_styles: Mapping[str, Style], folder: Path
) -> list[FigureFile]:
    """A figure for each task on which something was compared, written."""
    drawn = {
        task: parity_figure(task, [proof for proof in proofs if proof.task == task], adapter_styles)
        for task in dict.fromkeys(proof.task for proof in proofs)
    }
    return [
        save_figure(
            figure,
            folder,
            f"{slug(task)}-lockstep",
            f"{task}: difference of the losses from the reference's against updates, logarithmic",
        )
        for task, figure in drawn.items()
        if figure is not None
    ]
