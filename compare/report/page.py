"""The page that answers which framework, for which job, by how much, and whether to trust it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from compare.analysis.caveats import doubts
from compare.analysis.efficiency import limit, product_rates
from compare.analysis.task_summary import standings
from compare.records.results import Results
from compare.records.run import NO_FAULT, Run, Status
from compare.report.figures.efficiency import limit_figure
from compare.report.figures.style import save, styles, summary_figure
from compare.report.sections import Picture, proof_pictures, section
from compare.report.tables.environment import environment_table, kernels_set, workers_table
from compare.report.tables.parity import lockstep_proof_table
from compare.report.tables.self_check import twins_table
from compare.report.tables.table import summary_table
from compare.report.tables.threads import thread_table
from compare.report.tutorial_section import tutorial_section
from compare.runner.blas_kernels import CORE_VARIABLE
from compare.storage.atomic import write_text
from compare.storage.run_folder import make_report_folders
from compare.text import code, difference, escape, factor, number, percent, seconds
from compare.tolerances import FLOAT32_BAND, FLOAT64_BAND, FLOOR, GRADIENT_BAND, UPDATES


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
    tasks = tuple(task for task in standings(results) if task.adapters)
    runs = results.tutorials.runs if results.tutorials else []
    looks = styles(tasks, [*(proof.adapter for proof in results.proofs), *(run.adapter for run in runs)])
    sections = [section(task, results.runs, looks, folder) for task in tasks]
    overview = (summary_table(tasks), environment_table(results.environment), workers_table(tasks))
    proof_table = lockstep_proof_table(results.proofs) if results.proofs else None
    self_test = twins_table(tasks)
    threads = thread_table(results.threads) if results.threads else None
    tutorials = tutorial_section(results.tutorials, looks, folder) if results.tutorials else None
    tables = [
        *overview,
        *(table for section in sections for table in section.tables.values()),
        *(table for table in (proof_table, self_test, threads) if table),
        *(tutorials.tables.values() if tutorials else ()),
    ]
    summary = Picture(
        path=Path("figures/summary.png"),
        alt="Sequences per second of every adapter on every task, on a logarithmic scale",
    )
    save(summary_figure(tasks), folder / summary.path)
    limits = limit_figure(tasks, results.runs, looks)
    if limits is not None:
        save(limits, folder / "figures/limit.png")
    page = template("report.md.jinja").render(
        environment=results.environment,
        interrupted=results.interrupted,
        interruptions=results.interruptions,
        sections=sections,
        problems=_problems(results.runs),
        runs=results.runs,
        doubts=doubts(results, tasks),
        limit=limit(results.runs),
        product_rates=product_rates(results.runs),
        limit_picture=Picture(
            path=Path("figures/limit.png"),
            alt="Operations per second of every adapter on every task beside the machine's limit",
        )
        if limits
        else None,
        self_test=self_test,
        thread_table=threads,
        twins=[twins for task in tasks for twins in task.twins],
        baseline=results.baseline,
        devices={run.adapter: run.device for run in results.runs},
        summary_table=overview[0],
        summary_picture=summary,
        environment_table=overview[1],
        workers_table=overview[2],
        kernel_variable=CORE_VARIABLE,
        kernels_set=kernels_set(tasks),
        tables=[table.save(folder / "tables").relative_to(folder) for table in tables],
        band=FLOAT32_BAND,
        proof_table=proof_table,
        proof_data={proof.task: proof.dataset for proof in results.proofs},
        proof_pictures=proof_pictures(results.proofs, looks, folder),
        proof_updates=UPDATES,
        float64_band=FLOAT64_BAND,
        gradient_band=GRADIENT_BAND,
        floor=FLOOR,
        tutorials=tutorials,
    )
    write_text(folder / "README.md", page)
    return folder / "README.md"


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


def template(name: str) -> Template:
    """A page's template, with the filters that pages use."""
    environment = Environment(
        loader=PackageLoader("compare.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the page is Markdown: see `escape` in compare/markup.py
    )
    environment.filters |= {
        "md": escape,
        "code": code,
        "number": number,
        "factor": factor,
        "difference": difference,
        "percent": percent,
        "seconds": seconds,
    }
    return environment.get_template(name)
