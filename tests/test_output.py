"""What is printed is shown as it is, and where it cannot be shown nothing is lost but that."""

import os
import subprocess
import sys
from io import StringIO

import pytest
from rich.console import Console
from rich.progress import TextColumn

from compare.cli import progress as progress_module
from compare.cli.app import console
from compare.cli.list import tasks_table
from compare.cli.progress import bar, progress_bars
from compare.storage.results import save
from tasks import TASKS
from tests.commands import LONGEST_SECONDS, ROOT, Ended, command
from tests.example_results import example_results

RUN = "run sine-online --adapters numpy --epochs 1 --seeds 1 --rounds 2 --threads 1 --out b"
CHECK = "check numpy --quick --markdown"
NO_SPACE = "error: cannot write to standard output: No space left on device\n"


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """The current folder holds one stored run, `a`; the page of another would be written to `b`."""
    (tmp_path / "a").mkdir()
    save(example_results(), tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def shell(line):
    """A command line of a shell that calls the program `compare`."""
    ended = subprocess.run(
        ["bash", "-c", f'compare() {{ "{sys.executable}" -m compare "$@"; }}; set -o pipefail; {line}'],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        timeout=LONGEST_SECONDS,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def test_a_path_that_looks_like_markup_is_a_path(runs):
    name = "runs[torch]x[/b]:smile:"
    (runs / name).mkdir(parents=True)
    (runs / "a" / "results.json").rename(runs / name / "results.json")
    assert command("report", name) == Ended(0, f"Report: {name}/README.md\n", "")


@pytest.mark.parametrize("name", ["t[/z]", "[red]x[/red]", "runs[torch]", ":smile:"])
def test_a_name_that_looks_like_markup_is_a_name_in_bars_and_tables(name, monkeypatch):
    monkeypatch.setitem(TASKS, name, TASKS["sine-online"])
    progress = progress_bars(console)
    progress.add_task(name, current=name)
    (task,) = progress.tasks
    shown = [
        column.render(task).plain.strip() for column in progress.columns if isinstance(column, TextColumn)
    ]
    assert shown == [name, name, "left"]
    with console.capture() as captured:
        console.print(tasks_table())
    assert f" {name} " in captured.get()


def test_a_long_stage_says_how_far_it_is_where_there_are_no_bars(monkeypatch):
    monkeypatch.setattr(progress_module, "SECONDS_BETWEEN_LINES", 0.0)
    printed = StringIO()
    with bar(progress_bars(Console(file=printed)), "accuracy", 4) as tick:
        for _ in range(4):
            tick("numpy")
    turns = [f"accuracy: {count} of 4 turns" for count in (1, 2, 3)]
    assert printed.getvalue().splitlines() == [*turns, "accuracy: done in 0 s"]


@pytest.mark.parametrize("line", ["--help", "list", "diff a a", RUN, CHECK])
def test_output_that_no_disk_takes_is_exit_code_two_and_one_line(line, runs):
    with open("/dev/full", "w") as full:
        ended = command(*line.split(), out=full)
    assert ended.code == 2
    assert ended.err.endswith(NO_SPACE)
    assert "Traceback" not in ended.err
    assert (runs / "b" / "README.md").exists() == (line == RUN)


@pytest.mark.parametrize("line", ["--help", "list", "diff a a", RUN])
def test_output_that_nobody_reads_is_no_failure(line, runs):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        assert command(*line.split(), out=pipe) == Ended(0, "", "")
    assert (runs / "b" / "README.md").exists() == (line == RUN)


@pytest.mark.parametrize(
    ("line", "ended"),
    [
        ("list > /dev/full", Ended(2, "", NO_SPACE)),
        ("diff a a | true", Ended(0, "", "")),
        ("list >&- 2>&-", Ended(0, "", "")),
        ("report nowhere 2>&-", Ended(2, "", "")),
    ],
)
@pytest.mark.usefixtures("runs")
def test_in_a_shell_it_is_so_too(line, ended):
    """And a mistake is not told in the place of what was asked for."""
    assert shell(f"compare {line}") == ended


@pytest.mark.exhaustive
@pytest.mark.parametrize("line", ["--help >&-", "list | true", "diff a a >&-", f"{RUN} >&-"])
@pytest.mark.usefixtures("runs")
def test_in_a_shell_it_is_so_in_every_way(line):
    assert shell(f"compare {line}") == Ended(0, "", "")


@pytest.mark.usefixtures("runs")
def test_a_diff_is_markdown_however_narrow_the_terminal_is():
    ended = shell("COLUMNS=20 FORCE_COLOR=1 compare diff a a")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert {line.count("|") for line in ended.out.splitlines() if line.startswith("|")} == {8}


def test_markdown_for_a_pull_request_stands_alone_on_standard_output(runs):
    ended = command(*CHECK.split())
    assert ended.code == 0
    assert ended.out.startswith("### Lockstep check: passed\n")
    assert "checks of numpy" not in ended.out
    assert "checks of numpy" in ended.err


def test_a_terminal_that_knows_only_ascii_is_told_what_it_can_show(runs, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    ended = shell("compare list")
    assert ended.code == 0
    assert "sine-online" in ended.out


@pytest.mark.parametrize(("columns", "width"), [("0", 80), ("20", 40)])
def test_a_width_that_cannot_be_is_no_reason_for_a_letter_a_line(columns, width):
    ended = shell(f"COLUMNS={columns} compare list")
    assert ended.code == 0
    assert " sine-online " in ended.out
    assert max(map(len, ended.out.splitlines())) == width
