"""From the results of a run to what a site says of it."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.history import Estimate, times_of
from compare.analysis.machines import as_of_one_machine, groups, labels, spans_machines
from compare.analysis.run_diff import own_obstacle, versions_of
from compare.analysis.speeds import process_times, seed_times
from compare.analysis.statistics import Ratio, Sample
from compare.analysis.task_summary import TaskSummary, task_summaries
from compare.records.results import WORK, Results, TaskRecord
from compare.records.run import NO_FAULT
from compare.report.site.hardware import digest, hardware_of
from compare.report.site.summaries import Entry, Row, Summary, Work
from compare.text import one_line
from tasks.interface import Metric

DIGITS = 9
"""Decimals of a logarithm."""


def entries_of(results: Results, place: str, name: str) -> list[Entry]:
    """The entries of one stored run: one for each machine and version that it was made on and with.

    Raises: ValueError where a date is none.
    """
    if not spans_machines(results):
        return [_entry(as_of_one_machine(results), place, place, name)]
    found = groups(results)
    return [
        _entry(group.results, f"{place}~{number}", place, f"{name}: {one_line(label)}")
        for number, (group, label) in enumerate(zip(found, labels(found), strict=True), 1)
    ]


def _entry(results: Results, key: str, place: str, name: str) -> Entry:
    tasks = [task for task in task_summaries(results) if task.adapters]
    pairs = [(task, summary) for task in tasks for summary in task.adapters]
    works = {task.record.name: _work(task.record) for task in tasks}
    noise = {task.record.name: {m.name: _noise(task, m) for m in task.record.metrics} for task in tasks}
    machines = [hardware_of(results, summary) for _, summary in pairs]
    rows = [
        _row(results, task, summary, works[task.record.name].key, machine.key, noise[task.record.name])
        for (task, summary), machine in zip(pairs, machines, strict=True)
    ]
    return Entry(
        summary=Summary(
            key=key,
            place=place,
            name=name,
            date=_moment(results.environment.date),
            preset=results.environment.preset,
            versions=versions_of(results),
            fastest={task.record.name: one_line(task.ranked[0].adapter) for task in tasks if task.ranked},
            state=_state(results),
            rows=rows,
        ),
        works={work.key: work for work in works.values()},
        machines={machine.key: machine for machine in machines},
        times=[
            None if row.obstacle else times_of(summary.runs)
            for row, (_, summary) in zip(rows, pairs, strict=True)
        ],
    )


def _moment(date: str) -> str:
    """A date as results have it, in universal time, as all programs read it.

    Raises: ValueError.
    """
    return datetime.fromisoformat(date).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _state(results: Results) -> str:
    failed = sum(run.status not in NO_FAULT for run in results.runs)
    different = sum(proof.verdict == "DIFFERENT" for proof in results.proofs)
    parts = [
        *(["interrupted"] if results.interrupted else []),
        *([f"{failed} of {len(results.runs)} not ok"] if failed else []),
        *([f"{different} DIFFERENT"] if different else []),
        *(["workers shared a machine"] if results.shared_a_machine else []),
    ]
    return ", ".join(parts) or "ok"


def _row(
    results: Results,
    task: TaskSummary,
    summary: AdapterSummary,
    work: str,
    machine: str,
    noise: dict[str, float | None],
) -> Row:
    obstacle = own_obstacle(results, summary)
    measured = None if obstacle else times_of(summary.runs)
    return Row(
        task=task.record.name,
        adapter=summary.adapter,
        work=work,
        machine=machine,
        epochs=task.record.epochs,
        ok=summary.status == "ok" and not summary.different,
        reason=one_line(summary.reason),
        obstacle=one_line(obstacle),
        rounds=len(summary.rounds),
        rate=summary.throughput.median if summary.throughput else None,
        speed=measured.speed if measured else None,
        times=None if obstacle else _of_ratio(summary.times_fastest),
        result=_of_sample(summary.metric(task.record.metrics[0].name)),
        processes=_logarithms(process_times(summary.runs)),
        seeds=_logarithms(seed_times(summary.runs)),
        results={metric.name: summary.results(metric.name) for metric in task.record.metrics},
        noise=noise,
    )


def _work(record: TaskRecord) -> Work:
    texts = {name: msgspec.json.encode(getattr(record, name), order="sorted").decode() for name in WORK}
    return Work(
        key=digest([record.name, record.dataset, *texts.values()]),
        task=record.name,
        dataset=record.dataset,
        fields={name.replace("_", " "): text for name, text in texts.items()},
        metrics=record.metrics,
    )


def _noise(task: TaskSummary, metric: Metric) -> float | None:
    scatter = task.scatter_of(metric)
    return scatter.difference if scatter and scatter.adapters > 1 else None


def _logarithms(times: Mapping[tuple[int, ...], float]) -> dict[str, float]:
    return {".".join(map(str, block)): round(math.log(seconds), DIGITS) for block, seconds in times.items()}


def _of_ratio(ratio: Ratio | None) -> Estimate | None:
    if ratio is None:
        return None
    low, high = (ratio.low, ratio.high) if ratio.has_interval else (None, None)
    return Estimate(middle=ratio.median, low=low, high=high, count=ratio.pairs)


def _of_sample(sample: Sample | None) -> Estimate | None:
    if sample is None:
        return None
    low, high = (sample.low, sample.high) if sample.has_interval else (None, None)
    return Estimate(middle=sample.mean, low=low, high=high, count=sample.count)
