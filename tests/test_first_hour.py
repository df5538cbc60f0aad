"""What somebody meets in the first hour: data that are wrong, a check that is broken off, a slow adapter."""

import re
import signal
from dataclasses import replace

import numpy as np
import pytest

from compare.analysis.caveats import find_caveats
from compare.analysis.task_summary import task_summaries
from compare.records.block import Observer
from compare.runner.block import run_block
from compare.runner.checked_task import within
from compare.runner.data_checks import check_dataset
from compare.runner.worker_process import WorkerFailed
from tasks import find
from tests.blocks import brief_block
from tests.commands import LONGEST_SECONDS, assert_refused, command, faulty, start, wait_until
from tests.example_results import example_results
from tests.reports import report_text

ADDING, DIGITS = find("adding"), find("mnist-rows")


def spoilt(values, value, *places):
    values = values.copy()
    for place in places:
        values[place] = value
    return values


@pytest.fixture(scope="module")
def numbers():
    return find("sine-lstm").dataset("computed")


@pytest.fixture(scope="module")
def classes():
    return DIGITS.dataset("digits")


@pytest.mark.parametrize(
    ("array", "change", "says"),
    [
        (
            "inputs",
            lambda x: spoilt(x, np.nan, (3, 1, 0), (4, 0, 0)),
            r"inputs hold values that are 2 NaN, .* \[3, 1, 0\]",
        ),
        ("inputs", lambda x: spoilt(x, np.inf, (3, 1, 0)), r"inputs hold values that are 1 infinite, "),
        (
            "inputs",
            lambda x: spoilt(x.astype(float), 1e300, (2, 0, 0)),
            r"1 infinite in float32, .* \[2, 0, 0\]",
        ),
        ("targets", lambda y: spoilt(y, np.nan, (5, 0)), r"targets hold values that are 1 NaN, .* \[5, 0\]"),
        (
            "held_out_inputs",
            lambda x: spoilt(x, np.nan, (0, 0, 0)),
            r"held_out_inputs hold .* 1 NaN",
        ),
        ("held_out_inputs", lambda x: x[:0], "held_out_inputs are empty: leave some sequences"),
        ("held_out_targets", lambda y: y[:-1], "held_out_targets have shape"),
        ("inputs", lambda x: x.astype(complex), "inputs are complex128: expected real numbers"),
        ("targets", lambda y: y.astype(object), "targets are object: expected real numbers"),
    ],
)
def test_data_that_are_wrong_are_told_by_array_number_and_first_place(array, change, says, numbers):
    task = find("sine-lstm")
    wrong = replace(numbers, **{array: change(getattr(numbers, array))})
    with pytest.raises(ValueError, match=says):
        check_dataset(task.model, task.train, wrong)
    check_dataset(task.model, task.train, numbers)


def test_labels_out_of_range_are_told_with_the_value_found(classes):
    wrong = replace(classes, held_out_targets=spoilt(classes.held_out_targets, 12, 7, 9))
    says = r"held_out_targets hold 2 labels that do not lie in 0\.\.9, the first is 12 at \[7\]"
    with pytest.raises(ValueError, match=says):
        check_dataset(DIGITS.model, DIGITS.train, wrong)


def test_what_lies_beyond_a_sequences_length_may_be_anything():
    data = ADDING.dataset("computed")
    shortest = int(np.argmin(data.lengths))
    padded = replace(
        data, inputs=spoilt(data.inputs, np.nan, (shortest, slice(data.lengths[shortest], None)))
    )
    check_dataset(ADDING.model, ADDING.train, padded)


def test_a_check_that_is_interrupted_shows_what_had_passed(tmp_path):
    ready = tmp_path / "ready"
    hanging = faulty("HangsWithChildren")
    arguments = ("check", "numpy", hanging, "--quick")
    with start(*arguments, mark=tmp_path, environment={"FAULT_BEGUN": str(ready)}) as process:
        wait_until(ready.exists, "the fault")
        next(line for line in iter(process.stdout.readline, "") if "everything_at_once passed" in line)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 130
    assert "killed" not in said + errors
    assert re.search(r"numpy +8 of 8", said), said
    assert "interrupted: 8" in " ".join(said.split())
    assert "Interrupted: this is what had been checked until then." in said


def test_one_check_runs_alone():
    ended = command("check", "numpy", "--only", "forward_lstm,smallest_sizes")
    assert ended.code == 0
    assert "2 of 2" in ended.out
    assert "lockstep" not in ended.out
    assert_refused(command("check", "numpy", "--only", "forward_lstn"), "did you mean forward_lstm")


def test_a_bar_names_who_is_waited_for():
    class Waiting(Observer):
        def __init__(self):
            self.heard = []

        def wait_for(self, adapter):
            self.heard.append(("waits for", adapter))

        def turn(self, adapter):
            assert self.heard[-1] == ("waits for", adapter)

    observer = Waiting()
    run_block(brief_block("sine-online", "numpy", faulty("TellsNoState")), observer)
    assert {name for _, name in observer.heard} == {"numpy", faulty("TellsNoState")}


def test_what_was_measured_before_an_interrupt_is_shown(tmp_path):
    results = example_results()
    runs = [
        replace(run, status="interrupted", error="interrupted after 1 epoch", metrics={}, rounds=[])
        for run in results.runs
    ]
    text = report_text(replace(results, runs=runs, interrupted=True), tmp_path)
    assert "what is called interrupted had not ended" in text
    assert "| within" in text, "losses that agreed still do"
    assert not re.search(r"^(- )?No |no speed", text, re.MULTILINE), "what is missing is left out"
    (summary, *_) = task_summaries(replace(results, runs=runs))[0].adapters
    assert summary.startup_seconds is not None


def test_an_evaluation_has_a_clock_and_a_limit_of_its_own():
    (run,) = run_block(brief_block("sine-lstm", "numpy", epochs=1)).runs
    assert run.epochs[0].evaluate_seconds > 0
    slow = within(0.0, lambda inputs, lengths=None: inputs)
    with pytest.raises(WorkerFailed, match="evaluate: not done within 0 s, after 1 call of predict"):
        slow(np.zeros((1, 1, 1)))


def test_evaluations_that_take_longer_than_training_are_told():
    results = example_results()
    runs = [
        replace(run, epochs=[replace(each, evaluate_seconds=1000.0) for each in run.epochs])
        for run in results.runs
    ]
    said = find_caveats(results, task_summaries(replace(results, runs=runs)))
    assert any("and longer than the training" in each for each in said)
    assert not any("Evaluations" in each for each in find_caveats(results, task_summaries(results)))
