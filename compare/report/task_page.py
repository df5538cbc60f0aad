"""The page of one task: what was run, what it learned, how fast, at what cost."""

from collections.abc import Sequence

from compare.analysis.task_summary import TaskSummary
from compare.records.run import Run
from compare.report.figures.loss import averaging_window, loss_figure
from compare.report.figures.metric import metric_figure
from compare.report.figures.predictions import confusion_figure, forecast_figure
from compare.report.page import Page
from compare.report.renderer import Renderer
from compare.report.tables.speed import (
    limit_table,
    memory_table,
    predictions_table,
    startup_table,
    throughput_table,
)
from compare.report.tables.summary import summary_table
from compare.report.tables.task import agreement_table, metrics_table, settings_table
from compare.text import slug


def task_page(task: TaskSummary, name: str, runs: Sequence[Run], renderer: Renderer) -> Page:
    """Everything that was measured on one task; `name` is the page's, `runs` are those of all tasks."""
    record, styles = task.record, renderer.styles
    drawn = {
        "loss": (loss_figure(task, styles), "training loss against updates and against seconds"),
        "progress": (metric_figure(task, styles), "the held-out metric against seconds of training"),
        "forecast": (forecast_figure(task, styles), "forecasts of every adapter over the actual curve"),
        "confusion": (confusion_figure(task), "confusion matrix of every adapter"),
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
    return renderer.page(
        name,
        record.name,
        "task.md.jinja",
        tables,
        task=task,
        record=record,
        summary=summary_table([task]),
        window=averaging_window(record),
        figures=renderer.figures(
            {
                kind: (figure, f"{record.name} on {record.dataset}: {alt}")
                for kind, (figure, alt) in drawn.items()
            },
            prefix=f"{slug(record.name)}-",
        ),
    )
