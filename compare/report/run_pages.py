"""The pages of a run of tasks: which framework, for which job, by how much, and how far to trust it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.dtypes import ROUNDINGS
from compare import tolerances
from compare.analysis.efficiency import machine_limit, product_rates
from compare.analysis.precision import in_fewer_digits
from compare.analysis.task_summary import TaskSummary, task_summaries
from compare.records.results import Results
from compare.records.run import NO_FAULT, Run, Status
from compare.report.figures.efficiency import limit_figure
from compare.report.figures.parity import parity_figure
from compare.report.figures.style import styles
from compare.report.front_page import front_page
from compare.report.page import Page
from compare.report.profile_page import profile_section
from compare.report.renderer import Renderer
from compare.report.tables.environment import environment_table, inherited_table, kernels_set, workers_table
from compare.report.tables.parity import parity_table
from compare.report.tables.precision import precision_table
from compare.report.tables.self_test import aa_test_table
from compare.report.tables.summary import summary_table
from compare.report.tables.threads import thread_table
from compare.report.task_page import task_page
from compare.report.tutorial_section import tutorial_section
from compare.report.variant_lines import variant_lines
from compare.runner.blas_kernels import CORE_VARIABLE
from compare.text import slug

OTHER_PAGES = (
    "environment",
    "limits",
    "method",
    "parity",
    "precision",
    "problems",
    "profile",
    "self-test",
    "summary",
    "threads",
    "tutorials",
)
"""Names that no task's page may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong with an adapter, the seeds of each task in which it did, and the log of the first."""

    adapter: str
    status: Status
    error: str
    seeds: dict[str, list[int]]
    log: str
    last_lines: list[str]


def run_pages(results: Results, folder: Path) -> tuple[Page, ...]:
    """README.md, a page a task, and the others; figures and tables are written."""
    tasks = tuple(task for task in task_summaries(results) if task.adapters)
    renderer = Renderer(
        folder=folder,
        styles=styles(adapters_shown(results, tasks)),
        values={
            "environment": results.environment,
            "interrupted": results.interrupted,
            "interruptions": results.interruptions,
            "limit": machine_limit(results.runs),
            "tolerances": tolerances,
        },
    )
    task_pages = {
        task.record.name: task_page(task, task_page_name(task.record.name), results.runs, renderer)
        for task in tasks
    }
    others = tuple(_other_pages(results, tasks, renderer))
    return (front_page(results, tasks, task_pages, others, renderer), *task_pages.values(), *others)


def task_page_name(task: str) -> str:
    name = slug(task)
    return f"task-{name}" if name in OTHER_PAGES else name


def adapters_shown(results: Results, tasks: Sequence[TaskSummary]) -> list[str]:
    """All that appear in a figure, those of the tasks first."""
    return [
        *(summary.adapter for task in tasks for summary in task.adapters),
        *(proof.adapter for proof in results.proofs),
        *(run.adapter for run in (results.tutorials.runs if results.tutorials else ())),
    ]


def _other_pages(results: Results, tasks: Sequence[TaskSummary], renderer: Renderer) -> Iterator[Page]:
    """Those that have something to say, in the order in which README.md names them."""
    if tasks:
        yield renderer.page(
            "summary",
            "Every adapter on every task",
            "summary.md.jinja",
            {"summary": summary_table(tasks)},
            tasks=tasks,
        )
    if results.proofs:
        yield _parity_page(results, renderer)
    if digits := in_fewer_digits(tasks):
        yield renderer.page(
            "precision",
            "Fewer digits beside float32",
            "precision.md.jinja",
            {"precision": precision_table(digits)},
            roundings=ROUNDINGS,
        )
    limit = limit_figure(tasks, results.runs, renderer.styles)
    if limit is not None:
        yield renderer.page(
            "limits",
            "The machine's limit",
            "limits.md.jinja",
            {},
            figures=renderer.figures(
                {
                    "limit": (
                        limit,
                        "Operations per second of every adapter on every task beside the machine's limit",
                    )
                }
            ),
            product_rates=product_rates(results.runs),
        )
    if results.profiles:
        profiled = profile_section(results, renderer)
        yield renderer.page(
            "profile", "Where the time goes", "profile.md.jinja", profiled.tables, section=profiled
        )
    if results.threads:
        tables = {"threads": thread_table(results.threads)}
        yield renderer.page("threads", "What more threads are worth", "threads.md.jinja", tables)
    yield from pages_of_tutorials(results, renderer)
    if self_test := aa_test_table(tasks):
        yield renderer.page("self-test", "Self-test", "self_test.md.jinja", {"self_test": self_test})
    if problems := problems_of(results.runs):
        yield renderer.page("problems", "Problems", "problems.md.jinja", {}, problems=problems)
    yield renderer.page(
        "method",
        "What is included in the measurements",
        "method.md.jinja",
        {},
        variants=variant_lines(results.runs, tasks, renderer.folder),
    )
    yield renderer.page(
        "environment",
        "Environment",
        "environment.md.jinja",
        {
            "environment": environment_table(results.environment),
            "workers": workers_table(tasks),
            "inherited": inherited_table(results.environment),
        },
        kernel_variable=CORE_VARIABLE,
        kernels_set=kernels_set(tasks),
    )


def pages_of_tutorials(results: Results, renderer: Renderer) -> Iterator[Page]:
    """That of the tutorials, where they were reproduced; no speed is compared there."""
    if results.tutorials:
        section = tutorial_section(results.tutorials, renderer)
        title = "The tutorials, published and reproduced"
        yield renderer.page("tutorials", title, "tutorials.md.jinja", section.tables, tutorials=section)


def _parity_page(results: Results, renderer: Renderer) -> Page:
    proofs = results.proofs
    drawn = {
        task: parity_figure(task, [proof for proof in proofs if proof.task == task], renderer.styles)
        for task in dict.fromkeys(proof.task for proof in proofs)
    }
    return renderer.page(
        "parity",
        "Do all adapters train in lockstep?",
        "parity.md.jinja",
        {"parity": parity_table(proofs)},
        roundings=ROUNDINGS,
        figures=renderer.figures(
            {
                f"{slug(task)}-lockstep": (
                    figure,
                    f"{task}: difference of the losses from the reference's against updates, logarithmic",
                )
                for task, figure in drawn.items()
            }
        ),
        data={proof.task: proof.dataset for proof in proofs},
    )


def problems_of(runs: Sequence[Run]) -> list[Problem]:
    """What went wrong, each kind once."""
    problems: dict[tuple[str, Status, str], Problem] = {}
    for run in runs:
        if run.status not in NO_FAULT:
            error = run.error or "no reason recorded"
            problem = Problem(
                adapter=run.adapter,
                status=run.status,
                error=error,
                seeds={},
                log=run.log or "",
                last_lines=run.last_lines,
            )
            known = problems.setdefault((run.adapter, run.status, error), problem)
            known.seeds.setdefault(run.task, []).append(run.seed)
    return list(problems.values())
