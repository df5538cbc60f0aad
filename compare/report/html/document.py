"""report.html: all pages of a report, its data and the programs that show them, in one file."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path, PurePosixPath

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from plotly.offline import get_plotlyjs

from compare.analysis.machines import as_of_one_machine, spans_machines
from compare.analysis.task_summary import TaskSummary, task_summaries
from compare.records.results import Results
from compare.report.figures.style import Style, styles
from compare.report.html.markdown import Places, render
from compare.report.html.packing import pack, pack_json, script_hash, script_json
from compare.report.html.sources import sources
from compare.report.html.speeds import SpeedRow, speed_rows
from compare.report.html.task_plots import plots
from compare.report.page import FRONT, Page
from compare.report.run_pages import adapters_shown, task_page_name
from compare.report.tables.summary import summary_table
from compare.storage.atomic import write_text
from compare.text import one_line

PROGRAMS = (
    "packed.js",
    "state.js",
    "elements.js",
    "tables.js",
    "baseline.js",
    "traces.js",
    "times.js",
    "plots.js",
    "choices.js",
    "rows.js",
    "pages.js",
    "theme.js",
    "main.js",
)
"""In this order they are one program."""

SUMMARY_PLOT = "summary"


def write_html(results: Results, pages: Sequence[Page], folder: Path) -> Path:
    """Write report.html of a run's pages into their folder, where their figures lie; return its path."""
    own = () if spans_machines(results) else task_summaries(as_of_one_machine(results))
    tasks = tuple(task for task in own if task.adapters)
    rows = speed_rows(results, tasks)
    curves = plots(tasks, results.proofs)
    addresses = _addresses(pages, tasks)
    tables = [table for page in pages for table in page.tables]
    known = [*curves, *([SUMMARY_PLOT] if rows else [])]
    places = Places(
        folder=folder,
        addresses=addresses,
        downloads=["results.json", *(table.path.as_posix() for table in tables)],
        plots=known,
        tables={table.markdown: table.name for table in tables},
        replaced=_speed_tables(rows, tasks),
    )
    static = files("compare.report.html") / "static"
    program = "".join((static / name).read_text(encoding="utf-8") for name in PROGRAMS)
    plotly = get_plotlyjs()
    text = _template("document.html.jinja").render(
        title=pages[0].title,
        groups=_groups(pages, addresses, tasks),
        pages=[(addresses[page.name], page.title, render(page, places)) for page in pages],
        style=(static / "style.css").read_text(encoding="utf-8"),
        program=program,
        hashes=[script_hash(program), script_hash(plotly)],
        data=script_json(_data(results, tasks, rows, addresses)),
        packed={
            "plotly": pack(plotly.encode()),
            "plots": pack_json(curves),
            "tables": pack_json({table.path.as_posix(): table.csv for table in tables}),
            "sources": pack_json(sources(results.runs)),
            "results": pack((folder / "results.json").read_bytes()),
        },
    )
    write_text(folder / "report.html", text)
    return folder / "report.html"


def _addresses(pages: Sequence[Page], tasks: Sequence[TaskSummary]) -> dict[str, str]:
    """What stands after the `#` of a page's address, by the page's name."""
    of_tasks = {f"pages/{task_page_name(task.record.name)}.md" for task in tasks}
    stems = {page.name: PurePosixPath(page.name).stem for page in pages}
    return {
        name: "page=report" if name == FRONT else f"{'task' if name in of_tasks else 'page'}={stem}"
        for name, stem in stems.items()
    }


def _groups(
    pages: Sequence[Page], addresses: Mapping[str, str], tasks: Sequence[TaskSummary]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The list of pages: the first one, the tasks, all others."""
    entries = [(addresses[page.name], page.title) for page in pages]
    of_tasks = [entry for entry in entries if entry[0].startswith("task=")]
    others = [entry for entry in entries[1:] if entry not in of_tasks]
    groups = [("", entries[:1]), ("Tasks", of_tasks), ("More", others)]
    return [group for group in groups if group[1]]


def _speed_tables(rows: Sequence[SpeedRow], tasks: Sequence[TaskSummary]) -> dict[str, str]:
    """Tables that take any baseline, by the Markdown of those in whose place they stand."""
    template = _template("speeds.html.jinja")
    found = {}
    for shown in (*((task,) for task in tasks), tasks):
        if shown:
            names = {task.record.name for task in shown}
            numbered = [(place, row) for place, row in enumerate(rows) if row.task in names]
            found[summary_table(shown).markdown] = template.render(rows=numbered, several=len(shown) > 1)
    return found


def _data(
    results: Results, tasks: Sequence[TaskSummary], rows: Sequence[SpeedRow], addresses: Mapping[str, str]
) -> dict[str, object]:
    """What the programs need at once."""
    drawn = styles(adapters_shown(results, tasks))
    return {
        "adapters": [_adapter(name, style) for name, style in drawn.items()],
        "baselines": [name for name in drawn if any(name in row.times for row in rows)],
        "baseline": results.baseline or "",
        "tasks": [
            {"name": name, "address": addresses[f"pages/{task_page_name(name)}.md"]}
            for name in (task.record.name for task in tasks)
        ],
        "rows": rows,
        "command": results.environment.command,
    }


def _adapter(name: str, style: Style) -> dict[str, object]:
    return {
        "name": name,
        "label": one_line(name),
        "colour": style.colour,
        "marker": style.marker,
        "width": style.width,
        "place": style.place,
    }


def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("compare.report.html", "static"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
