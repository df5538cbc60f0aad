"""The page of two programs as one HTML file: curves that can be enlarged, and no network needed."""

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.graph_objects import Figure, Scatter
from plotly.io import to_html
from plotly.subplots import make_subplots

from compare.port.records.result import Curves, PortResult
from compare.report.html.markdown import Places, render
from compare.report.page import Page
from compare.storage.atomic import write_text

COLOURS = {"A": "#E69F00", "B": "#0072B2", "float64": "#009E73", "float32": "#CC79A7"}


def write_port_document(page: Page, result: PortResult, folder: Path) -> Path:
    """Write report.html into the folder in which the page's figure lies; return its path."""
    places = Places(
        folder=folder, addresses={page.name: "page=report"}, downloads=(), plots=(), tables={}, replaced={}
    )
    environment = Environment(
        loader=PackageLoader("compare.report"), undefined=StrictUndefined, autoescape=True
    )
    text = environment.get_template("port.html.jinja").render(
        title=page.title,
        style=(files("compare.report.html") / "static" / "style.css").read_text(encoding="utf-8"),
        body=render(page, places),
        curves=to_html(_curves(result), include_plotlyjs=True, full_html=False),
    )
    write_text(folder / "report.html", text)
    return folder / "report.html"


def _curves(result: PortResult) -> Figure:
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    updates = list(range(1, len(result.curve.first) + 1))
    for label, losses in (("A", result.curve.first), ("B", result.curve.second)):
        line = {"color": COLOURS[label]}
        figure.add_trace(Scatter(x=updates, y=list(losses), name=f"loss of {label}", line=line), row=1, col=1)
    curves = {result.dtype: result.curve, **({"float32": result.float32} if result.float32 else {})}
    for label, curve in curves.items():
        _add_difference(figure, updates, label, curve)
    figure.update_yaxes(title="loss", row=1, col=1)
    figure.update_yaxes(title="difference", type="log", exponentformat="power", row=2, col=1)
    figure.update_xaxes(title="updates", row=2, col=1)
    figure.update_layout(height=640, template="plotly_white", legend={"orientation": "h"})
    return figure


def _add_difference(figure: Figure, updates: list[int], label: str, curve: Curves) -> None:
    for values, name, dash in ((curve.difference, "difference", "solid"), (curve.band, "band", "dot")):
        line = {"color": COLOURS[label], "dash": dash}
        shown = [value if value > 0 else None for value in values]
        figure.add_trace(Scatter(x=updates, y=shown, name=f"{name}, {label}", line=line), row=2, col=1)
