"""The report of a run: which framework, for which job, by how much, and how far to trust it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compare import tolerances
from compare.analysis.caveats import find_caveats
from compare.analysis.efficiency import machine_limit, product_rates
from compare.analysis.task_summary import TaskSummary, task_summaries
from compare.records.results import Results
from compare.records.run import NO_FAULT, Run, Status
from compare.report.computation import computations
from compare.report.figures.efficiency import limit_figure
from compare.report.figures.figure_file import FigureFile, save_figure
from compare.report.figures.style import Style, styles
from compare.report.figures.summary import summary_figure
from compare.report.sections import parity_figures, section
from compare.report.tables.environment import environment_table, kernels_set, workers_table
from compare.report.tables.parity import parity_table
from compare.report.tables.self_test import aa_test_table
from compare.report.tables.summary import summary_table
from compare.report.tables.threads import thread_table
from compare.report.templating import template
from compare.report.tutorial_section import tutorial_section
from compare.runner.blas_kernels import CORE_VARIABLE
from compare.storage.atomic import write_text
from compare.storage.run_folder import make_report_folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong with an adapter, the seeds of each task in which it did, and the log of the first."""

    adapter: str
    status: Status
    error: str
    seeds: dict[str, list[int]]
    log: str
    last_lines: list[str]


def write_report(results: Results, folder: Path) -> Path:
    """Write README.md, figures/ and tables/ into an existing folder; return the path of the page."""
    make_report_folders(folder)
    tasks = tuple(task for task in task_summaries(results) if task.adapters)
    adapter_styles = styles(_adapters(results, tasks))
    sections = [section(task, results.runs, adapter_styles, folder) for task in tasks]
    tutorials = tutorial_section(results.tutorials, adapter_styles, folder) if results.tutorials else None
    overview = {
        "summary": summary_table(tasks),
        "environment": environment_table(results.environment),
        "workers": workers_table(tasks),
    }
    further = {
        "parity": parity_table(results.proofs) if results.proofs else None,
        "self_test": aa_test_table(tasks),
        "threads": thread_table(results.threads) if results.threads else None,
    }
    all_tables = [
        *overview.values(),
        *(table for section in sections for table in section.tables.values()),
        *(table for table in further.values() if table),
        *(tutorials.tables.values() if tutorials else ()),
    ]
    page = template("report.md.jinja").render(
        environment=results.environment,
        interrupted=results.interrupted,
        interruptions=results.interruptions,
        baseline=results.baseline,
        runs=results.runs,
        problems=_problems(results.runs),
        caveats=find_caveats(results, tasks),
        computations=computations(results.runs, results.twins, folder),
        devices={run.adapter: run.device for run in results.runs},
        sections=sections,
        tutorials=tutorials,
        tables=overview | further,
        figures=_figures(results, tasks, adapter_styles, folder),
        parity_figures=parity_figures(results.proofs, adapter_styles, folder),
        parity_data={proof.task: proof.dataset for proof in results.proofs},
        aa_tests=[test for task in tasks for test in task.aa_tests],
        limit=machine_limit(results.runs),
        product_rates=product_rates(results.runs),
        kernel_variable=CORE_VARIABLE,
        kernels_set=kernels_set(tasks),
        tolerances=tolerances,
        files=[table.save(folder) for table in all_tables],
    )
    write_text(folder / "README.md", page)
    return folder / "README.md"


def _adapters(results: Results, tasks: Sequence[TaskSummary]) -> list[str]:
    """All that appear in a figure, those of the tasks first."""
    return [
        *(summary.adapter for task in tasks for summary in task.adapters),
        *(proof.adapter for proof in results.proofs),
        *(run.adapter for run in (results.tutorials.runs if results.tutorials else ())),
    ]


def _figures(
    results: Results, tasks: Sequence[TaskSummary], adapter_styles: Mapping[str, Style], folder: Path
) -> dict[str, FigureFile]:
    """The figures of all tasks together, written; the machine's limit where it is known."""
    drawn = {
        "summary": (
            summary_figure(tasks, adapter_styles),
            "Sequences per second of every adapter on every task, on a logarithmic scale",
        ),
        "limit": (
            limit_figure(tasks, results.runs, adapter_styles),
            "Operations per second of every adapter on every task beside the machine's limit",
        ),
    }
    return {name: save_figure(figure, folder, name, alt) for name, (figure, alt) in drawn.items() if figure}


def _problems(runs: Sequence[Run]) -> list[Problem]:
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
