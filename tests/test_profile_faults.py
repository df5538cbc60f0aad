"""Profiles and benches of adapters that do not support the work, diverge, or tell what cannot be."""

import io
from unittest.mock import patch

import numpy as np
import pytest
from rich.console import Console

from compare.analysis.profile import PARTS
from compare.benchmarks import profile, profiled
from compare.benchmarks.sweep import Size, workload_of
from compare.cli.profile_lines import show
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits, WorkerFailed
from compare.storage.results import load
from tests.blocks import BRIEF
from tests.commands import command, faulty
from tests.example_results import example_results
from tests.test_profile import example

SHORT = ("--rounds", 1, "--threads", 1)


@pytest.fixture(autouse=True)
def brief_turns():
    with (
        patch.object(profile, "TURN", BRIEF),
        patch.object(profiled, "TURN", BRIEF),
        patch.object(profiled, "PART_SECONDS", 0.0),
    ):
        yield


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
        ("ReturnsAtOnce", "returned at once: expected it to return when all is done"),
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
    said = "Not taken apart, since they time no parts alone: tests.faulty_adapters:TimesNoParts"
    assert said in ended.said
    assert said in page


def test_no_speed_is_that_of_a_training_which_diverged():
    work = workload_of(Size(hidden=8, batch=4, time_steps=5))
    remote = RemoteAdapter(faulty("Diverges"), Limits(threads=1, timeout_seconds=60.0))
    remote.construct(work.model, work.train, work.parameters)
    remote.load(work.inputs, work.targets)
    batches = np.zeros((130, 4), np.int64)
    assert remote.train_seconds(batches) > 0
    with pytest.raises(WorkerFailed, match="a loss is not finite") as caught:
        remote.train_seconds(batches)
    assert caught.value.status == "diverged"
    remote.end()


@pytest.mark.parametrize("length", [3, 16, 29, 70])
def test_no_number_is_cut_off_however_long_the_names_are(length):
    names, out = [letter * length for letter in "abcde"], io.StringIO()
    long = {**{key: [0.0] for key in PARTS}, "whole": [9.0] * 3, "products": [1e3] * 3}
    profiles = [example(name, **long) for name in names]
    show(profiles, example_results().environment, Console(file=out, width=80))
    said = out.getvalue()
    assert max(map(len, said.splitlines())) <= 80
    assert said.count("1,000,000 11111%") == len(names)
    assert said.count("9,000") == len(names)
