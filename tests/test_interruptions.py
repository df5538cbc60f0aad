"""Runs that are interrupted or killed, and folders and disks that give way: what is finished is kept."""

import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection

import pytest

from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits
from compare.storage.checksums import checked
from compare.storage.results import load, save
from tests.commands import (
    LONGEST_SECONDS,
    ROOT,
    assert_refused,
    command,
    faulty,
    finish,
    learned,
    marked,
    start,
    wait_until,
)
from tests.runs import TWO_CELLS

pytestmark = pytest.mark.xdist_group("interruptions")
HANGING = ("run", "sine-online", "--adapters", f"numpy,{faulty('HangsWithChildren')}", "--threads", 1)
NO_OTHER = pytest.mark.exhaustive


@contextmanager
def begun(out):
    """A run of two cells that has finished the first of them, and comes to no end of the second."""
    name, ready = faulty("HangsInTime"), out / "ready"
    line = [name if word == "numpy" else word for word in TWO_CELLS]
    a_run = {"FAULT_AFTER": str(out / "results.json"), "FAULT_BYTES": "sequences_per_second"}
    with start(*line, "--out", out, mark=out, environment={**a_run, "FAULT_BEGUN": str(ready)}) as process:
        wait_until(ready.exists, "the second cell")
        yield process


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGKILL,
        signal.SIGTERM,
        pytest.param(signal.SIGHUP, marks=NO_OTHER),
        pytest.param(signal.SIGINT, marks=NO_OTHER),
    ],
)
def test_nothing_outlives_a_run_that_is_ended_while_its_workers_are_busy(number, tmp_path):
    ready, out = tmp_path / "ready", tmp_path / "out"
    with start(*HANGING, "--out", out, mark=out, environment={"FAULT_BEGUN": str(ready)}) as process:
        wait_until(ready.exists, "the fault")
        assert len(marked(out)) >= 5
        process.send_signal(number)
        out_text, errors = process.communicate(timeout=LONGEST_SECONDS)
    wait_until(lambda: not marked(out), "the end of every process")
    assert process.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130), out_text + errors
    assert "Traceback" not in out_text + errors


def test_a_worker_that_two_threads_end_at_once_is_closed_once(monkeypatch):
    """An interrupt ends a worker, whose call then fails in a thread that ends it, too."""
    close = Connection._close

    def close_slowly(connection):
        time.sleep(0.2)
        close(connection)

    monkeypatch.setattr(Connection, "_close", close_slowly)
    remote = RemoteAdapter("numpy", Limits(threads=1, timeout_seconds=LONGEST_SECONDS))
    with ThreadPoolExecutor(2) as threads:
        ends = [threads.submit(remote.end) for _ in range(2)]
    assert [end.exception() for end in ends] == [None, None]


def test_two_signals_at_once_are_one_interrupt_which_reports_what_there_is_and_says_how_to_go_on(
    two_cells, tmp_path
):
    with begun(tmp_path) as process:
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGCONT):
            process.send_signal(number)
        said, _ = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 130
    assert f"Report: {tmp_path / 'README.md'}" in said
    assert f"python -m compare run --resume {tmp_path}" in said
    assert "**The run was interrupted.**" in (tmp_path / "README.md").read_text()
    assert learned(load(tmp_path).runs[0]) == learned(load(two_cells).runs[0])

    resumed = command("run", "--resume", tmp_path)
    assert resumed.code == 0, resumed
    assert [learned(run) for run in load(tmp_path).runs] == [learned(run) for run in load(two_cells).runs]


def test_the_second_interrupt_ends_the_run_at_once(tmp_path):
    with begun(tmp_path) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.6)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 130
    assert "Traceback" not in said + errors
    assert len(load(tmp_path).runs) == 1
    wait_until(lambda: not marked(tmp_path), "the end of every process")


def test_an_early_interrupt_is_no_traceback(tmp_path):
    line = [sys.executable, "-X", "importtime", "-m", "compare", *map(str, TWO_CELLS), "--out", str(tmp_path)]
    with subprocess.Popen(line, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        for imported in process.stderr:
            if imported.split("|")[-1].strip() == "typer":
                process.send_signal(signal.SIGINT)
                break
        errors = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_two_runs_into_one_folder_at_a_time_are_one_too_many(tmp_path):
    ready, out = tmp_path / "ready", tmp_path / "out"
    with start(*HANGING, "--out", out, mark=out, environment={"FAULT_BEGUN": str(ready)}) as first:
        wait_until(ready.exists, "the first run")
        for line in ((*TWO_CELLS, "--out", out, "--overwrite"), ("run", "--resume", out)):
            assert_refused(command(*line), "another run is writing to")
        first.kill()
    wait_until(lambda: not marked(out), "the end of every process")
    again = command(*TWO_CELLS, "--out", out, "--overwrite")
    assert again.code == 0, again


def test_a_file_that_can_grow_no_more_ends_a_run_with_what_is_finished(two_cells, tmp_path):
    results = load(two_cells)
    save(replace(results, runs=results.runs[:1]), tmp_path)
    size = (tmp_path / "results.json").stat().st_size
    (tmp_path / "results.json").unlink()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size * 5 // 4, size * 5 // 4))

    ended = finish(*TWO_CELLS, "--out", tmp_path, preexec_fn=limit)
    assert ended.code == 2
    assert "Cannot go on" in ended.out
    assert "File too large" in ended.out
    assert "--resume" in ended.out
    assert "Traceback" not in ended.out + ended.err
    assert [learned(run) for run in load(tmp_path).runs] == [learned(results.runs[0])]
    resumed = command("run", "--resume", tmp_path)
    assert resumed.code == 0, resumed
    assert [learned(run) for run in load(tmp_path).runs] == [learned(run) for run in results.runs]


def test_a_folder_that_vanishes_ends_a_run_with_what_is_finished(tmp_path, monkeypatch):
    out = tmp_path / "out"
    monkeypatch.setenv("FAULT_FOLDER", str(out))
    adapters = f"numpy,{faulty('MovesTheFolder')}"
    ended = command("run", "sine-online", "--adapters", adapters, "--epochs", 2, "--seeds", 1, "--out", out)
    assert ended.code == 2
    assert "Cannot go on" in ended.out
    assert "No such file or directory" in ended.out
    assert "Traceback" not in ended.out + ended.err
    assert load(tmp_path / "out.moved").interrupted


def test_a_run_notes_what_its_files_are_as_it_ends(two_cells):
    noted = checked(two_cells)
    assert "results.json" in noted
    assert {name.partition("/")[0] for name in noted} == {"results.json", "tables", "logs"}
