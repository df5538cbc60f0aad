"""`merge`: every block once, nothing of unlike machines pooled, and no file that was edited."""

import json
import re
from dataclasses import replace
from hashlib import sha256

import pytest

from compare.storage.results import open_run
from tests.commands import assert_refused, command
from tests.example_results import SINE
from tests.merging import machine_results, stored
from tests.reports import stored_text, tables_of

KINDS = ("Xeon", "EPYC", "Graviton")


@pytest.fixture
def runs(tmp_path):
    """Of three kinds of machine; numpy's, torch's and jax's seconds are 1, 2 and 0.5."""
    return [stored(tmp_path / cpu, machine_results(cpu)) for cpu in KINDS]


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    """Such runs and the folder that they are merged into; whoever merges or reads it leaves it as it is."""
    root = tmp_path_factory.mktemp("merged")
    folders = [stored(root / cpu, machine_results(cpu)) for cpu in KINDS]
    before = [contents(folder) for folder in folders]
    ended = command("merge", *folders, "--out", root / "all", "--html")
    assert (ended.code, ended.err) == (0, "")
    assert [contents(folder) for folder in folders] == before
    return folders, root / "all"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_block_is_there_once_and_the_runs_stay_untouched(merged):
    runs, out = merged
    results = open_run(out)
    assert len(results.runs) == sum(len(open_run(run).runs) for run in runs)
    assert [machine.cpu for machine in results.machines.values()] == list(KINDS)
    assert [(source.name, source.blocks) for source in results.sources] == [(cpu, 3) for cpu in KINDS]
    for run in results.runs:
        said = f"{KINDS[run.part]} {run.task}-{run.adapter}-{run.seed}"
        assert (out / run.log).read_text() == said
        name = f"{run.part}-{run.task}-{run.adapter}-{run.seed}.npz"
        assert (out / "parameters" / name).read_text() == said


def test_a_block_that_two_runs_have_is_refused_or_the_later_ones(runs, tmp_path):
    again = stored(tmp_path / "again", machine_results("Xeon", seeds=[2, 3], noise=0.02))
    refused = command("merge", runs[0], again, "--out", tmp_path / "all")
    assert_refused(refused, f"both have {SINE.name}, seed 2")
    assert not (tmp_path / "all").exists()
    assert command("merge", runs[0], again, "--out", tmp_path / "all", "--replace").code == 0
    results = open_run(tmp_path / "all")
    assert sorted(run.seed for run in results.runs if run.adapter == "numpy") == [0, 1, 2, 3]
    later = {(run.adapter, run.seed): run.rounds for run in open_run(again).runs}
    assert all(run.rounds == later[run.adapter, run.seed] for run in results.runs if run.seed >= 2)
    assert [source.blocks for source in results.sources] == [2, 2]


def test_another_version_threads_or_machine_is_another_block(tmp_path):
    other = machine_results("Xeon", torch="2.0")
    folders = [stored(tmp_path / "a", machine_results("Xeon")), stored(tmp_path / "b", other)]
    threads = replace(other, runs=[replace(run, threads=2) for run in other.runs])
    folders.append(stored(tmp_path / "c", threads))
    assert command("merge", *folders, "--out", tmp_path / "all").code == 0
    text = (tmp_path / "all" / "README.md").read_text()
    assert "1 kind of machine**, some with other versions or threads than others" in text
    rows = tables_of(text)[0][2:]
    assert [re.search(r", 1 thread, torch (\S+)\]", row[0])[1] for row in rows[:2]] == ["1.0", "2.0"]
    assert ", 2 threads, torch 2.0]" in rows[2][0]


@pytest.mark.parametrize(
    ("field", "value"), [("model", {}), ("dataset", "others"), ("epochs", 3), ("data", {"window": 3})]
)
def test_runs_of_other_work_are_refused_by_name(field, value, runs, tmp_path):
    results = machine_results("other")
    other = stored(tmp_path / "other", replace(results, tasks=[replace(SINE, **{field: value})]))
    refused = command("merge", runs[0], other, "--out", tmp_path / "all")
    assert_refused(refused, f"{other} cannot be merged with {runs[0]}: {SINE.name} has other {field}")
    assert not (tmp_path / "all").exists()


def test_what_differs_is_named_and_what_an_earlier_version_left_out_is_as_by_default(runs, tmp_path):
    other = machine_results("other")
    earlier = {name: value for name, value in SINE.model.items() if name not in ("layers", "reset")}
    for model, code in ((earlier, 0), ({**earlier, "hidden": 7}, 2)):
        folder = stored(tmp_path / f"other-{code}", replace(other, tasks=[replace(SINE, model=model)]))
        ended = command("merge", runs[0], folder, "--out", tmp_path / f"all-{code}")
        assert ended.code == code, ended
    assert "has other model (hidden 6 there, 7 here)" in ended.err


@pytest.mark.parametrize(
    "name", ["results.json", f"parameters/{SINE.name}-torch-0.npz", f"logs/{SINE.name}-torch-0.log"]
)
def test_a_file_that_was_edited_is_noticed(name, runs, tmp_path):
    edited = runs[1] / name
    edited.write_bytes(edited.read_bytes() + b"\n")
    assert_refused(command("merge", *runs, "--out", tmp_path / "all"), f"{edited}: is not what the run left")
    edited.unlink()
    assert_refused(command("merge", *runs, "--out", tmp_path / "all"), f"{edited}: is missing")


def test_records_that_were_added_to_a_run_that_had_ended_are_noticed(runs, tmp_path):
    (runs[1] / "finished.jsonl").write_text('{"runs": []}\n')
    refused = command("merge", *runs, "--out", tmp_path / "all")
    assert_refused(refused, f"{runs[1] / 'finished.jsonl'}: is nothing that a run leaves as it ends")


def test_a_run_without_checksums_is_said_so(runs, tmp_path):
    (runs[0] / "checksums.txt").unlink()
    merged = command("merge", *runs, "--out", tmp_path / "all")
    assert merged.code == 0
    assert f"{runs[0]} has no checksums" in merged.out
    assert "it had no checksums, so that edits would not show" in (tmp_path / "all" / "README.md").read_text()


def test_a_report_written_anew_notes_its_tables_and_keeps_what_the_run_noted(runs):
    noted = (runs[0] / "checksums.txt").read_text()
    (runs[0] / "results.json").write_bytes((runs[0] / "results.json").read_bytes() + b"\n")
    assert command("report", runs[0]).code == 0
    now = (runs[0] / "checksums.txt").read_text()
    assert {*noted.splitlines()} <= {*now.splitlines()}
    table = (runs[0] / "tables" / "summary.csv").read_bytes()
    assert f"{sha256(table).hexdigest()}  tables/summary.csv" in now


@pytest.mark.parametrize(
    "name", ["../../outside.log", "/etc/passwd", "logs/../../x.log", "logs/.x.log", "x.log", "logs/x"]
)
def test_a_name_that_leaves_the_folder_is_refused(name, runs, tmp_path):
    results = json.loads((runs[0] / "results.json").read_bytes())
    results["runs"][0]["log"] = name
    (runs[0] / "results.json").write_text(json.dumps(results))
    (runs[0] / "checksums.txt").unlink()
    assert_refused(command("merge", *runs, "--out", tmp_path / "all"), "is no file of the folder logs")
    (runs[0] / "checksums.txt").write_text(f"{'0' * 64}  {name}\n")
    assert_refused(command("merge", *runs, "--out", tmp_path / "all"), "is no file of a run's folder")


def test_what_cannot_be_merged_is_refused_in_a_line(runs, tmp_path):
    assert_refused(command("merge", runs[0], "--out", tmp_path / "all"), "needs two runs or more")
    assert_refused(command("merge", runs[0], runs[0], "--out", tmp_path / "all"), "is named twice")
    assert_refused(command("merge", *runs, "--out", runs[0] / "all"), "which stays as it is")
    assert_refused(command("merge", *runs, "--out", runs[2], "--overwrite"), "which stays as it is")
    assert_refused(command("merge", runs[0], tmp_path / "none", "--out", tmp_path / "all"), "none")
    newer = stored(tmp_path / "newer", machine_results("newer"), checksums=False)
    (newer / "results.json").write_text('{"schema": 2}')
    assert_refused(command("merge", runs[0], newer, "--out", tmp_path / "all"), "this version reads schema 1")
    begun = [replace(run, status="interrupted") for run in machine_results().runs]
    for name, of_run in (("empty", []), ("begun", begun)):
        bare = stored(tmp_path / name, replace(machine_results(), runs=of_run))
        assert_refused(command("merge", runs[0], bare, "--out", tmp_path / "all"), "holds no finished block")
    assert not (tmp_path / "all").exists()


def test_a_merged_run_is_not_resumed(merged):
    refused = command("run", "--resume", merged[1])
    assert_refused(refused, "was merged from Xeon, EPYC, Graviton: resume those, and merge them again")


def test_the_report_has_a_row_a_machine_and_names_no_winner_without_it(merged):
    text = (merged[1] / "README.md").read_text()
    heading, _, *rows = tables_of(text)[0]
    assert heading == ["Machine", "Task", "numpy", "torch", "jax"]
    assert [cpu in row[0] for cpu, row in zip(KINDS, rows, strict=True)] == [True] * 3
    for row in rows:
        assert [float(cell.split()[0]) for cell in row[2:]] == pytest.approx([2, 4, 1], rel=0.03)
    assert "astest" not in text.replace("fastest **on that machine**", "")
    whole = stored_text(merged[1])
    assert "a draw from all that there might be (a random effect)" in whole
    assert "seconds never" in whole


def test_report_diff_and_html_work_on_a_merged_run(merged):
    (run, *_), out = merged
    before = stored_text(out)
    page = (out / "report.html").read_text()
    assert all(cpu in page for cpu in KINDS)
    assert command("report", out).code == 0
    assert stored_text(out) == before
    same = command("diff", out, out)
    assert same.code == 0
    rows = tables_of(same.out)[0][2:]
    assert [{cpu for row in rows if cpu in row[0]} for cpu in KINDS] == [{cpu} for cpu in KINDS]
    assert {row[-1] for row in rows} == {"no change"}
    assert command("diff", run, out).code == 0


def test_a_merged_run_can_be_merged_again(merged, tmp_path):
    runs, out = merged
    assert command("merge", *runs[:2], "--out", tmp_path / "two").code == 0
    assert command("merge", tmp_path / "two", runs[2], "--out", tmp_path / "three").code == 0
    at_once, in_turn = open_run(out), open_run(tmp_path / "three")
    assert [(run.machine, run.seed, run.rounds) for run in in_turn.runs] == [
        (run.machine, run.seed, run.rounds) for run in at_once.runs
    ]
    assert in_turn.environments == at_once.environments
    assert len([*(tmp_path / "three" / "parameters").iterdir()]) == len(at_once.runs)


def test_alike_machines_are_one_run(tmp_path):
    """Seeds 0 to 2 of one day and 3 to 5 of another: the usual report, over six seeds."""
    folders = [
        stored(tmp_path / "a", machine_results("Xeon", seeds=range(3))),
        stored(tmp_path / "b", machine_results("Xeon", seeds=range(3, 6))),
    ]
    assert command("merge", *folders, "--out", tmp_path / "all").code == 0
    text = (tmp_path / "all" / "README.md").read_text()
    assert "**jax**" in text
    assert "- a, 2026-01-02, Lockstep 0.1.0: 3 blocks taken\n- b, " in text
