"""The report of one run in the site: its stored pages as HTML, beside a script that all runs share."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from compare.analysis.machines import as_of_one_machine, spans_machines
from compare.analysis.task_summary import task_summaries
from compare.records.results import Results
from compare.report.html.document import Surroundings, report_document
from compare.report.html.task_plots import plots
from compare.report.page import FRONT, Page
from compare.report.tables.summary import summary_table
from compare.text import escape

PLOTLY = "plotly.js"
"""Where Plotly's program lies in a site."""

BESIDE = Surroundings(
    layout="report_in_site.html.jinja",
    programs=("beside.js", "plotly_beside.js"),
    scripts=("'self'", "file:"),
    packed={},
    data={"plotly": f"../../{PLOTLY}"},
)
"""A browser that opens a file may know of no 'self'."""

_PAGE = re.compile(r"pages/(?!report\.md)[a-z0-9-]+\.md")
"""What a page of a report can be called."""

LARGEST = 4_000_000
"""Bytes of a page or a table from which on it is none of ours."""


def run_document(results: Results, folder: Path, name: str) -> str:
    """The pages that the folder of a run holds as one HTML document; without any, a table of its speeds."""
    first, *others = _stored_pages(folder) or [_page_of_results(results, name)]
    pages = [replace(first, title=name), *others]
    tables = {f"tables/{path.name}": _text(path) for path in _files_in(folder / "tables", "*.csv")}
    tables |= {table.path.as_posix(): table.csv for page in pages for table in page.tables}
    return report_document(results, pages, folder, tables, BESIDE)


def _stored_pages(folder: Path) -> Sequence[Page]:
    """README.md first; none where it is missing."""
    found = [*_files(folder, FRONT), *_files_in(folder / "pages", "*.md")]
    if not found or found[0].name != FRONT:
        return []
    named = [(path, path.relative_to(folder).as_posix()) for path in found]
    return [_page(path, name) for path, name in named if name == FRONT or _PAGE.fullmatch(name)]


def _page(path: Path, name: str) -> Page:
    text = _text(path)
    heading = next((line for line in text.splitlines() if line.startswith("# ")), f"# {path.stem}")
    return Page(name=name, title=_plain(heading), text=text)


def _plain(heading: str) -> str:
    """A heading as its reader sees it."""
    return heading.removeprefix("# ").replace("\\", "")


def _page_of_results(results: Results, name: str) -> Page:
    """A table of speeds and every curve, for a run whose report is not there."""
    own = () if spans_machines(results) else task_summaries(as_of_one_machine(results))
    tasks = tuple(task for task in own if task.adapters)
    tables = (summary_table(tasks),) if tasks else ()
    curves = plots(tasks, results.proofs)
    parts = [
        f"# {escape(name)}",
        "The folder of this run holds no report: here is what its results say.",
        *(table.markdown for table in tables),
        *(
            f"## {escape(plot.title)}\n\n![{escape(plot.title)}](figures/{at}.png)"
            for at, plot in curves.items()
        ),
    ]
    return Page(name=FRONT, title=name, text="\n\n".join(parts), tables=tables)


def _files_in(folder: Path, pattern: str) -> list[Path]:
    """Files of a run's own folder inside it: no link leads out of it."""
    return [] if folder.is_symlink() else _files(folder, pattern)


def _files(folder: Path, pattern: str) -> list[Path]:
    found = (path for path in folder.glob(pattern) if path.is_file() and not path.is_symlink())
    return sorted(path for path in found if path.stat().st_size < LARGEST)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
