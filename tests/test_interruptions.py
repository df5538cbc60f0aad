"""Runs that are broken off, and folders and terminals that give way: what is finished is kept."""

import re
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from compare.records.block import Snapshot
from compare.records.run import Round
from compare.records.settings import Settings
from compare.storage.checkpoint import CheckpointStore, interrupted_runs, write_snapshot
from compare.storage.results import load, save
from compare.storage.resume import request, stored_results
from tasks.interface import DataRequest
from tests.commands import CHAOS, ROOT, finish, learned, marked, start, wait_until

QUICK = ("run", "sine-online", "--adapters", "numpy", "--epochs", 20, "--threads", 1)
HANGING = ("run", "sine-online", "--adapters", f"numpy,{CHAOS}", "--threads", 1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of two cells that nothing happened to."""
    out = tmp_path_factory.mktemp("whole")
    code, said = finish(*QUICK, "--seeds", 2, "--out", out)
    assert code == 0, said
    return out


@pytest.fixture
def cut_off(whole, tmp_path):
    """What a run leaves that was killed in its second cell."""
    results = load(whole)
    first, second = results.runs
    save(replace(results, runs=[first], proofs=[], interrupted=True), tmp_path)
    with CheckpointStore(tmp_path) as journal:
        for count in range(12):
            journal.keep([replace(second, epochs=second.epochs[:count], rounds=[])])
    (tmp_path / "logs").mkdir()
    return tmp_path


def settings_of_tutorials():
    return Settings(
        tasks=(),
        adapters=("numpy",),
        preset="full",
        seeds=1,
        epochs=None,
        threads=1,
        data=DataRequest(choice="auto"),
        out=Path("reports"),
        overwrite=False,
        tutorials=True,
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_nothing_outlives_a_run_that_is_ended_while_its_workers_are_busy(number, tmp_path):
    ready, out = tmp_path / "ready", tmp_path / "out"
    environment = {"CHAOS": "hangs with children", "CHAOS_READY": str(ready)}
    with start(*HANGING, "--out", out, mark=out, environment=environment) as process:
        wait_until(ready.exists, "the fault")
        assert len(marked(out)) >= 5
        process.send_signal(number)
        said, errors = process.communicate(timeout=30)
    wait_until(lambda: not marked(out), "the end of every process")
    assert process.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    assert "Traceback" not in said + errors


def test_an_interrupted_run_reports_what_there_is_and_says_how_to_go_on(whole, tmp_path):
    with start(*QUICK, "--seeds", 2, "--out", tmp_path, mark=tmp_path) as process:
        wait_until(
            lambda: (tmp_path / "results.json").exists() and load(tmp_path).runs, "the first cell", seconds=60
        )
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"python -m compare run --resume {tmp_path}" in said
    assert "**The run was interrupted.**" in (tmp_path / "README.md").read_text()
    assert learned(load(tmp_path).runs[0]) == learned(load(whole).runs[0])

    code, said = finish("run", "--resume", tmp_path)
    assert code == 0, said
    assert [learned(run) for run in load(tmp_path).runs] == [learned(run) for run in load(whole).runs]


def test_the_second_interrupt_ends_the_run_at_once(tmp_path):
    with start(*QUICK, "--seeds", 2, "--out", tmp_path, mark=tmp_path) as process:
        wait_until(
            lambda: (tmp_path / "results.json").exists() and load(tmp_path).runs, "the first cell", seconds=60
        )
        process.send_signal(signal.SIGINT)
        time.sleep(0.6)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Traceback" not in said + errors
    assert len(load(tmp_path).runs) == 1
    wait_until(lambda: not marked(tmp_path), "the end of every process")


def test_two_signals_at_once_are_one_interrupt(tmp_path):
    with start(*QUICK, "--seeds", 2, "--out", tmp_path, mark=tmp_path) as process:
        wait_until(
            lambda: (tmp_path / "results.json").exists() and load(tmp_path).runs, "the first cell", seconds=60
        )
        process.send_signal(signal.SIGTERM)
        time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"Report: {tmp_path / 'README.md'}" in said
    assert "**The run was interrupted.**" in (tmp_path / "README.md").read_text()


def test_an_early_interrupt_is_no_traceback(tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "compare", *map(str, QUICK), "--out", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.split("|")[-1].strip() == "typer":
                process.send_signal(signal.SIGINT)
                break
        errors = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_resumed_report_says_where_the_run_was_interrupted(cut_off, whole):
    before = load(cut_off).runs
    code, said = finish("run", "--resume", cut_off)
    assert code == 0, said
    results = load(cut_off)
    assert results.runs[0] == before[0], "a finished cell was run again"
    assert [learned(run) for run in results.runs] == [learned(run) for run in load(whole).runs]
    assert results.proofs == load(whole).proofs
    assert [i.during for i in results.interruptions] == ["sine-online, seed 1, after 11 epochs"]
    report = (cut_off / "README.md").read_text()
    assert "interrupted** (sine-online, seed 1, after 11 epochs)" in report
    assert "; the cell was started anew." in report
    assert "not pooled" not in report


def test_a_changed_environment_is_said_and_its_rounds_are_not_pooled(cut_off):
    stored = load(cut_off)
    save(replace(stored, environment=replace(stored.environment, cpu="another processor")), cut_off)
    write_snapshot(cut_off, Snapshot(task="sine-online", seed=1, epochs=11, states={"numpy": {}}))
    code, said = finish("run", "--resume", cut_off)
    assert code == 0, said
    results = load(cut_off)
    assert [run.part for run in results.runs] == [0, 1]
    assert results.interruptions[0].then == "the cell was started anew"
    assert len(results.interruptions[0].changed) == 1
    assert "another processor, then" in results.interruptions[0].changed[0]
    report = (cut_off / "README.md").read_text()
    assert "rounds before and after are not pooled" in report
    throughput = (cut_off / "tables" / "sine-online-throughput.csv").read_text()
    rounds = sum(turn.counts for turn in results.runs[1].rounds)
    assert re.search(rf"numpy,.*,{rounds}\b", throughput), throughput


def test_the_rounds_of_a_cell_under_way_are_on_disk(cut_off, whole):
    (run,) = interrupted_runs(cut_off, load(cut_off).runs)
    assert run.status == "interrupted"
    assert run.error == "interrupted after 11 epochs and 0 timed rounds"
    assert run.epochs == load(whole).runs[1].epochs[:11]
    assert stored_results(cut_off).runs == [*load(cut_off).runs, run]


def test_rounds_that_turn_out_to_be_warm_up_are_marked(cut_off, whole):
    """Each is written once, when nothing is known of the later ones."""
    run = load(whole).runs[1]
    turns = [Round(index=index, sequences=1, seconds=9.0 if index == 0 else 1.0) for index in range(8)]
    with CheckpointStore(cut_off) as journal:
        for count in range(9):
            journal.keep([replace(run, rounds=turns[:count])])
    (found,) = interrupted_runs(cut_off, load(cut_off).runs)
    assert [turn.warm_up for turn in found.rounds] == [True] + 7 * [False]


@pytest.mark.parametrize("found", ["digits", "mnist"])
def test_the_tutorials_go_on_with_the_data_that_they_began_with(found):
    settings = settings_of_tutorials()
    assert settings.data.choice == "auto"
    assert request(settings, [], {"row-wise-mnist": found})["data"]["choice"] == found


def test_a_torn_line_of_the_journal_is_no_line(cut_off):
    journal = cut_off / "running.jsonl"
    journal.write_bytes(journal.read_bytes()[:-10])
    (run,) = interrupted_runs(cut_off, [])
    assert len(run.epochs) == 10


def test_a_finished_run_is_only_reported_again(whole):
    before = (whole / "results.json").read_bytes()
    code, said = finish("run", "--resume", whole)
    assert code == 0, said
    assert (whole / "results.json").read_bytes() == before
    assert said.startswith("This run was finished: nothing is left to run, its report is written anew.\n")
    assert said.endswith(f"Report: {whole / 'README.md'}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--epochs", 3), "--resume takes the settings of FOLDER: leave out --epochs"),
        (("sine-window",), "--resume takes the tasks of FOLDER: leave out sine-window"),
        (("--threads", 9999), "--threads is 9999"),
    ],
)
def test_a_run_goes_on_as_it_was_begun(arguments, message, cut_off):
    code, said = finish("run", *arguments, "--resume", cut_off)
    assert code == 2
    assert said == f"error: {said.removeprefix('error: ').strip()}\n"
    assert message.replace("FOLDER", str(cut_off)) in said


def test_a_folder_without_a_run_cannot_be_resumed(tmp_path):
    code, said = finish("all", "--resume", tmp_path)
    assert code == 2
    assert said == f"error: {tmp_path / 'results.json'}: No such file or directory\n"


def test_a_run_of_another_task_is_not_gone_on_with(cut_off):
    stored = load(cut_off)
    save(replace(stored, tasks=[replace(stored.tasks[0], batch_size=2)]), cut_off)
    code, said = finish("run", "--resume", cut_off)
    assert code == 2
    assert "sine-online is not what" in said


def test_two_runs_into_one_folder_at_a_time_are_one_too_many(tmp_path):
    ready = tmp_path / "ready"
    out = tmp_path / "out"
    environment = {"CHAOS": "hangs with children", "CHAOS_READY": str(ready)}
    with start(*HANGING, "--out", out, mark=out, environment=environment) as first:
        wait_until(ready.exists, "the first run")
        for arguments in ((*QUICK, "--out", out, "--overwrite"), ("run", "--resume", out)):
            code, said = finish(*arguments)
            assert code == 2
            assert "another run is writing to" in said
        first.kill()
    wait_until(lambda: not marked(out), "the end of every process")
    code, said = finish(*QUICK, "--seeds", 1, "--out", out, "--overwrite")
    assert code == 0, said


def test_a_file_that_can_grow_no_more_ends_a_run_with_what_is_finished(whole, tmp_path):
    results = load(whole)
    save(replace(results, runs=results.runs[:1], proofs=[]), tmp_path)
    size = (tmp_path / "results.json").stat().st_size
    (tmp_path / "results.json").unlink()

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size * 3 // 2, size * 3 // 2))

    code, said = finish(*QUICK, "--seeds", 2, "--out", tmp_path, preexec_fn=limit)
    assert code == 2
    assert "Cannot go on" in said
    assert "File too large" in said
    assert "--resume" in said
    assert "Traceback" not in said
    assert [learned(run) for run in load(tmp_path).runs] == [learned(load(whole).runs[0])]
    code, said = finish("run", "--resume", tmp_path)
    assert code == 0, said
    assert [learned(run) for run in load(tmp_path).runs] == [learned(run) for run in load(whole).runs]


def test_a_folder_that_vanishes_ends_a_run_with_what_is_finished(tmp_path):
    out = tmp_path / "out"
    environment = {"CHAOS": "moves the folder", "CHAOS_FOLDER": str(out)}
    code, said = finish(*HANGING, "--epochs", 2, "--seeds", 1, "--out", out, environment=environment)
    assert code == 2
    assert "Cannot go on" in said
    assert "No such file or directory" in said
    assert "Traceback" not in said
    assert load(tmp_path / "out.moved").interrupted


def test_a_reader_that_leaves_costs_no_report(tmp_path):
    with start(*QUICK, "--seeds", 1, "--out", tmp_path, mark="") as process:
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == ""
    assert "# Lockstep report" in (tmp_path / "README.md").read_text()


def test_a_full_disk_behind_standard_output_is_one_line():
    with open("/dev/full", "w") as full, start("list", mark="", stdout=full) as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors == "error: cannot write to standard output: No space left on device\n"


def test_a_terminal_that_knows_only_ascii_is_told_what_it_can_show():
    code, said = finish("list", environment={"PYTHONIOENCODING": "ascii"})
    assert code == 0
    assert "sine-online" in said
