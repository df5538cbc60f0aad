"""What a report says of each other way of using a framework: how it did, or the command that tries it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters import VARIANTS, declaration
from compare.analysis.task_summary import TaskSummary
from compare.records.run import Run
from compare.report.adapter_lines import adapter_lines
from compare.report.tables.table import ratio_with_interval
from compare.text import number


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantLine:
    """A variant, how it computes, and what came of it; the command that runs it, where it did not run."""

    variant: str
    sentence: str
    outcome: str
    command: str


def variant_lines(runs: Sequence[Run], tasks: Sequence[TaskSummary], folder: Path) -> list[VariantLine]:
    """One a variant that ships."""
    faults = {line.adapter: line.faults for line in adapter_lines(runs, tasks, (), folder)}
    return [
        VariantLine(
            variant=name,
            sentence=declaration(name).computes,
            outcome=_outcome(name, faults[name], tasks) if name in faults else "",
            command=f"python -m compare run TASK --adapters numpy,{name}",
        )
        for name in VARIANTS
    ]


def _outcome(variant: str, faults: str, tasks: Sequence[TaskSummary]) -> str:
    """What went wrong; and on each task its time in multiples of the fastest's, and its start-up."""
    speeds = [
        f"{task.record.name} {ratio_with_interval(each.times_fastest)}, {number(each.startup_seconds)} s"
        for task in tasks
        for each in task.adapters
        if each.adapter == variant and each.comparable and each.times_fastest
    ]
    told = faults or "ok on every task"
    return f"{told}; time, × fastest, and start-up: {'; '.join(speeds)}" if speeds else told
