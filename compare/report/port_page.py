"""The page of two programs: the verdict, the causes, tables by layer and parameter, and a figure."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from compare.port.differences import Row
from compare.port.result import PortResult, SetupRow
from compare.port.summary import float32_sentence, largest_sentence, verdict_line
from compare.report.figures.figure_file import save_figure
from compare.report.figures.port import port_figure
from compare.report.html import write_html
from compare.report.tables.table import Table
from compare.report.templating import template
from compare.storage.atomic import write_text
from compare.storage.run_folder import make_report_folders
from compare.text import difference, escape, number

ALT = "The loss curves of both programs, and the difference between them update by update"


def write_port_page(result: PortResult, folder: Path) -> Path:
    """Write README.md, report.html, figures/ and tables/ into an existing folder; return the page's path."""
    make_report_folders(folder)
    tables = _tables(result)
    page = _rendered(
        result,
        tables,
        save_figure(port_figure(result), folder, "curves", ALT),
        [t.save(folder) for t in tables.values()],
    )
    write_text(folder / "README.md", page)
    write_html(folder)
    return folder / "README.md"


def port_markdown(result: PortResult) -> str:
    """The same page for a pull request, without figure and files."""
    return _rendered(result, _tables(result), None, [])


def _rendered(result: PortResult, tables: dict[str, Table], figure: object, files: Sequence[Path]) -> str:
    return template("port.md.jinja").render(
        result=result,
        verdict=verdict_line(result),
        largest=largest_sentence(result),
        float32=float32_sentence(result),
        tables=tables,
        figure=figure,
        files=files,
    )


def _tables(result: PortResult) -> dict[str, Table]:
    compared = {
        "outputs": result.outputs,
        "gradient": result.gradient,
        "update": result.update,
    }
    setup = {"setup": _setup_table(result.setup)} if result.setup else {}
    return {**setup, **{name: _table(name, rows) for name, rows in compared.items() if rows}}


def _setup_table(rows: Sequence[SetupRow]) -> Table:
    raw = pd.DataFrame(
        {"name": row.name, "a": row.first, "b": row.second, "differs": row.differs} for row in rows
    )
    shown = pd.DataFrame(
        {
            "setting": escape(row.name),
            "A": escape(row.first),
            "B": escape(row.second),
            "": "**differs**" if row.differs else "",
        }
        for row in rows
    )
    return Table(name="setup", raw=raw, shown=shown, text_columns=("setting", "A", "B", ""))


def _table(name: str, rows: Sequence[Row]) -> Table:
    raw = pd.DataFrame(
        {"name": row.name, "difference": row.difference, "where": row.where, "a": row.first, "b": row.second}
        for row in rows
    )
    shown = pd.DataFrame(
        {
            "layer" if name == "outputs" else "parameter": escape(row.name),
            "largest difference": difference(row.difference),
            "there": escape(row.where),
            "A": number(row.first, 6),
            "B": number(row.second, 6),
        }
        for row in rows
    )
    return Table(name=name, raw=raw, shown=shown, text_columns=("layer", "parameter", "there"))
