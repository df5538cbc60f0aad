"""The lists of promises, and of what comes from outside, name tests that there are."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from compare.machine.influences import INFLUENCES as TABLE

TESTS = Path(__file__).parent
LINES = (TESTS / "PROMISES.md").read_text(encoding="utf-8").splitlines()
ROWS = [line for line in LINES if line.startswith("|") and line not in ("| promise | held by |", "|---|---|")]
OUTSIDE = (TESTS / "OUTSIDE.md").read_text(encoding="utf-8")
INFLUENCES = [line for line in OUTSIDE.splitlines() if re.match(r"\| (?!influence)", line)]
NAME = r"`(test_\w+\.py)::(test_\w+)`"


@cache
def names_in(file):
    return {
        node.name for node in ast.parse((TESTS / file).read_text()).body if isinstance(node, ast.FunctionDef)
    }


def test_every_line_is_a_heading_a_sentence_or_a_whole_row():
    assert len(ROWS) > 100
    for row in ROWS:
        assert re.fullmatch(rf"\| [^|]+ \| {NAME}(, {NAME})* \|", row), row


def test_every_influence_is_a_whole_row():
    for row in INFLUENCES:
        assert re.fullmatch(rf"\|( [^|]+ \|){{4}} {NAME}(, {NAME})* \|", row), row


def test_every_variable_of_the_table_is_among_the_influences_with_what_is_done():
    words = {"removed": "do not get it", "set": "workers get", "kept": "recorded", "passed": "| passes |"}
    for entry in TABLE:
        (row,) = (row for row in INFLUENCES if row.startswith(f"| `{entry.names[0]}`"))
        assert all(f"`{name}`" in row for name in entry.names)
        assert words[entry.treatment] in row
        assert f"| {entry.read_by} | {entry.changes} |" in row


def test_no_promise_stands_twice():
    promises = [row.split(" | ")[0] for row in ROWS]
    assert sorted(promises) == sorted(set(promises))


@pytest.mark.parametrize("file", sorted(set(re.findall(r"`(test_\w+\.py)::", "\n".join(ROWS) + OUTSIDE))))
def test_every_test_that_is_named_is_there(file):
    named = {test for name, test in re.findall(NAME, "\n".join(ROWS) + OUTSIDE) if name == file}
    assert named - names_in(file) == set()


def test_every_file_of_tests_holds_a_promise():
    files = {path.name for path in TESTS.glob("test_*.py")} - {Path(__file__).name}
    assert files - set(re.findall(r"`(test_\w+\.py)::", "\n".join(ROWS))) == set()
