"""report.html: all pages of a report, its data and the programs that show them, in one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plotly.offline import get_plotlyjs

from compare.analysis.machines import as_of_one_machine, spans_machines
from compare.analysis.task_summary import TaskSummary, task_summaries
from compare.records.results import Results
from compare.report.figures.style import Style, styles
from compare.report.html.markdown import Places, render
from compare.report.html.packing import pack, pack_json, script_hash
from compare.report.html.shell import STATIC, document, template
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
    "report_keys.js",
    "state.js",
    "elements.js",
    "tables.js",
    "baseline.js",
    "traces.js",
    "times.js",
    "choices.js",
    "report_plots.js",
    "plots.js",
    "rows.js",
    "pages.js",
    "theme.js",
    "report.js",
    "main.js",
)
"""In this order, and after those of its surroundings, they are one program."""

SUMMARY_PLOT = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a report in HTML brings along, and what it finds beside it.

    `layout` is its template, `programs` are the files in which the page's program says where Plotly and the
    results lie; `scripts` the sources of a Content-Security-Policy that other scripts have, `packed` what the
    page carries packed, `data` what the program is told.
    """

    layout: str
    programs: tuple[str, ...]
    scripts: tuple[str, ...]
    packed: Mapping[str, str]
    data: Mapping[str, str]


def write_html(results: Results, pages: Sequence[Page], folder: Path) -> Path:
    """Write report.html of a run's pages into their folder, where their figures lie; return its path."""
    plotly = get_plotlyjs()
    inside = Surroundings(
        layout="report.html.jinja",
        programs=("inside.js",),
        scripts=(f"'{script_hash(plotly)}'",),
        packed={"plotly": pack(plotly.encode()), "results": pack((folder / "results.json").read_bytes())},
        data={},
    )
    tables = {table.path.as_posix(): table.csv for page in pages for table in page.tables}
    write_text(folder / "report.html", report_document(results, pages, folder, tables, inside))
    return folder / "report.html"


def report_document(
    results: Results,
    pages: Sequence[Page],
    folder: Path,
    tables: Mapping[str, str],
    surroundings: Surroundings,
) -> str:
    """A run's pages as one HTML document; `tables` are CSV files that can be downloaded, by their path."""
    own = () if spans_machines(results) else task_summaries(as_of_one_machine(results))
    tasks = tuple(task for task in own if task.adapters)
    rows = speed_rows(results, tasks)
    curves = plots(tasks, results.proofs)
    addresses = _addresses(pages, tasks)
    known = [*curves, *([SUMMARY_PLOT] if rows else [])]
    places = Places(
        folder=folder,
        addresses=addresses,
        downloads=["results.json", *tables],
        plots=known,
        tables={table.markdown: table.name for page in pages for table in page.tables},
        replaced=_speed_tables(rows, tasks),
    )
    return document(
        layout=surroundings.layout,
        title=pages[0].title,
        groups=_groups(pages, addresses, tasks),
        pages=[(addresses[page.name], page.title, render(page, places)) for page in pages],
        styles=[STATIC / "style.css"],
        programs=[STATIC / name for name in (*surroundings.programs, *PROGRAMS)],
        scripts=surroundings.scripts,
        data={**_data(results, tasks, rows, addresses), **surroundings.data},
        packed={
            "plots": pack_json(curves),
            "tables": pack_json(tables),
            "sources": pack_json(sources(results.runs)),
            **surroundings.packed,
        },
    )


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
    speeds = template("speeds.html.jinja")
    found = {}
    for shown in (*((task,) for task in tasks), tasks):
        if shown:
            names = {task.record.name for task in shown}
            numbered = [(place, row) for place, row in enumerate(rows) if row.task in names]
            found[summary_table(shown).markdown] = speeds.render(rows=numbered, several=len(shown) > 1)
    return found


def _data(
    results: Results, tasks: Sequence[TaskSummary], rows: Sequence[SpeedRow], addresses: Mapping[str, str]
) -> dict[str, object]:
    """What the programs need at once."""
    drawn = styles(adapters_shown(results, tasks))
    return {
        "adapters": [adapter_style(name, style) for name, style in drawn.items()],
        "baselines": [name for name in drawn if any(name in row.times for row in rows)],
        "baseline": results.baseline or "",
        "tasks": [
            {"name": name, "address": addresses.get(f"pages/{task_page_name(name)}.md", "page=report")}
            for name in (task.record.name for task in tasks)
        ],
        "rows": rows,
        "command": results.environment.command,
    }


def adapter_style(name: str, style: Style) -> dict[str, object]:
    """How the programs draw an adapter."""
    return {
        "name": name,
        "label": one_line(name),
        "colour": style.colour,
        "marker": style.marker,
        "width": style.width,
        "place": style.place,
    }
