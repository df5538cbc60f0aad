"""The list of promises names tests that there are."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LINES = (TESTS / "PROMISES.md").read_text(encoding="utf-8").splitlines()
ROWS = [line for line in LINES if line.startswith("|") and line not in ("| promise | held by |", "|---|---|")]
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


def test_no_promise_stands_twice():
    promises = [row.split(" | ")[0] for row in ROWS]
    assert sorted(promises) == sorted(set(promises))


@pytest.mark.parametrize("file", sorted(set(re.findall(r"`(test_\w+\.py)::", "\n".join(ROWS)))))
def test_every_test_that_is_named_is_there(file):
    named = {test for name, test in re.findall(NAME, "\n".join(ROWS)) if name == file}
    assert named - names_in(file) == set()


def test_every_file_of_tests_holds_a_promise():
    files = {path.name for path in TESTS.glob("test_*.py")} - {Path(__file__).name}
    assert files - set(re.findall(r"`(test_\w+\.py)::", "\n".join(ROWS))) == set()
