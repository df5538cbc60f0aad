"""The tables of `adapters/OPTIMIZERS.md`, cell by cell."""

from pathlib import Path

import pytest

from tests.groups import of_framework

PAGE = Path(__file__).parents[1] / "adapters" / "OPTIMIZERS.md"
NOTHING = "–"
COLUMNS = {
    "here": (),
    "torch": of_framework("torch"),
    "keras": of_framework("tensorflow"),
    "optax": of_framework("jax"),
}
"""Column -> the mark of a test that imports what it is about."""


def table(heading):
    """The table under a heading: row -> column -> what stands there."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    (_, *_), *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: dict(zip(COLUMNS, cells, strict=True)) for name, *cells in rows}


def each_cell(heading):
    """Parameters for a test that runs once for every cell under a heading that is not a dash."""
    cells = [
        pytest.param(row, column, text, marks=COLUMNS[column], id=f"{row}-{column}")
        for row, columns in table(heading).items()
        for column, text in columns.items()
        if text != NOTHING
    ]
    return pytest.mark.parametrize(("row", "column", "cell"), cells)
