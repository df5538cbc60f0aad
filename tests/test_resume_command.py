"""`--resume`: a run that was broken off goes on with its own settings, and its report says where it was."""

import re
from dataclasses import replace

import pytest

from compare.cli.options import settings
from compare.records.block import Snapshot
from compare.records.run import Round
from compare.runner.task_loading import settled
from compare.storage.checkpoint import CheckpointStore, interrupted_runs, write_snapshot
from compare.storage.results import load, save
from compare.storage.resume import request, stored_results
from tests.commands import assert_refused, command, learned

pytestmark = [pytest.mark.xdist_group("interruptions"), pytest.mark.usefixtures("no_drawing")]


@pytest.fixture
def cut_off(two_cells, tmp_path):
    """What a run leaves that was killed in its second cell."""
    results = load(two_cells)
    first, second = results.runs
    save(replace(results, runs=[first], interrupted=True), tmp_path)
    with CheckpointStore(tmp_path) as store:
        for count in range(12):
            store.keep([replace(second, epochs=second.epochs[:count], rounds=[])])
    (tmp_path / "logs").mkdir()
    return tmp_path


def test_a_resumed_report_says_where_the_run_was_interrupted(cut_off, two_cells):
    before = load(cut_off).runs
    ended = command("run", "--resume", cut_off)
    assert ended.code == 0, ended
    results = load(cut_off)
    assert results.runs[0] == before[0], "a finished cell was run again"
    assert [learned(run) for run in results.runs] == [learned(run) for run in load(two_cells).runs]
    assert results.proofs == load(two_cells).proofs
    assert [i.during for i in results.interruptions] == ["sine-online, seed 1, after 11 epochs"]
    report = (cut_off / "README.md").read_text()
    assert "interrupted** (sine-online, seed 1, after 11 epochs)" in report
    assert "; the block was started anew." in report
    assert "not pooled" not in report


def test_a_changed_environment_is_said_and_its_rounds_are_not_pooled(cut_off):
    stored = load(cut_off)
    save(replace(stored, environment=replace(stored.environment, cpu="another processor")), cut_off)
    write_snapshot(cut_off, Snapshot(task="sine-online", seed=1, epochs=11, states={"numpy": {}}))
    ended = command("run", "--resume", cut_off)
    assert ended.code == 0, ended
    results = load(cut_off)
    assert [run.part for run in results.runs] == [0, 1]
    assert results.interruptions[0].then == "the block was started anew"
    assert len(results.interruptions[0].changed) == 1
    assert "another processor, then" in results.interruptions[0].changed[0]
    report = (cut_off / "README.md").read_text()
    assert "rounds before and after are not pooled" in report
    throughput = (cut_off / "tables" / "sine-online-throughput.csv").read_text()
    rounds = sum(turn.counts for turn in results.runs[1].rounds)
    assert re.search(rf"numpy,.*,{rounds}\b", throughput), throughput


def test_the_rounds_of_a_cell_under_way_are_on_disk(cut_off, two_cells):
    (run,) = interrupted_runs(cut_off, load(cut_off).runs)
    assert run.status == "interrupted"
    assert re.fullmatch(r"interrupted after 11 epochs: rmse 0\.\d+", run.error)
    assert run.epochs == load(two_cells).runs[1].epochs[:11]
    assert stored_results(cut_off).runs == [*load(cut_off).runs, run]
    assert command("report", cut_off).code == 0
    assert "after 11 epochs: rmse" in (cut_off / "README.md").read_text(encoding="utf-8")


def test_rounds_that_turn_out_to_be_warm_up_are_marked(cut_off, two_cells):
    """Each is written once, when nothing is known of the later ones."""
    run = load(two_cells).runs[1]
    turns = [Round(index=index, sequences=1, seconds=9.0 if index == 0 else 1.0) for index in range(8)]
    with CheckpointStore(cut_off) as store:
        for count in range(9):
            store.keep([replace(run, rounds=turns[:count])])
    (found,) = interrupted_runs(cut_off, load(cut_off).runs)
    assert [turn.warm_up for turn in found.rounds] == [True] + 7 * [False]


def test_a_torn_line_of_the_records_is_no_line(cut_off):
    records = cut_off / "running.jsonl"
    records.write_bytes(records.read_bytes()[:-10])
    (run,) = interrupted_runs(cut_off, [])
    assert len(run.epochs) == 10


def test_a_finished_run_is_only_reported_again(two_cells):
    before = (two_cells / "results.json").read_bytes()
    ended = command("run", "--resume", two_cells)
    assert ended.code == 0, ended
    assert (two_cells / "results.json").read_bytes() == before
    assert ended.out.startswith(
        "This run was finished: nothing is left to run, its report is written anew.\n"
    )
    assert ended.out.endswith(f"Report: {two_cells / 'README.md'}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--epochs", 3), "--resume takes the settings of FOLDER: leave out --epochs"),
        (("sine-window",), "--resume takes the tasks of FOLDER: leave out sine-window"),
        (("--threads", 9999), "--threads is 9999"),
    ],
)
def test_a_run_goes_on_as_it_was_begun(arguments, message, cut_off):
    assert_refused(command("run", *arguments, "--resume", cut_off), message.replace("FOLDER", str(cut_off)))


def test_a_finished_run_whose_report_cannot_be_written_is_not_told_to_go_on(two_cells, tmp_path):
    save(load(two_cells), tmp_path)
    (tmp_path / "pages").touch()
    ended = command("run", "--resume", tmp_path)
    assert ended.code == 2
    assert f"Cannot write the report: {tmp_path / 'pages'}: File exists." in ended.said
    assert f"All runs are finished. For their report: python -m compare report {tmp_path}" in ended.said
    assert "--resume" not in ended.said


def test_a_folder_without_a_run_cannot_be_resumed(tmp_path):
    says = f"error: {tmp_path / 'results.json'}: No such file or directory\n"
    assert_refused(command("all", "--resume", tmp_path), says)


def test_a_run_of_another_task_is_not_gone_on_with(cut_off):
    stored = load(cut_off)
    save(replace(stored, tasks=[replace(stored.tasks[0], batch_size=2)]), cut_off)
    assert_refused(command("run", "--resume", cut_off), "sine-online is not what")


@pytest.mark.parametrize("found", ["digits", "mnist"])
def test_a_run_goes_on_with_the_data_that_it_began_with(found):
    """Also where other data would be found by now."""
    chosen = settings(adapters="numpy", preset="standard")
    assert chosen.data.choice == "auto"
    assert request(chosen, settled(chosen.data, found))["data"]["choice"] == found


def test_what_failed_runs_again_when_it_is_asked_for(two_cells, tmp_path):
    results = load(two_cells)
    first, second = results.runs
    gone = replace(second, status="failed", error="the disk was full", metrics={})
    save(replace(results, runs=[first, gone]), tmp_path)
    assert "add --retry-failed" in command("run", "--resume", tmp_path).out
    ended = command("run", "--resume", tmp_path, "--retry-failed")
    assert ended.code == 0, ended
    again = load(tmp_path)
    assert again.runs[0] == first, "what had not failed was run again"
    assert [learned(run) for run in again.runs] == [learned(run) for run in results.runs]
    assert [i.during for i in again.interruptions] == ["to run again what had failed"]
    assert_refused(command("run", "--resume", tmp_path, "--retry-failed"), "nothing has failed")


def test_nothing_is_retried_of_a_new_run():
    assert_refused(command("run", "sine-online", "--retry-failed"), "name it with --resume DIR")
