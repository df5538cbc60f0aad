"""Profiles and benches of adapters that do not support the work, diverge, or tell what cannot be."""

import io
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from adapters import open_adapter
from adapters.interface import Cosine, Exponential
from compare.analysis.profile import PARTS
from compare.analysis.sweep import AXES, CENTRE
from compare.benchmarks import loop_comparison
from compare.benchmarks.interleaved import UpdateTimes
from compare.benchmarks.loop_comparison import Effort, compare_with_native_loops
from compare.benchmarks.sweep import network_of, workload_of
from compare.cli import profile as cli_profile
from compare.cli.profile_lines import show
from compare.cli.run import exit_code
from compare.records.profile import Kernel
from compare.records.run import is_fault
from compare.records.sweep import SweepPoint, ThreadRounds
from compare.report.pages import render_pages
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits, WorkerFailed
from compare.storage.results import load
from compare.storage.retry import without_failures
from tasks import TASKS
from tests.commands import command, faulty
from tests.example_results import SINE, example_results
from tests.test_profile import SMALL, example

SHORT = ("--rounds", 1, "--threads", 1)


def profiled_with(name, tmp_path):
    """The command's end, and its page."""
    ended = command("profile", "sine-online", "--adapters", faulty(name), *SHORT, "--out", tmp_path)
    return ended, " ".join((tmp_path / "README.md").read_text().replace("\\", "").split())


def test_what_is_not_supported_has_a_page_with_the_reason_and_is_no_fault(tmp_path):
    ended, page = profiled_with("OnlyAdam", tmp_path)
    assert ended.code == 0
    assert [each.status for each in load(tmp_path).profiles] == ["unsupported"]
    assert "No adapter could be profiled." in page
    assert "Nothing ran that should not have" not in page
    assert "this adapter declares only adam" in ended.said
    assert "this adapter declares only adam" in page
    assert command("report", tmp_path).code == 0
    benched = command("bench", "sine-online", "--adapters", faulty("OnlyAdam"), *SHORT, "--processes", 1)
    assert benched.code == 0
    assert "this adapter declares only adam" in benched.said


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("TellsNoKernels", "kernels: RuntimeError: the tool that counts them is not here"),
        ("TellsWrongKernels", "kernels: TypeError: returned 42: expected a KernelRun for each kernel"),
        ("CountsBelowZero", "kernels returned KernelRun(name='a product', times=-1, compiled=False)"),
    ],
)
def test_where_kernels_are_not_known_a_warning_says_why(name, reason, tmp_path):
    ended, page = profiled_with(name, tmp_path)
    assert ended.code == 0
    assert f"which kernels ran is not known: {reason}" in ended.said
    assert f"which kernels ran is not known: {reason}" in page
    assert "Nothing ran that should not have" not in page


def test_a_declared_kernel_that_ran_no_times_did_not_run(tmp_path):
    ended, page = profiled_with("CountsNone", tmp_path)
    said = "no kernel named 'a fused cell' ran, as is declared of the cell elman; instead ran a [31mloop ("
    assert said in ended.said
    assert said in page
    assert "\x1b" not in ended.out


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("TimesSomethingElse", "alone: TypeError: returned 42: expected Alone or None"),
        ("ReturnsAtOnce", "takes no longer than run(1): it has to do the part so often"),
        ("DoesItOnce", "takes no longer than run(1): it has to do the part so often"),
    ],
)
def test_parts_that_cannot_be_timed_leave_the_adapter_without_a_profile(name, reason, tmp_path):
    ended, page = profiled_with(name, tmp_path)
    assert ended.code == 1
    assert reason in ended.said
    assert reason in page


def test_an_adapter_that_times_no_parts_is_said_to(tmp_path):
    ended, page = profiled_with("TimesNoParts", tmp_path)
    assert ended.code == 0
    said = "Not taken apart, since they do not do every part alone: tests.faulty_adapters:TimesNoParts"
    assert said in ended.said
    assert said in page


def test_a_stored_profile_whose_kernels_are_not_known_warns_beside_one_whose_are(tmp_path):
    known = Kernel(name="a product", times=1, said_by="the framework")
    unknown = example("torch", kernels_error="kernels: it broke.")
    results = replace(example_results(), tasks=[], runs=[], profiles=[example(kernels=[known]), unknown])
    (front,) = render_pages(results, tmp_path)
    assert "which kernels ran is not known: kernels: it broke." in front.text
    assert "it broke.." not in front.text
    assert "Nothing ran that should not have" not in front.text
    assert "no library that tells of itself" in front.text  # numpy's own
    assert front.text.count("**torch** on") == 0


@pytest.mark.parametrize(
    ("status", "error", "fault"),
    [
        ("ok", None, False),
        ("unsupported", "it declares only adam", False),
        ("failed", "it died", True),
        ("ok", "it died, says a file of an earlier version", True),
    ],
)
def test_a_run_its_profile_and_its_threads_are_judged_by_the_same_rule(status, error, fault):
    made_up = example_results()
    sound = [run for run in made_up.runs if run.task == SINE.name and run.adapter == "numpy"]
    results = replace(made_up, runs=sound)
    one, several = example(status=status, error=error), [1e-4] * 3
    threads = ThreadRounds(
        task=SINE.name,
        adapter="numpy",
        threads=2,
        single=several,
        several=several,
        status=status,
        error=error,
    )
    assert is_fault(one) is is_fault(threads) is fault
    assert (
        exit_code(replace(results, profiles=[one])) == exit_code(replace(results, threads=[threads])) == fault
    )
    left = without_failures(replace(results, profiles=[one], threads=[threads]))
    assert (not left.profiles, not left.threads) == (fault, fault)
    refused = replace(results, runs=[replace(sound[0], status="unsupported", error="it declares only adam")])
    beside = replace(refused, profiles=[one], threads=[threads])
    assert exit_code(beside) == 0
    kept = without_failures(beside)
    assert (kept.profiles, kept.threads) == ([one], [threads])


def test_what_failed_in_a_later_process_has_failed():
    statuses = iter(["unsupported", "failed"])

    def ended(workload, candidates, rounds, tick):
        status = next(statuses)
        times = UpdateTimes(name="", seconds_per_update=[], status=status, error=f"it was {status}")
        return {candidate.name: times for candidate in candidates}

    effort = Effort(threads=1, processes=2, rounds=1)
    with patch.object(loop_comparison, "time_interleaved", ended):
        found = compare_with_native_loops("sine-online", SMALL, ["numpy"], effort, lambda name: None)
    assert {(each.status, each.error) for each in found} == {("failed", "it was failed")}


def test_training_turns_that_alone_diverge_are_the_reason(tmp_path):
    lost = UpdateTimes(
        name="", seconds_per_update=[], status="diverged", error="the loss was nan at update 9"
    )
    with patch.object(cli_profile, "training_turns", return_value={faulty("TimesNoParts"): lost}):
        ended, page = profiled_with("TimesNoParts", tmp_path)
    assert ended.code == 1
    assert "training turns: the loss was nan at update 9" in ended.said
    assert "training turns: the loss was nan at update 9" in page
    assert "No adapter could be profiled." in page


@pytest.mark.parametrize("time_steps", [CENTRE.time_steps, AXES["time_steps"][-1]])
@pytest.mark.parametrize("task", ["sine-online", "sine-window", "sine-lstm", "adding"])
def test_a_sweep_trains_on_random_numbers_without_losing_them(task, time_steps):
    size = replace(CENTRE, cell=TASKS[task].model.cell, batch=32, time_steps=time_steps)

    def stays_finite(network):
        work = workload_of(size, network)
        adapter = open_adapter("numpy")(work.model, work.train, work.parameters)
        adapter.load(work.inputs, work.targets)
        with np.errstate(all="ignore"):
            return np.isfinite(adapter.train(np.stack([*islice(work.batches(), 15)]))).all()

    network = network_of(TASKS[task])
    assert stays_finite(network)
    if task == "sine-online":
        own = replace(network.train, optimizer=TASKS[task].train.optimizer)
        assert not stays_finite(replace(network, train=own))


@pytest.mark.parametrize(
    ("rate", "harmless"),
    [
        (0.5, 1e-6),
        (Cosine(peak=0.01, updates=9, warm_up=2, floor=0.001), Cosine(peak=1e-6, updates=9, warm_up=2)),
        (Exponential(start=0.1, decay=0.5, every=3), Exponential(start=1e-6, decay=0.5, every=3)),
    ],
)
def test_the_rate_of_a_sweep_is_harmless_and_said_and_a_schedule_stays_one(rate, harmless):
    task = TASKS["sine-lstm"]
    train = replace(task.train, optimizer=replace(task.train.optimizer, learning_rate=rate))
    network = network_of(SimpleNamespace(model=task.model, train=train))
    assert network.train.optimizer == replace(task.train.optimizer, learning_rate=harmless)
    assert "Adam at a rate of 1e-06" in str(network)


def test_a_sweep_of_which_nothing_could_be_timed_has_a_page(tmp_path):
    reason = "optimizer is Adam: this adapter declares only sgd"
    refused = SweepPoint(
        adapter="a", size=CENTRE, seconds=[], memory_bytes=0, status="unsupported", error=reason
    )
    died = replace(refused, adapter="b", status="failed", error="it died")
    (front,) = render_pages(replace(example_results(), runs=[], tasks=[], sweep=[refused, died]), tmp_path)
    assert "No size could be timed." in front.text
    assert "Fastest along" not in front.text
    assert front.text.index("## Not supported") < front.text.index(reason) < front.text.index("## Problems")
    assert front.text.index("## Problems") < front.text.index("it died")


def test_no_speed_is_that_of_a_training_which_diverged():
    remote = RemoteAdapter(faulty("Diverges"), Limits(threads=1, timeout_seconds=60.0))
    remote.construct(SMALL.model, SMALL.train, SMALL.parameters)
    remote.load(SMALL.inputs, SMALL.targets)
    batches = np.zeros((130, 4), np.int64)
    with ExitStack() as stack:
        stack.callback(remote.end)
        assert remote.train_seconds(batches) > 0
        with pytest.raises(WorkerFailed, match="the loss was nan at update 131") as caught:
            remote.train_seconds(batches)
    assert caught.value.status == "diverged"


@pytest.mark.parametrize("letters", ["abcde", "木水火土金"])
@pytest.mark.parametrize("length", [3, 16, 29, 70])
def test_no_number_is_cut_off_however_long_the_names_are(letters, length):
    names, out = [letter * length for letter in letters], io.StringIO()
    long = {**{key: [0.0] for key in PARTS}, "whole": [9.0] * 3, "products": [1e3] * 3}
    profiles = [example(name, **long) for name in names]
    show(profiles, example_results().environment, Console(file=out, width=80))
    said = out.getvalue()
    assert max(map(cell_len, said.splitlines())) <= 80
    assert said.count("1,000,000 11111%") == len(names)
    assert said.count("9,000") == len(names)
