"""The page that answers which framework, for which job, by how much, and whether to trust it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from compare.analysis.lockstep import BAND
from compare.analysis.standings import TaskStandings, standings
from compare.markup import code, difference, escape, factor, number, slug
from compare.proof.trial import UPDATES
from compare.proof.verdicts import FLOAT64_BAND, FLOOR, GRADIENT_BAND
from compare.records import NO_FAULT, Proof, Results, Run, Status
from compare.report.curves import averaging_window, loss_figure
from compare.report.figures import Style, save, styles, summary_figure
from compare.report.pictures import confusion_figure, forecast_figure
from compare.report.proof_tables import lockstep_proof_table, proof_figure
from compare.report.tables import Table, environment_table, summary_table, workers_table
from compare.report.task_tables import (
    lockstep_table,
    metrics_table,
    settings_table,
    startup_table,
    throughput_table,
)
from compare.storage import write_text
from compare.tutorials.section import tutorial_section


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure's file, relative to the page, and the words for those who do not see it."""

    path: Path
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What the page shows of one task; each point of its loss curves averages `window` updates."""

    task: TaskStandings
    settings: Table
    metrics: Table
    throughput: Table
    startup: Table
    lockstep: Table
    window: int
    pictures: dict[str, Picture]

    @property
    def tables(self) -> tuple[Table, ...]:
        return self.settings, self.metrics, self.throughput, self.startup, self.lockstep


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong with an adapter, and the seeds of each task in which it did."""

    adapter: str
    status: Status
    error: str
    seeds: dict[str, list[int]]


def write_report(results: Results, folder: Path) -> Path:
    """Write README.md, figures/ and tables/ into an existing folder; return the path of the page."""
    for name in ("figures", "tables"):
        (folder / name).mkdir(exist_ok=True)
    tasks = tuple(task for task in standings(results) if task.adapters)
    runs = results.tutorials.runs if results.tutorials else []
    looks = styles(tasks, [*(proof.adapter for proof in results.proofs), *(run.adapter for run in runs)])
    sections = [_section(task, looks, folder) for task in tasks]
    overview = (summary_table(tasks), environment_table(results.environment), workers_table(tasks))
    proof_table = lockstep_proof_table(results.proofs) if results.proofs else None
    tables = [*overview, *(table for section in sections for table in section.tables)]
    if proof_table:
        tables.append(proof_table)
    tutorials = tutorial_section(results.tutorials, looks, folder) if results.tutorials else None
    if tutorials:
        tables.extend(tutorials.tables.values())
    summary = Picture(
        path=Path("figures/summary.png"),
        alt="Sequences per second of every adapter on every task, on a logarithmic scale",
    )
    save(summary_figure(tasks), folder / summary.path)
    page = template("report.md.jinja").render(
        environment=results.environment,
        interrupted=results.interrupted,
        sections=sections,
        problems=_problems(results.runs),
        runs=results.runs,
        devices={run.adapter: run.device for run in results.runs},
        summary_table=overview[0],
        summary_picture=summary,
        environment_table=overview[1],
        workers_table=overview[2],
        tables=[table.save(folder / "tables").relative_to(folder) for table in tables],
        band=BAND,
        proof_table=proof_table,
        proof_data={proof.task: proof.dataset for proof in results.proofs},
        proof_pictures=_proof_pictures(results.proofs, looks, folder),
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
            problem = Problem(adapter=run.adapter, status=run.status, error=error, seeds={})
            known = problems.setdefault((run.adapter, run.status, error), problem)
            known.seeds.setdefault(run.task, []).append(run.seed)
    return list(problems.values())


def _section(task: TaskStandings, looks: dict[str, Style], folder: Path) -> Section:
    figures = {
        "loss": (loss_figure(task, looks), "training loss against updates and against seconds"),
        "forecast": (forecast_figure(task, looks), "forecasts of every adapter over the actual curve"),
        "confusion": (confusion_figure(task), "confusion matrix of every adapter"),
    }
    pictures = {}
    for kind, (figure, alt) in figures.items():
        if figure is not None:
            path = Path("figures") / f"{slug(task.record.name)}-{kind}.png"
            save(figure, folder / path)
            pictures[kind] = Picture(path=path, alt=f"{task.record.name} on {task.record.dataset}: {alt}")
    return Section(
        task=task,
        settings=settings_table(task),
        metrics=metrics_table(task),
        throughput=throughput_table(task),
        startup=startup_table(task),
        lockstep=lockstep_table(task),
        window=averaging_window(task.record),
        pictures=pictures,
    )


def _proof_pictures(proofs: Sequence[Proof], looks: dict[str, Style], folder: Path) -> list[Picture]:
    """A figure for each task with something to compare; the adapters look as they do in other figures."""
    pictures = []
    for task in dict.fromkeys(proof.task for proof in proofs):
        figure = proof_figure(task, [proof for proof in proofs if proof.task == task], looks)
        if figure is not None:
            path = Path("figures") / f"{slug(task)}-lockstep.png"
            save(figure, folder / path)
            alt = f"{task}: difference of the losses from the reference's against updates, logarithmic"
            pictures.append(Picture(path=path, alt=alt))
    return pictures


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
    }
    return environment.get_template(name)
