"""What is printed is shown as it is, and where it cannot be shown nothing is lost but that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.progress import TextColumn

from compare.cli.app import console
from compare.cli.list import tasks_table
from compare.cli.progress import progress_bars
from compare.storage.results import save
from tasks import TASKS
from tests.example_results import example_results

ROOT = Path(__file__).parents[1]
RUN = "run sine-online --adapters numpy --epochs 1 --seeds 1 --rounds 2 --threads 1 --out"


def shell(command, cwd):
    """A command line of a shell that calls the program `compare`; exit code, output and errors."""
    ended = subprocess.run(
        ["bash", "-c", f'compare() {{ "{sys.executable}" -m compare "$@"; }}; set -o pipefail; {command}'],
        capture_output=True,
        check=False,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.fixture
def runs(tmp_path):
    """A folder that holds one stored run, `a`."""
    (tmp_path / "a").mkdir()
    save(example_results(), tmp_path / "a")
    return tmp_path


def test_a_path_that_looks_like_markup_is_a_path(runs):
    name = "runs[torch]x[/b]:smile:"
    (runs / name).mkdir(parents=True)
    (runs / "a" / "results.json").rename(runs / name / "results.json")
    code, said, errors = shell(f"compare report '{name}'", runs)
    assert (code, said, errors) == (0, f"Report: {name}/README.md\n", "")


@pytest.mark.parametrize("name", ["t[/z]", "[red]x[/red]", "runs[torch]", ":smile:"])
def test_a_name_that_looks_like_markup_is_a_name_in_bars_and_tables(name, monkeypatch):
    monkeypatch.setitem(TASKS, name, TASKS["sine-online"])
    progress = progress_bars(console)
    progress.add_task(name, current=name)
    (task,) = progress.tasks
    shown = [
        column.render(task).plain.strip() for column in progress.columns if isinstance(column, TextColumn)
    ]
    assert shown == [name, name]
    with console.capture() as captured:
        console.print(tasks_table())
    assert f" {name} " in captured.get()


@pytest.mark.parametrize(
    "command", ["--help", "list", "diff a a", f"{RUN} b", "check numpy --quick --markdown"]
)
def test_output_that_no_disk_takes_is_exit_code_two_and_one_line(command, runs):
    code, _, errors = shell(f"compare {command} > /dev/full", runs)
    assert code == 2
    assert errors.endswith("error: cannot write to standard output: No space left on device\n")
    assert "Traceback" not in errors
    assert (runs / "b" / "README.md").exists() == ("run" in command)


@pytest.mark.parametrize(
    "command",
    ["--help >&-", "list | true", "diff a a | true", "diff a a >&-", f"{RUN} b >&-", "list >&- 2>&-"],
)
def test_output_that_nobody_reads_is_no_failure(command, runs):
    assert shell(f"compare {command}", runs) == (0, "", "")


def test_a_mistake_is_not_told_in_the_place_of_what_was_asked_for(runs):
    assert shell("compare report nowhere 2>&-", runs) == (2, "", "")


def test_a_diff_is_markdown_however_narrow_the_terminal_is(runs):
    code, said, _ = shell("COLUMNS=20 FORCE_COLOR=1 compare diff a a", runs)
    assert code == 0
    assert "\x1b" not in said
    assert {line.count("|") for line in said.splitlines() if line.startswith("|")} == {8}


def test_markdown_for_a_pull_request_stands_alone_on_standard_output(runs):
    code, said, errors = shell("compare check numpy --quick --markdown", runs)
    assert code == 0
    assert said.startswith("### Lockstep check: passed\n")
    assert "checks of numpy" not in said
    assert "checks of numpy" in errors
