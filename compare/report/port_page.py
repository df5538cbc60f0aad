"""The page of two programs: the verdict, the causes, tables by layer and parameter, and a figure."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from compare.port.records.differences import Row
from compare.port.records.result import PortResult, SetupRow
from compare.port.summary import float32_sentence, largest_sentence, verdict_line
from compare.report.figures.port import port_figure
from compare.report.figures.style import styles
from compare.report.page import Page
from compare.report.renderer import Renderer
from compare.report.tables.table import Table
from compare.report.templating import template
from compare.storage.atomic import write_text
from compare.storage.run_folder import make_report_folders
from compare.text import difference, escape, number

TEMPLATE = "port.md.jinja"
ALT = "The loss curves of both programs, and the difference between them update by update"


def write_port_page(result: PortResult, folder: Path) -> Page:
    """Write README.md, figures/ and tables/ into an existing folder; return the page."""
    make_report_folders(folder)
    renderer = Renderer(folder=folder, styles=styles("AB"), values=_values(result))
    figures = renderer.figures({"curves": (port_figure(result), ALT)})
    page = renderer.front(
        f"Port: {verdict_line(result)}", TEMPLATE, _tables(result), figure=figures["curves"]
    )
    write_text(folder / page.name, page.text)
    return page


def port_markdown(result: PortResult) -> str:
    """The same page for a pull request, without figure and files."""
    title = f"Port: {verdict_line(result)}"
    values = {**_values(result), "title": title, "tables": _tables(result), "figure": None, "files": ()}
    return template(TEMPLATE).render(**values)


def _values(result: PortResult) -> dict[str, object]:
    return {"result": result, "largest": largest_sentence(result), "float32": float32_sentence(result)}


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
