"""How near each adapter comes to the machine's limit, on one logarithmic scale."""

from collections.abc import Mapping, Sequence
from textwrap import fill

from matplotlib.figure import Figure

from compare.analysis.efficiency import machine_limit, operations_per_second
from compare.analysis.task_summary import TaskSummary
from compare.records.run import Run
from compare.report.figures.style import Style, logarithmic, plain, wrapped
from compare.text import number, percent

LIMIT = "#D55E00"
LONGEST_LINE = 100
LABEL_WIDTH, LABEL_SIZE = 3.0, 9.0
"""Of what stands left of a row: inches, points."""


def limit_figure(
    tasks: Sequence[TaskSummary], runs: Sequence[Run], adapter_styles: Mapping[str, Style]
) -> Figure | None:
    """The limit as a line, every adapter as a mark on every task; None where either is unknown."""
    machine = machine_limit(runs)
    rows = [
        (task, summary, rate)
        for task in tasks
        for summary in task.adapters
        if (rate := operations_per_second(task, summary)) is not None
    ]
    if machine is None or not rows:
        return None
    labels = [
        wrapped(plain(f"{task.record.name}: {summary.adapter}"), LABEL_WIDTH, LABEL_SIZE)
        for task, summary, _ in rows
    ]
    pitch = max(0.24, 0.15 * max(len(lines) for lines in labels))
    figure = Figure(figsize=(9, 1.6 + pitch * (len(rows) + 0.5 * len(tasks))), layout="constrained")
    axes = figure.subplots()
    top = machine.operations_per_second
    order = list(dict.fromkeys(task.record.name for task, _, _ in rows))
    places = [place + 0.5 * order.index(task.record.name) for place, (task, _, _) in enumerate(rows)]
    for place, (_, summary, rate) in zip(places, rows, strict=True):
        style = adapter_styles[summary.adapter]
        axes.plot([rate / 1e9, top / 1e9], [place, place], color="0.85", linewidth=1)
        axes.plot(rate / 1e9, place, color=style.colour, marker=style.marker, markersize=9, linestyle="none")
        axes.text(
            1.01, place, percent(rate / top), transform=axes.get_yaxis_transform(), va="center", fontsize=9
        )
    axes.axvline(top / 1e9, color=LIMIT, linewidth=2)
    axes.annotate(
        fill(f"limit: {number(top / 1e9)} GFLOP/s ({plain(machine.kernel)})", 90),
        (top / 1e9, 1),
        (-4, 4),
        ("data", "axes fraction"),
        "offset points",
        ha="right",
        color=LIMIT,
        fontsize=9,
    )
    axes.set_yticks(places, ["\n".join(lines) for lines in labels], fontsize=LABEL_SIZE)
    axes.set_ylim(places[-1] + 0.6, -0.6)
    logarithmic(axes.xaxis)
    data = "; ".join(f"{task.record.name}, {task.record.dataset}" for task in tasks)
    axes.set_xlabel(
        "billions of operations per second (GFLOP/s, float32), in the margin the share of the limit\n"
        + fill(f"data: {plain(data)}", LONGEST_LINE)
    )
    axes.grid(axis="x", color="0.92")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
