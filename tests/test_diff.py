"""What `diff` says of two runs, and what `report` and `diff` refuse."""

import json
import re
from dataclasses import replace

import pytest
from numpy.random import PCG64, Generator

from compare.analysis.run_diff import diff_runs
from compare.records.environment import Interruption
from compare.storage.results import save
from tests.commands import assert_refused, command
from tests.example_results import DIGITS, HOSTILE, SINE, example_results, example_run

BEFORE = example_results()


def another_run(adapter="torch", task=SINE, factor=1.0, **fields):
    """The same results again, rounds a little otherwise; one adapter's on one task are changed."""

    def again(run):
        own = Generator(PCG64([9, run.seed, *run.adapter.encode()]))
        chosen = run.adapter == adapter and run.task == task.name
        scale = factor if chosen else 1.0
        turns = [replace(t, seconds=t.seconds * scale * own.uniform(0.99, 1.01)) for t in run.rounds]
        return replace(run, rounds=turns, **(fields if chosen else {}))

    return replace(BEFORE, runs=[again(run) for run in BEFORE.runs])


def findings(after, threshold=0.05):
    found = diff_runs(BEFORE, after, threshold).changes
    return {(c.task, c.adapter, c.measure): c.finding for c in found if c.finding != "no change"}


UNFINISHED = {
    (SINE.name, HOSTILE, "all"): "not comparable",
    (SINE.name, "tensorflow", "all"): "not comparable",
    (DIGITS.name, "tensorflow", "all"): "not comparable",
}
"""What neither run of the made-up results has to compare."""


def test_the_same_again_is_no_change():
    assert findings(another_run()) == UNFINISHED


@pytest.mark.parametrize(("factor", "finding"), [(1.2, "slower"), (0.8, "faster")])
def test_a_speed_that_changed_is_named(factor, finding):
    expected = UNFINISHED | {(SINE.name, "torch", "sequences/s"): finding}
    assert findings(another_run(factor=factor)) == expected


def spread_over_processes(results):
    return replace(
        results,
        runs=[
            replace(run, rounds=[replace(turn, process=turn.index // 4) for turn in run.rounds])
            for run in results.runs
        ],
    )


@pytest.mark.parametrize(("factor", "finding"), [(1.2, "slower"), (0.8, "faster"), (1.02, "no change")])
def test_processes_are_the_samples_where_there_are_several(factor, finding):
    after = spread_over_processes(another_run(factor=factor))
    found = diff_runs(spread_over_processes(BEFORE), after, 0.05).changes
    (speed,) = (c for c in found if (c.task, c.adapter, c.measure) == (SINE.name, "torch", "sequences/s"))
    assert speed.finding == finding
    assert speed.low < 1 / factor < speed.high
    assert speed.ratio == pytest.approx(1 / factor, rel=0.02)


def test_what_scatters_beyond_the_threshold_is_not_called_unchanged():
    """Twice as slow in the middle, from processes so unlike that luck could have done it."""

    def scattered(run):
        turns = [replace(turn, seconds=turn.seconds * (1, 1, 9)[turn.process]) for turn in run.rounds]
        return replace(run, rounds=turns)

    spread = spread_over_processes(BEFORE)
    after = replace(spread, runs=[scattered(run) for run in spread.runs])
    found = [c for c in diff_runs(spread, after, 0.05).changes if c.measure == "sequences/s"]
    assert found
    assert all(c.finding == "cannot tell" and not c.regression for c in found)


def three_seeds(*slow):
    """Three seeds, three processes from each; those from the slow seeds took longer, all alike."""
    turns = [example_run(SINE, name, seed) for seed in range(3) for name in ("numpy", "torch")]
    runs = [
        replace(
            run,
            rounds=[
                replace(turn, seconds=turn.seconds * (1.3 if run.seed in slow else 1.0))
                for turn in run.rounds
            ],
        )
        for run in turns
    ]
    return spread_over_processes(replace(BEFORE, tasks=[SINE], runs=runs))


@pytest.mark.parametrize(("slow", "finding"), [((0, 2), "cannot tell"), ((0, 1, 2), "slower machine")])
def test_a_seed_is_the_sample_where_there_are_three(slow, finding):
    """All processes of a seed run within a minute: that they agree says nothing of the next minute.

    Where all minutes were slow for all adapters alike, the machine was.
    """
    found = diff_runs(three_seeds(), three_seeds(*slow), 0.05).changes
    assert {c.finding for c in found if c.measure == "sequences/s"} == {finding}


def test_speeds_from_before_a_change_of_the_environment_count_no_more():
    def resumed(results):
        runs = [replace(run, part=min(run.seed, 1)) for run in results.runs]
        now = replace(results.environment, cpu="another")
        note = Interruption(during="", environment=now, versions={}, changed=["cpu"])
        return replace(results, runs=runs, interruptions=[note])

    before, after = resumed(three_seeds()), resumed(three_seeds(0))
    speeds = [c for c in diff_runs(before, after, 0.05).changes if c.measure == "sequences/s"]
    assert speeds
    assert all(c.ratio == pytest.approx(1) for c in speeds)
    compared = diff_runs(three_seeds(), resumed(three_seeds()), 0.05).changes
    assert {c.reason for c in compared if c.measure == "sequences/s"} == {
        f"other CPUs: {BEFORE.environment.cpu} and another"
    }


def test_speeds_on_other_devices_or_off_the_reference_are_not_compared():
    on_gpu = replace(BEFORE, runs=[replace(run, device="cuda") for run in BEFORE.runs])
    speeds = [c for c in diff_runs(BEFORE, on_gpu, 0.05).changes if c.measure == "sequences/s"]
    assert speeds
    assert all("other devices: cpu and cuda" in c.reason for c in speeds)

    def strayed(run):
        epochs = [replace(each, losses=[loss + 1 for loss in each.losses]) for each in run.epochs]
        return replace(run, epochs=epochs) if run.adapter == "torch" else run

    after = replace(BEFORE, runs=[strayed(run) for run in BEFORE.runs])
    (speed,) = (
        c
        for c in diff_runs(BEFORE, after, 0.05).changes
        if (c.task, c.adapter, c.measure) == (SINE.name, "torch", "sequences/s")
    )
    assert (speed.finding, speed.reason) == ("not comparable", "left the reference's losses")


def test_an_interrupted_run_is_named():
    remarks = diff_runs(BEFORE, replace(BEFORE, interrupted=True), 0.05).remarks
    assert "The second run was interrupted: what it had not come to is missing." in remarks


def test_one_result_of_one_adapter_alone_says_nothing_of_luck():
    before = replace(BEFORE, tasks=[SINE], runs=[example_run(SINE, "torch", 0)])
    worse = replace(before.runs[0], metrics={"rmse": 1.0})
    (result,) = (
        c for c in diff_runs(before, replace(before, runs=[worse]), 0.05).changes if c.measure == "rmse"
    )
    assert result.finding == "cannot tell"


def test_a_change_below_the_threshold_is_none():
    assert findings(another_run(factor=1.2), threshold=0.5) == UNFINISHED


@pytest.mark.parametrize(
    ("task", "metric", "by", "measure", "finding"),
    [
        (SINE, "rmse", 0.05, "rmse", "less accurate"),
        (SINE, "rmse", -0.05, "rmse", "more accurate"),
        (DIGITS, "accuracy", -1.0, "accuracy, %", "less accurate"),
        (DIGITS, "accuracy", 1.0, "accuracy, %", "more accurate"),
    ],
)
def test_a_result_that_changed_from_every_seed_is_named(task, metric, by, measure, finding):
    def moved(run):
        chosen = (run.adapter, run.task) == ("torch", task.name)
        return replace(run, metrics=run.metrics | {metric: run.metrics[metric] + by}) if chosen else run

    after = replace(BEFORE, runs=[moved(run) for run in BEFORE.runs])
    assert findings(after) == UNFINISHED | {(task.name, "torch", measure): finding}


def test_a_result_that_changed_from_one_seed_alone_is_luck():
    def moved(run):
        chosen = (run.adapter, run.task, run.seed) == ("torch", SINE.name, 0)
        return replace(run, metrics={"rmse": 1.0}) if chosen else run

    expected = UNFINISHED | {(SINE.name, "torch", "rmse"): "cannot tell"}
    assert findings(replace(BEFORE, runs=[moved(run) for run in BEFORE.runs])) == expected


def test_an_adapter_that_got_worse_from_one_seed_is_no_measure_of_luck():
    before = replace(BEFORE, tasks=[SINE], runs=[example_run(SINE, name, 0) for name in ("numpy", "torch")])
    first, second = before.runs
    worse = replace(second, metrics={"rmse": 3 * second.metrics["rmse"]})
    found = diff_runs(before, replace(before, runs=[first, worse]), 0.05).changes
    assert [c.finding for c in found if c.measure == "rmse"] == ["no change", "less accurate"]


def test_an_adapter_that_fails_now_is_a_regression():
    after = another_run(status="failed", error="it broke")
    assert findings(after) == UNFINISHED | {(SINE.name, "torch", "all"): "fails now"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cpu": "another"}, "other CPUs"),
        ({"threads": 2}, "other threads"),
        ({"logical_cores": 2}, "other cores"),
    ],
)
def test_speeds_of_other_machines_are_not_compared(change, words):
    after = replace(another_run(factor=2.0), environment=replace(BEFORE.environment, **change))
    speeds = [c for c in diff_runs(BEFORE, after, 0.05).changes if c.measure == "sequences/s"]
    assert speeds
    assert all(c.finding == "not comparable" and words in c.reason for c in speeds)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"dataset": "MNIST"}, "other data"), ({"batch_size": 7}, "other batch size"), ({"model": {}}, "model")],
)
def test_other_data_and_specs_are_not_compared(change, words):
    after = replace(BEFORE, tasks=[SINE, replace(DIGITS, **change)])
    found = [
        c for c in diff_runs(BEFORE, after, 0.05).changes if (c.task, c.adapter) == (DIGITS.name, "torch")
    ]
    assert len(found) == 3
    assert all(c.finding == "not comparable" and words in c.reason for c in found)


def test_what_only_one_run_has_is_said():
    after = replace(BEFORE, tasks=[SINE], runs=[run for run in BEFORE.runs if run.task == SINE.name])
    found = [c for c in diff_runs(BEFORE, after, 0.05).changes if c.task == DIGITS.name]
    assert {c.reason for c in found} == {"only in the first run"}
    assert not any(c.regression for c in found)


@pytest.fixture
def stored(tmp_path):
    def store(name, results):
        (tmp_path / name).mkdir()
        save(results, tmp_path / name)
        return tmp_path / name

    return store


def test_the_exit_code_tells_of_a_regression(stored):
    first, same = stored("a", BEFORE), stored("b", another_run())
    slower = stored("c", another_run(factor=1.2))
    assert command("diff", first, same).code == 0
    found = command("diff", first, slower)
    assert found.code == 1
    assert "**slower**" in found.out
    assert "<script" not in found.out
    rows = [line for line in found.out.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {8}
    assert command("diff", first, slower, "--threshold", 50).code == 0


def test_runs_without_tasks_have_nothing_to_compare(stored):
    empty = stored("empty", replace(BEFORE, tasks=[], runs=[]))
    assert_refused(command("diff", empty, empty), "hold no tasks: there is nothing to compare")


def test_a_stored_run_is_rendered_anew(stored):
    run = stored("run", BEFORE)
    assert command("report", run).code == 0
    page = (run / "README.md").read_text()
    assert "Against the baseline" not in page
    assert command("report", run, "--baseline", "torch", "--html").code == 0
    page = (run / "README.md").read_text()
    assert re.search(r"Against the baseline \*\*torch\*\*:\n\n- \S+: numpy takes 0\.5", page)
    assert "Against the baseline" in (run / "report.html").read_text()


BROKEN = {
    "nothing": (None, "No such file"),
    "newer": (json.dumps({"schema": 2}), "schema 2, but this version reads schema 1"),
    "truncated": ('{"schema":1,"environment":{"da', "not the results of a run"),
    "foreign": ("[1, 2]", "not the results of a run"),
}


@pytest.mark.parametrize(("content", "words"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("verb", ["report", "diff"])
def test_what_is_no_run_is_named_and_left_alone(verb, content, words, stored, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    if content is not None:
        (broken / "results.json").write_text(content)
    arguments = (stored("a", BEFORE), broken) if verb == "diff" else (broken,)
    refused = command(verb, *arguments)
    assert_refused(refused, words)
    assert refused.err.startswith(f"error: {broken / 'results.json'}: ")
    assert [path.name for path in broken.iterdir()] == (["results.json"] if content is not None else [])


@pytest.mark.parametrize("threshold", [-1, 5000])
def test_a_threshold_that_is_none_is_refused(threshold, stored):
    run = stored("a", BEFORE)
    assert_refused(command("diff", run, run, f"--threshold={threshold}"), "--threshold")


def test_a_baseline_that_did_not_run_is_refused(stored):
    refused = command("report", stored("a", BEFORE), "--baseline", "trch")
    assert_refused(refused, "unknown baseline 'trch': did you mean torch?")
