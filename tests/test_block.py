"""What a block promises: paired turns, honest clocks, and that one adapter's fault costs its rows alone."""

import os
import pickle
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import psutil
import pytest

from compare.runner import participant
from compare.runner.block import run_block
from compare.runner.turns import calibrate
from compare.runner.worker_process import Limits
from compare.runner.workers import WorkerPool
from tasks import TASKS
from tasks.interface import DataRequest
from tests.blocks import BRIEF, Listener, brief_block
from tests.commands import ROOT, faulty, learned

TWIN = {"numpy (again)": "numpy"}


def block(*adapters, task="sine-window", **changes):
    return brief_block(task, *adapters, **{"rounds": 3, **changes})


def run(block, **options):
    return {record.adapter: record for record in run_block(block, **options).runs}


@pytest.fixture(scope="module")
def numpy_alone():
    return run(block("numpy"))["numpy"]


def test_a_record_holds_every_loss_and_the_metrics_of_every_epoch(numpy_alone):
    assert numpy_alone.status == "ok"
    assert [len(epoch.losses) for epoch in numpy_alone.epochs] == [100, 100]
    assert all(set(epoch.metrics) == {"rmse"} for epoch in numpy_alone.epochs)
    assert numpy_alone.metrics == numpy_alone.epochs[-1].metrics
    assert numpy_alone.forecast is not None


def test_cold_costs_stand_apart_from_the_warm_clock(numpy_alone):
    assert set(numpy_alone.cold_seconds) == {"import", "construct", "load", "first_train", "first_predict"}
    assert [epoch.sequences for epoch in numpy_alone.epochs] == [99, 100]
    assert all(seconds > 0 for seconds in numpy_alone.cold_seconds.values())


A_BATCH, A_CALL, A_COMPILATION = 1e-4, 3e-4, 1.0
"""The seconds of a worker that is made up."""


@pytest.mark.parametrize("compiles", [False, True], ids=["at once", "anew for each length"])
@pytest.mark.parametrize("likely", [1, 7, 90, 2000])
def test_a_turn_lasts_long_enough_for_its_clock(likely, compiles):
    """Once it is warm, whatever the first call of a length takes."""
    lengths = set()

    def train(turn):
        first = compiles and len(turn) not in lengths
        lengths.add(len(turn))
        return A_CALL + A_BATCH * len(turn) + A_COMPILATION * first

    turn = calibrate(iter(np.arange(10_000).reshape(-1, 2)), train, BRIEF, likely)
    assert train(turn) >= BRIEF.turn_seconds
    assert len(turn) <= max(likely, 12 * BRIEF.turn_seconds / A_BATCH)
    assert turn.tolist() == np.arange(2 * len(turn)).reshape(-1, 2).tolist()


def test_a_turn_has_no_more_batches_than_it_may():
    timing = replace(BRIEF, most_batches=50)
    assert len(calibrate(iter(np.arange(100)), lambda turn: 1e-9 * len(turn), timing, 70)) == 50


def test_every_round_is_the_turn_that_was_found(monkeypatch):
    monkeypatch.setattr(
        participant, "calibrate", lambda batches, *_: np.stack([next(batches) for _ in range(4)])
    )
    record = run(block("numpy"))["numpy"]
    assert [turn.sequences for turn in record.rounds] == [4, 4, 4]


def test_a_speed_is_the_median_of_the_rounds_that_count(numpy_alone):
    assert [turn.index for turn in numpy_alone.rounds] == [0, 1, 2]
    rates = [turn.sequences / turn.seconds for turn in numpy_alone.rounds if turn.counts]
    assert numpy_alone.sequences_per_second == median(rates)


def test_rounds_are_spread_over_processes_that_go_on_with_as_much():
    found = run_block(block("numpy", rounds=5, processes=3))
    (record,) = found.runs
    assert record.status == "ok"
    assert [turn.process for turn in record.rounds] == [0, 1, 1, 2, 2]
    assert {turn.sequences for turn in record.rounds} == {record.rounds[0].sequences}
    assert len(found.logs) == 3


def test_what_fails_in_a_further_process_keeps_its_rounds_and_the_log_of_that_process(tmp_path, monkeypatch):
    monkeypatch.setenv("FAULT_BEGUN", str(tmp_path / "begun"))
    found = run_block(block("numpy", name := faulty("RaisesInAnotherProcess"), rounds=3, processes=3))
    numpy, failed = found.runs
    assert numpy.status == "ok"
    assert (failed.status, failed.adapter) == ("failed", name)
    assert "once is enough" in failed.error
    assert [turn.process for turn in failed.rounds] == [0]
    assert "not again" in failed.last_lines
    assert "not again" in found.logs[failed.log.removeprefix("logs/")]
    assert psutil.Process().children() == []


def test_the_rounds_that_count_are_spread_however_many_warm_up():
    asked = block("numpy", rounds=10, processes=5)
    assert asked.renewals == {2, 4, 6, 8}
    assert replace(asked, warm_ups=20).renewals == {22, 24, 26, 28}


def test_nothing_is_waited_for_once_all_adapters_are_out():
    listener = Listener()
    (record,) = run(block(faulty("WithoutItsFramework"), epochs=10**9), observer=listener).values()
    assert record.status == "unavailable"
    assert len(listener.heard) < 10


def test_memory_is_the_workers_own(numpy_alone):
    assert 10e6 < numpy_alone.import_rss_bytes <= numpy_alone.peak_rss_bytes < 500e6


def test_a_worker_runs_with_the_threads_it_was_given(numpy_alone):
    assert numpy_alone.worker.threads == 1
    assert "numpy" in numpy_alone.worker.versions


def test_very_short_epochs_are_trained_in_a_row():
    """A worker that begins finds cold caches and its predecessor's threads: not at every millisecond."""
    listener = Listener()
    long_epochs = replace(BRIEF, epochs_seconds=1000.0)
    run(block("numpy", *TWIN, twins=TWIN, epochs=4, timing=long_epochs), observer=listener)
    heard, one, other = listener.heard, "numpy", *TWIN
    assert heard[2:4] in ([one, other], [other, one]), "the first epoch's length is not known yet"
    assert heard[4:10] in ([one] * 3 + [other] * 3, [other] * 3 + [one] * 3)


def test_every_adapter_has_its_turn_in_every_round():
    listener = Listener()
    short_turns = replace(BRIEF, turn_seconds=0.0)
    run(block("numpy", faulty("Raises"), epochs=8, timing=short_turns), observer=listener)
    assert Counter(listener.heard)["numpy"] == 1 + 8 + 3
    orders = {tuple(listener.heard[first : first + 2]) for first in range(2, 18, 2)}
    assert len(orders) == 2, "the order is the same in every round"


def test_no_worker_outlives_its_block():
    before = set(psutil.Process().children(recursive=True))
    run(block("numpy", faulty("Raises")))
    assert set(psutil.Process().children(recursive=True)) <= before


def test_processes_asked_for_are_taken_where_epochs_are_long_too():
    record = run(block("numpy", epochs=4, rounds=4, processes=2, timing=replace(BRIEF, turn_seconds=1e-6)))[
        "numpy"
    ]
    assert [turn.process for turn in record.rounds] == [0, 0, 1, 1]


MISSING = {
    "an adapter": (block("no-such-adapter", "numpy"), {"no-such-adapter"}),
    "a task": (block("numpy", task="no-such-task"), {"numpy"}),
    "data": (
        block("numpy", task="mnist-rows", data=DataRequest(choice="mnist", mnist_archives=Path("nowhere"))),
        {"numpy"},
    ),
}


@pytest.mark.parametrize(("asked", "without"), MISSING.values(), ids=MISSING)
def test_what_a_machine_lacks_is_an_unavailable_row(asked, without):
    records = run(asked)
    assert {name for name, record in records.items() if record.status == "unavailable"} == without
    assert all(records[name].error for name in without)
    assert records.keys() == set(asked.adapters)


def test_a_task_that_is_there_and_does_not_work_is_a_failed_row(monkeypatch):
    monkeypatch.setattr(TASKS["sine-online"], "dataset", lambda key: 1 / 0)
    record = run(block("numpy", task="sine-online"))["numpy"]
    assert record.status == "failed"
    assert record.error.startswith("task 'sine-online': ZeroDivisionError")


def test_a_pool_keeps_one_process_of_a_number():
    pool, limits = WorkerPool(), Limits(threads=1, timeout_seconds=600.0)
    try:
        one, other = (pool.lend("numpy", 1, limits, "cpu") for _ in range(2))
        pool.take_back(one, 1)
        pool.take_back(other, 1)
        assert (one.alive, other.alive) == (True, False)
        assert pool.lend("numpy", 1, limits, "cpu") is one
        one.end()
    finally:
        pool.close()


ELSEWHERE = """
import pickle, sys
from compare.runner import participant
from compare.runner.block import run_block
from compare.runner.turns import calibrate
if __name__ == "__main__":
    result = run_block(pickle.load(sys.stdin.buffer))
    sys.stdout.buffer.write(pickle.dumps([(r.adapter, [e.losses for e in r.epochs]) for r in result.runs]))
"""


@pytest.mark.parametrize("task", ["sine-lstm", pytest.param("mnist-rows", marks=pytest.mark.exhaustive)])
def test_a_block_is_plain_data_that_gives_the_same_losses_anywhere(task, tmp_path):
    asked = block("numpy", task=task, epochs=1)
    (tmp_path / "elsewhere.py").write_text(ELSEWHERE)
    done = subprocess.run(
        [sys.executable, "elsewhere.py"],
        input=pickle.dumps(asked),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        check=True,
    )
    here = run(asked)
    for adapter, losses in pickle.loads(done.stdout):
        assert losses == [epoch.losses for epoch in here[adapter].epochs]


def test_lent_processes_are_used_again_and_give_the_same_losses():
    pool, asked = WorkerPool(), block("numpy", rounds=3, processes=3)
    try:
        first = run(asked, workers=pool)["numpy"]
        lent = psutil.Process().children()
        second = run(asked, workers=pool)["numpy"]
        assert psutil.Process().children() == lent
        assert len(lent) == 2, "the first is not lent again: its start is measured"
    finally:
        pool.close()
    assert learned(first) == learned(second) == learned(run(asked)["numpy"])
    assert psutil.Process().children() == []


def test_a_process_that_failed_is_not_lent_again():
    pool = WorkerPool()
    try:
        assert run(block(faulty("Raises")), workers=pool)[faulty("Raises")].status == "failed"
        assert psutil.Process().children() == []
    finally:
        pool.close()
