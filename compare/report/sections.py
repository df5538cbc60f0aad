"""What the page shows of each task: its tables, and its figures as files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compare.analysis.task_summary import TaskStandings
from compare.records.parity import Proof
from compare.records.run import Run
from compare.report.figures.loss import averaging_window, loss_figure
from compare.report.figures.metric import progress_figure
from compare.report.figures.predictions import confusion_figure, forecast_figure
from compare.report.figures.style import Style, save
from compare.report.tables.parity import proof_figure
from compare.report.tables.speed import (
    limit_table,
    memory_table,
    predictions_table,
    startup_table,
    throughput_table,
)
from compare.report.tables.table import Table
from compare.report.tables.task import lockstep_table, metrics_table, settings_table
from compare.text import slug


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure's file, relative to the page, and the words for those who do not see it."""

    path: Path
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What the page shows of one task; each point of its loss curves averages `window` updates."""

    task: TaskStandings
    tables: dict[str, Table]
    window: int
    pictures: dict[str, Picture]


def section(task: TaskStandings, runs: Sequence[Run], looks: dict[str, Style], folder: Path) -> Section:
    """Everything that the page shows of one task, its figures written."""
    figures = {
        "loss": (loss_figure(task, looks), "training loss against updates and against seconds"),
        "progress": (progress_figure(task, looks), "the held-out metric against seconds of training"),
        "forecast": (forecast_figure(task, looks), "forecasts of every adapter over the actual curve"),
        "confusion": (confusion_figure(task), "confusion matrix of every adapter"),
    }
    pictures = {}
    for kind, (figure, alt) in figures.items():
        if figure is not None:
            path = Path("figures") / f"{slug(task.record.name)}-{kind}.png"
            save(figure, folder / path)
            pictures[kind] = Picture(path=path, alt=f"{task.record.name} on {task.record.dataset}: {alt}")
    tables = {
        "settings": settings_table(task),
        "metrics": metrics_table(task),
        "throughput": throughput_table(task),
        "predictions": predictions_table(task),
        "limit": limit_table(task, runs),
        "startup": startup_table(task),
        "memory": memory_table(task),
        "lockstep": lockstep_table(task),
    }
    return Section(
        task=task,
        tables={kind: table for kind, table in tables.items() if table},
        window=averaging_window(task.record),
        pictures=pictures,
    )


def proof_pictures(proofs: Sequence[Proof], looks: dict[str, Style], folder: Path) -> list[Picture]:
    """A figure for each task with something to compare; the adapters look as they do in other figures."""
    pictures = []
    for task in dict.fromkeys(proof.task for proof in proofs):
        figure = proof_figure(task, [proof for proof in proofs if proof.task == task], looks)
        if figure is not None:
            path = Path("figures") / f"{slug(task)}-lockstep.png"
            save(figure, folder / path)
            alt = f"{task}: difference of the losses from the reference's against updates, logarithmic"
            pictures.append(Picture(path=path, alt=alt))
    return pictures
