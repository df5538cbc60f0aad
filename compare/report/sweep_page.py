"""The page of a sweep: three figures, the fastest at every size, and how each adapter grows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.interface import Cell
from compare.analysis.caveats import cluster_caveats
from compare.analysis.sweep import AXES, CENTRE, LABELS, fastest
from compare.records.results import Results
from compare.records.run import is_fault
from compare.records.sweep import Size, SweepPoint
from compare.report.figures.style import styles
from compare.report.figures.sweep import sweep_figure
from compare.report.page import Page
from compare.report.renderer import Renderer
from compare.report.tables.environment import environment_table
from compare.report.tables.sweep import growth_table, steps_table

TEMPLATE = "sweep.md.jinja"

IMAGE_ROWS = "that reads rows of images (28 inputs, 10 classes, Adam, float32)"

CELLS: dict[Cell, str] = {"elman": "an Elman network", "lstm": "an LSTM", "gru": "a GRU"}
"""Cell -> what is said to be trained."""


def sweep_pages(results: Results, folder: Path) -> tuple[Page, ...]:
    """README.md of a sweep, and a page for each further kind of machine, whose times share no curve.

    Figures and tables are written.
    """
    machines = _by_machine(results)
    adapters = tuple(dict.fromkeys(point.adapter for point in results.sweep))
    renderer = Renderer(folder=folder, styles=styles(adapters), values={})
    names = [
        results.machines[name].name if name in results.machines else "an unknown machine" for name in machines
    ]
    links = {name: f"pages/machine-{place}.md" for place, name in enumerate(names[1:], 2)}
    first, *others = machines.values()
    front = renderer.front(
        "Time and memory against size", TEMPLATE, **_contents(results, first, "", names[0], links, renderer)
    )
    further = (
        renderer.page(
            f"machine-{place}",
            f"Time and memory against size, on {names[place - 1]}",
            TEMPLATE,
            **_contents(results, points, f"machine-{place}-", "", {}, renderer),
        )
        for place, points in enumerate(others, 2)
    )
    return (front, *further)


def _by_machine(results: Results) -> dict[str, list[SweepPoint]]:
    """The points of each kind of machine, most of them first."""
    found: dict[str, list[SweepPoint]] = {}
    for point in results.sweep:
        found.setdefault(point.machine, []).append(point)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def _contents(
    results: Results,
    points: Sequence[SweepPoint],
    prefix: str,
    machine: str,
    links: Mapping[str, str],
    renderer: Renderer,
) -> dict[str, Any]:
    """What a page is made from; `machine` is named where there are `links` to others."""
    adapters = tuple(dict.fromkeys(point.adapter for point in points))
    tables = {"steps": steps_table(points), "growth": growth_table(points, adapters)}
    environment = next(iter(results.environments.get(points[0].machine, ())), results.environment)
    drawn = sweep_figure(points, renderer.styles)
    alt = "Time of a training step and memory against hidden units, batch, time steps and layers"
    return {
        "tables": {kind: replace(table, name=f"{prefix}{table.name}") for kind, table in tables.items()},
        "environment": environment,
        "cluster": [*cluster_caveats(results.cluster)],
        "environment_table": environment_table(environment),
        "network": f"{_network(points[0].size)} {results.sweep_of or IMAGE_ROWS}",
        "centre": CENTRE,
        "fastest": {LABELS[field]: fastest(points, field) for field in AXES},
        "problems": [point for point in points if is_fault(point)],
        "unsupported": _reasons(points),
        "figures": renderer.figures({"sweep": (drawn, alt)}, prefix),
        "machine": machine,
        "links": links,
    }


def _reasons(points: Sequence[SweepPoint]) -> dict[str, list[str]]:
    """Of each adapter that does not support some size, why."""
    found: dict[str, list[str]] = {}
    for point in points:
        if point.error and not is_fault(point) and point.error not in found.setdefault(point.adapter, []):
            found[point.adapter].append(point.error)
    return found


def _network(size: Size) -> str:
    return CELLS[size.cell] + (" in both directions" if size.bidirectional else "")
