"""The pages of a run over unlike machines: a table of all, a page a machine, and what they say together."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from compare.analysis.caveats import cluster_caveats, find_caveats
from compare.analysis.gaps import find_gaps
from compare.analysis.inherited import departures, inherited_settings
from compare.analysis.machines import environments_under, groups, labels, timed_apart
from compare.analysis.over_machines import (
    GroupSummary,
    group_summaries,
    results_over_machines,
    times_over_machines,
)
from compare.records.environment import Environment
from compare.records.results import Results
from compare.records.run import NO_FAULT
from compare.report.figures.style import styles
from compare.report.figures.summary import summary_figure
from compare.report.page import Page
from compare.report.profile_page import profile_section
from compare.report.renderer import Renderer
from compare.report.run_pages import pages_of_tutorials, problems_of
from compare.report.tables.environment import environment_table, workers_table
from compare.report.tables.machines import (
    Labelled,
    machine_table,
    over_machines_table,
    results_over_machines_table,
)
from compare.report.tables.summary import summary_table
from compare.report.tables.table import Table
from compare.report.tables.threads import thread_table


def machine_pages(results: Results, folder: Path) -> tuple[Page, ...]:
    """README.md, a page a machine, and the others; figures and tables are written."""
    found = groups(results)
    labelled = tuple(zip(labels(found), group_summaries(found), strict=True))
    tasks = [task for _, each in labelled for task in each.tasks]
    renderer = Renderer(
        folder=folder,
        styles=styles([summary.adapter for task in tasks for summary in task.adapters]),
        values={"environment": results.environment, "interrupted": results.interrupted},
    )
    of_machines = {
        label: _machine_page(results, label, each, place, renderer)
        for place, (label, each) in enumerate(labelled, 1)
    }
    of_blocks = [(label, each.group.results) for label, each in labelled]
    of_none = [(results.machines[name].name, own) for name, own in timed_apart(results).items()]
    timed = [
        page
        for place, (label, own) in enumerate([*of_blocks, *of_none], 1)
        for page in _timed_pages(own, label, f"machine-{place}", renderer)
    ]
    others = (*timed, *_other_pages(results, labelled, renderer))
    front = _front_page(results, labelled, of_machines, others, renderer)
    return (front, *of_machines.values(), *others)


def _front_page(
    results: Results,
    labelled: Sequence[Labelled],
    of_machines: dict[str, Page],
    others: Sequence[Page],
    renderer: Renderer,
) -> Page:
    links = {label: page.name for label, page in of_machines.items()}
    tasks = [(label, task) for label, each in labelled for task in each.tasks]
    stand_ins = {task.record.name: task.record for _, task in tasks if task.record.stands_in_for is not None}
    return renderer.front(
        "Lockstep report",
        "machines.md.jinja",
        {"machines": machine_table(labelled, links)},
        kinds=len({each.group.conditions.machine for _, each in labelled}),
        labelled=labelled,
        links=links,
        sources=results.sources,
        stand_ins=list(stand_ins.values()),
        caveats=[*cluster_caveats(results.cluster)],
        different=[(label, s.proof) for label, task in tasks for s in task.with_verdict("DIFFERENT")],
        faults=sum(run.status not in NO_FAULT for run in results.runs),
        runs=len(results.runs),
        pages=others,
    )


def _machine_page(results: Results, label: str, each: GroupSummary, place: int, renderer: Renderer) -> Page:
    own, prefix = each.group.results, f"machine-{place}"
    environments = environments_under(results, each.group.conditions)
    tables = {
        "summary": summary_table(each.tasks),
        "environment": environment_table(own.environment),
        "workers": workers_table(each.tasks),
    }
    figure = (
        summary_figure(each.tasks, renderer.styles),
        f"Time of every adapter for the same work on every task, in multiples of the fastest's, on {label}",
    )
    ranked = any(task.ranked for task in each.tasks)
    return renderer.page(
        prefix,
        label,
        "machine.md.jinja",
        {name: _named(table, prefix) for name, table in tables.items()},
        machine=each.group.machine,
        conditions=each.group.conditions,
        tasks=each.tasks,
        departures=departures(each.tasks),
        objections=_objections(each, environments),
        figures=renderer.figures({"summary": figure} if ranked else {}, f"{prefix}-"),
    )


def _timed_pages(own: Results, label: str, prefix: str, renderer: Renderer) -> Iterator[Page]:
    """What else was timed on a machine: threads, and where an update's time goes."""
    if own.profiles:
        section = profile_section(own, renderer)
        tables = {name: _named(table, prefix) for name, table in section.tables.items()}
        title = f"Where the time goes on {label}"
        yield renderer.page(f"{prefix}-profile", title, "profile.md.jinja", tables, section=section)
    if own.threads:
        threads = {"threads": _named(thread_table(own.threads), prefix)}
        title = f"What more threads are worth on {label}"
        yield renderer.page(f"{prefix}-threads", title, "threads.md.jinja", threads)


def _named(table: Table | None, prefix: str) -> Table | None:
    """The table under a name that no other machine's has."""
    return table and replace(table, name=f"{prefix}-{table.name}")


def _objections(each: GroupSummary, environments: Sequence[Environment]) -> list[str]:
    """What speaks against a machine's figures, in any of the environments that they were made in."""
    own = each.group.results
    told = [*find_gaps(own, each.tasks)]
    for environment in environments or [own.environment]:
        told += inherited_settings(environment)
        told += find_caveats(replace(own, environment=environment), each.tasks)
    return list(dict.fromkeys(told))


def _other_pages(results: Results, labelled: Sequence[Labelled], renderer: Renderer) -> Iterator[Page]:
    summaries = [each for _, each in labelled]
    yield renderer.page(
        "over-machines",
        "What the machines say together",
        "over_machines.md.jinja",
        {
            "over_machines": over_machines_table(times_over_machines(summaries, results.baseline)),
            "results": results_over_machines_table(results_over_machines(summaries)),
        },
    )
    yield from pages_of_tutorials(results, renderer)
    if problems := problems_of(results.runs):
        yield renderer.page("problems", "Problems", "problems.md.jinja", {}, problems=problems)
