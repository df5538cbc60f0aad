"""README.md of a run: the answers in one table, one figure, and what speaks against them."""

from collections.abc import Mapping, Sequence

from compare.analysis.caveats import find_caveats
from compare.analysis.efficiency import machine_limit
from compare.analysis.gaps import find_gaps
from compare.analysis.inherited import departures, inherited_settings
from compare.analysis.task_summary import TaskSummary
from compare.records.results import Results
from compare.records.run import NO_FAULT
from compare.report.adapter_lines import adapter_lines
from compare.report.figures.summary import summary_figure
from compare.report.page import Page
from compare.report.renderer import Renderer
from compare.report.tables.answers import answers_table

MOST_INTERRUPTIONS = 3
"""How many are told on the first page; all are on that of the environment."""


def front_page(
    results: Results,
    tasks: Sequence[TaskSummary],
    task_pages: Mapping[str, Page],
    other_pages: Sequence[Page],
    renderer: Renderer,
) -> Page:
    """The page that links to all others; `task_pages` are by the task's name."""
    faults = [run for run in results.runs if run.status not in NO_FAULT]
    aa_tests = [test for task in tasks for test in task.aa_tests]
    links = {task: page.name for task, page in task_pages.items()}
    return renderer.front(
        "Lockstep report",
        "readme.md.jinja",
        {"answers": answers_table(tasks, links) if tasks else None},
        tasks=tasks,
        different=[s.proof for task in tasks for s in task.with_verdict("DIFFERENT")],
        departures=departures(tasks),
        left_out=results.left_out,
        sources=results.sources,
        links=links,
        pages={page.name: page for page in other_pages},
        limit=machine_limit(results.runs),
        faults=len(faults),
        runs=len(results.runs),
        objections=[
            *find_gaps(results, tasks),
            *inherited_settings(results.environment),
            *find_caveats(results, tasks),
        ],
        interruptions_told=results.interruptions[:MOST_INTERRUPTIONS],
        devices={run.adapter: run.device for run in results.runs},
        self_tested=bool(aa_tests) and all(test.passed for test in aa_tests),
        adapters=adapter_lines(results.runs, tasks, results.twins, renderer.folder),
        figures=renderer.figures(
            {
                "summary": (
                    summary_figure(tasks, renderer.styles),
                    "Time of every adapter for the same work on every task, in multiples of the fastest's",
                )
            }
            if any(task.ranked for task in tasks)
            else {}
        ),
    )
