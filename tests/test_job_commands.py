"""Jobs and changed tasks through the command line: run, resumed, compared, checked, described and written."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest

from adapters.parameters import shapes
from compare.analysis.run_diff import diff_runs
from compare.jobs import windows
from compare.report.html.commands import command as command_of
from compare.runner.block import run_block
from compare.runner.task_loading import open_task
from compare.storage.results import load, save
from compare.text import number
from tasks.interface import TaskReference
from tests.blocks import brief_block
from tests.commands import ROOT, assert_refused, command, learned
from tests.job_files import write_job, write_waves

FORECAST = 'file = "load.csv"\nforecast = { window = 6 }'
BRIEF = ("--adapters", "numpy", "--rounds", 2, "--threads", 1)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a job, in which the data of jobs are kept, too."""
    folder = tmp_path_factory.mktemp("jobs")
    write_waves(folder)
    write_job(folder, FORECAST, "hidden = 4", "epochs = 2\nbatch_size = 16")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patched.setenv("PYTHONPATH", str(ROOT))
        patched.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def both(place):
    """The folder of a run of the job beside a task by name."""
    out = place / "both"
    ended = command("run", "load.toml", "sine-online", *BRIEF, "--epochs", 2, "--save", "--out", out)
    assert ended.code == 0, ended
    return out


@pytest.fixture(scope="module")
def changed(place):
    """The folder of a run of the job and of a task, of both of which something was changed."""
    out = place / "changed"
    changes = ("--set", "model.hidden=3", "--set", "train.epochs=1")
    ended = command("run", "load.toml", "sine-online", *changes, *BRIEF, "--out", out)
    assert ended.code == 0, ended
    return out


def test_a_job_runs_beside_tasks_and_its_report_says_whether_anything_was_learned(both):
    results = load(both)
    assert [task.name for task in results.tasks] == ["load", "sine-online"]
    run = results.runs[0]
    assert (run.task, run.status, len(run.epochs)) == ("load", "ok", 2)
    assert list(run.metrics) == ["rmse", "mae", "rmse_naive", "mae_naive"]
    assert results.tasks[0].data["window"] == 6
    page = (both / "pages" / "load.md").read_text()
    assert "standardised by the mean and deviation" in page
    assert "| Naive |" in page.replace("  ", "")
    assert f"<br>naive {number(results.tasks[0].metrics[0].naive)} " in (both / "README.md").read_text()
    assert (both / "figures" / "load-forecast.png").exists()


def test_what_was_learned_is_saved_under_canonical_names(both, place):
    model = open_task(TaskReference(name=str(place / "load.toml"))).model
    with np.load(both / "parameters" / "load-numpy-0.npz") as saved:
        assert {name: saved[name].shape for name in saved.files} == shapes(model)
    assert (both / "parameters" / "sine-online-numpy-0.npz").exists()


def test_a_changed_task_is_named_so_in_record_report_and_figures(changed):
    results = load(changed)
    names = [f"{name} (model.hidden=3, train.epochs=1)" for name in ("load", "sine-online")]
    assert [task.name for task in results.tasks] == names
    assert [run.task for run in results.runs] == names
    assert [(task.model["hidden"], task.epochs) for task in results.tasks] == [(3, 1)] * 2
    assert all(name in (changed / "README.md").read_text() for name in names)
    line = command_of(results, results.tasks[1], "numpy")
    assert line.startswith("python -m compare run sine-online --adapters numpy")
    assert "--set model.hidden=3 --set train.epochs=1" in line


def test_changes_belong_to_a_run_that_is_resumed(changed, place):
    assert_refused(command("run", "--resume", changed, "--set", "model.hidden=9"), "leave out --set")
    assert command("run", "--resume", changed).code == 0
    assert load(changed).tasks[0].model["hidden"] == 3


def test_a_job_that_says_something_else_by_now_is_not_resumed(both, place):
    before = (place / "load.toml").read_text()
    results = load(both)
    save(replace(results, interrupted=True), both)
    (place / "load.toml").write_text(before.replace("window = 6", "window = 7"))
    ended = command("run", "--resume", both)
    (place / "load.toml").write_text(before)
    save(results, both)
    assert_refused(ended, "load is not what")


def test_data_that_changed_are_told_apart_by_diff(both):
    results = load(both)
    other = replace(results.tasks[0], dataset="load.csv, 200 rows (another)")
    changes = diff_runs(results, replace(results, tasks=[other, results.tasks[1]]), 0.05).changes
    assert {change.finding for change in changes if change.task == "load"} == {"not comparable"}
    assert any("other data" in change.reason for change in changes)


def test_a_run_goes_on_with_the_job_as_it_was_when_it_began(place):
    task = open_task(TaskReference(name=str(place / "load.toml")))
    block = brief_block("load", "numpy", reference=task.reference)
    first = run_block(block).runs[0]
    before = (place / "load.toml").read_text()
    (place / "load.toml").unlink()
    again = run_block(block).runs[0]
    (place / "load.toml").write_text(before)
    assert learned(first) == learned(again)
    assert first.status == "ok"


def test_data_that_change_while_a_run_goes_on_are_not_taken(place):
    write_waves(place, 150, "short.csv")
    path = write_job(place, 'file = "short.csv"\nforecast = { window = 6 }', name="short")
    task = open_task(TaskReference(name=str(path)))
    write_waves(place, 160, "short.csv")
    run = run_block(brief_block("short", "numpy", reference=task.reference)).runs[0]
    assert run.status == "unavailable"
    assert "its data have changed since the run began" in run.error


def test_windows_that_are_loaded_as_they_are_needed_give_the_same_losses(place):
    task = open_task(TaskReference(name=str(place / "load.toml")))
    block = brief_block("load", "numpy", reference=task.reference)
    with patch.object(windows, "LOADED_BYTES", 2000):
        few = run_block(block).runs[0]
    assert learned(few) == learned(run_block(block).runs[0])
    assert few.status == "ok"


def test_a_job_is_checked_like_any_task(place):
    ended = command("check", "numpy", "--quick", "--tasks", "load.toml", columns=120)
    assert ended.code == 0, ended
    assert "in lockstep" in ended.out
    assert "load, load.csv, 200 rows" in ended.said


def test_describe_says_what_would_be_run(place):
    ended = command("describe", "load.toml", "--set", "model.hidden=5", columns=300)
    assert ended.code == 0, ended
    assert "154 to train on, of 6 steps with 2 inputs; 40 held out" in ended.out
    assert "lstm, 1 layer of 5 hidden units, 1 output: 166 parameters" in ended.out
    assert "9 updates an epoch, 2 epochs, 1 seed in the preset quick" in ended.out
    assert "GFLOP/s" in ended.out


def test_new_job_writes_a_file_that_runs_at_once(place):
    assert command("new", "job", "mine").out.split() == ["wrote", "mine.toml", "wrote", "mine.csv"]
    short = ("--set", "train.epochs=1", "--set", "data.forecast.window=6")
    ended = command("run", "mine.toml", *BRIEF, *short, "--out", place / "mine")
    assert ended.code == 0, ended
    assert_refused(command("new", "job", "mine"), "mine.toml is there already, and nothing is overwritten")


def test_bench_says_of_which_jobs_it_has_loops(place):
    ended = command("bench", "load.toml")
    assert ended.code == 2
    assert ended.err.startswith("error: load.toml: bench has loops for classes under Adam")


NEW = {
    "adapter": ("job", "NAME is 'job': new job NAME writes a job's file"),
    "two words": ("adapter mine", "new adapter mine: it takes NAME for an adapter, or job NAME for a job"),
    "task": ("job adding", "NAME is 'adding': a task of this name is there already"),
    "name": ("job 2fast", "NAME is '2fast': it must be a Python identifier"),
    "package": ("job mine --package", "--package is for an adapter: leave it out"),
}


@pytest.mark.parametrize(("words", "says"), NEW.values(), ids=NEW)
def test_new_refuses_what_is_no_name(words, says, place):
    assert_refused(command("new", *words.split()), says)


CHANGES = {
    "no field": ("hidden=3", "--set hidden=3: it must look like model.hidden=256"),
    "no value": ("model.hidden", "--set model.hidden: it must look like model.hidden=256"),
    "unknown": ("model.hiden=3", "unknown key of --set model 'hiden': did you mean hidden?"),
    "value": ("model.hidden=many", "--set model: hidden is 'many': it must be a whole number"),
    "another's": (
        "train.optimizer.adam.momentum=0.9",
        "--set train.optimizer.adam.momentum is 0.9: it belongs to sgd: use sgd, or leave it out",
    ),
    "section": ("data.window=3", "--set data.window: sine-lstm has the sections model and train"),
    "through": ("model.hidden.more=3", "--set model.hidden.more: model.hidden is 32, and has no fields"),
    "meets the data": ("model.inputs=3", "inputs have shape (100, 50, 1): expected (N, T, 3)"),
}


@pytest.mark.parametrize(("change", "says"), CHANGES.values(), ids=CHANGES)
def test_what_cannot_be_changed_is_said_in_a_line(change, says, place):
    ended = command("run", "sine-lstm", "--adapters", "numpy", "--set", change, "--out", place / "no")
    assert_refused(ended, says)
    assert not (place / "no").exists()


def test_any_field_can_be_changed_and_parameters_follow():
    changes = (
        "model.cell=gru",
        "model.layers=2",
        "train.optimizer.rmsprop.learning_rate.cosine.peak=0.1",
        "train.optimizer.rmsprop.learning_rate.cosine.updates=9",
        "train.clip_norm=1",
        "train.batch_size=10",
    )
    task = open_task(TaskReference(name="sine-lstm", changes=changes))
    assert (task.model.cell, task.train.clip_norm, task.batch_size) == ("gru", 1, 10)
    assert task.train.optimizer.learning_rate.rate(8) < 0.1
    assert {n: value.shape for n, value in task.initial_parameters(0).items()} == shapes(task.model)
    assert task.epochs("quick", "computed") == 20
