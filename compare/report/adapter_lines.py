"""What a report says of each adapter in one line: version, how it computes, its file, what failed."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.task_summary import TaskSummary
from compare.records.run import Run, WorkerFacts
from compare.report.tables.table import shorten
from compare.text import after_status

_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterLine:
    """One adapter: its framework's version, its own sentence, and the file or module of its class.

    `link` leads to the file; `faults` says where it is not ok, and why. Empty where there is nothing.
    """

    adapter: str
    version: str
    sentence: str
    source: str
    link: str
    faults: str


def adapter_lines(
    runs: Sequence[Run], tasks: Sequence[TaskSummary], left_out: Collection[str], folder: Path
) -> list[AdapterLine]:
    """One an adapter, for a page in this folder."""
    workers = {run.adapter: run.worker for run in runs if run.worker}
    return [
        AdapterLine(
            adapter=adapter,
            version=_version(adapter, worker) if worker else "",
            sentence=worker.computes if worker else "",
            source=worker.source if worker else "",
            link=_link(worker.source, folder.resolve()) if worker else "",
            faults=_faults(adapter, tasks),
        )
        for adapter in dict.fromkeys(run.adapter for run in runs)
        for worker in (workers.get(adapter),)
        if adapter not in left_out
    ]


def _version(adapter: str, worker: WorkerFacts) -> str:
    """That of the framework, which a worker names first, by name where that is not the adapter's."""
    name, version = next(iter(worker.versions.items()), ("", ""))
    return version if name == adapter else f"{name} {version}".strip()


def _faults(adapter: str, tasks: Sequence[TaskSummary]) -> str:
    """Each kind of fault, and on which tasks."""
    found: dict[tuple[str, str], list[str]] = {}
    for task in tasks:
        for summary in task.adapters:
            if summary.adapter == adapter and (fault := _fault(summary)):
                found.setdefault(fault, []).append(task.record.name)
    return "; ".join(
        f"{status} on {'every task' if len(named) == len(tasks) > 1 else ', '.join(named)}{reason}"
        for (status, reason), named in found.items()
    )


def _fault(summary: AdapterSummary) -> tuple[str, str] | None:
    """What is wrong, and why; None where all is well."""
    if summary.status != "ok":
        return summary.status, f" ({shorten(after_status(summary.status, summary.reason), 90)})"
    measured = summary.throughput is not None
    return ("speed not comparable", "") if measured and not summary.comparable else None


def _link(source: str, folder: Path) -> str:
    """From a page to a file of this repository; empty where the page lies outside, or the file is missing."""
    inside = folder.is_relative_to(_REPOSITORY)
    path = (_REPOSITORY / source).resolve()
    if not inside or not source or not path.is_relative_to(_REPOSITORY) or not path.is_file():
        return ""
    return Path(os.path.relpath(path, folder)).as_posix()
