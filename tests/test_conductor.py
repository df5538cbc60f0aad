"""What a block promises: paired turns, honest clocks, and that one adapter's fault costs its rows alone."""

from collections import Counter
from dataclasses import replace
from statistics import median

import psutil
import pytest

from compare.records.block import Block
from compare.runner import block as conductor
from compare.runner.block import play


def block(tmp_path, *adapters, task="sine-window", epochs=2, timeout_seconds=60.0):
    return Block(
        task=task,
        data_key="computed",
        seed=0,
        epochs=epochs,
        rounds=3,
        adapters=adapters,
        threads=1,
        timeout_seconds=timeout_seconds,
        logs=tmp_path,
        warm_ups=0,
    )


def run(block):
    return {record.adapter: record for record in play(block, lambda adapter: None)}


@pytest.fixture(scope="module")
def numpy_alone(tmp_path_factory):
    return run(block(tmp_path_factory.mktemp("alone"), "numpy"))["numpy"]


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


def test_rounds_last_long_enough_for_their_clock(numpy_alone):
    assert [turn.index for turn in numpy_alone.rounds] == [0, 1, 2]
    assert all(turn.seconds > 0.1 for turn in numpy_alone.rounds)
    rates = [turn.sequences / turn.seconds for turn in numpy_alone.rounds if turn.counts]
    assert numpy_alone.sequences_per_second == median(rates)


def test_rounds_are_spread_over_fresh_processes_that_go_on_where_the_last_one_was(tmp_path):
    asked = replace(block(tmp_path, "numpy"), rounds=5, processes=3)
    (record,) = run(asked).values()
    assert record.status == "ok"
    assert [turn.process for turn in record.rounds] == [0, 1, 1, 2, 2]
    assert {turn.sequences for turn in record.rounds} == {record.rounds[0].sequences}
    assert len(list(tmp_path.glob("*.log"))) == 3


def test_the_rounds_that_count_are_spread_however_many_warm_up(tmp_path):
    asked = replace(block(tmp_path, "numpy"), rounds=10, processes=5)
    assert asked.renewals == {2, 4, 6, 8}
    assert replace(asked, warm_ups=20).renewals == {22, 24, 26, 28}


def test_nothing_is_waited_for_once_all_adapters_are_out(tmp_path):
    heard = []
    endless = block(tmp_path, "tests.faulty_adapters:WithoutItsFramework", epochs=10**9)
    (record,) = play(endless, heard.append)
    assert record.status == "unavailable"
    assert len(heard) < 10


def test_memory_is_the_workers_own(numpy_alone):
    assert 10e6 < numpy_alone.import_rss_bytes <= numpy_alone.peak_rss_bytes < 500e6


def test_a_worker_runs_with_the_threads_it_was_given(numpy_alone):
    assert numpy_alone.worker.threads == 1
    assert "numpy" in numpy_alone.worker.versions


FAULTS = {
    "Raises": ("failed", "train: RuntimeError: the gradient went for a walk"),
    "Exits": ("failed", "load: the worker exited with code 3; its last words: so long"),
    "Aborts": ("failed", "train: the worker was killed by SIGABRT"),
    "Hangs": ("timeout", "train: no answer within 5 s"),
    "Diverges": ("diverged", "the loss was nan at update 11"),
    "PredictsNothing": ("diverged", "the predictions are not finite"),
    "WrongShape": ("failed", "train returned float32 (0,): expected float32 (1,)"),
    "WrongDtype": ("failed", "train returned float64 (1,): expected float32 (1,)"),
}


@pytest.mark.parametrize(("fault", "outcome"), FAULTS.items(), ids=FAULTS)
def test_a_fault_costs_its_own_row_alone(tmp_path, numpy_alone, fault, outcome):
    name = f"tests.faulty_adapters:{fault}"
    records = run(block(tmp_path, name, "numpy", timeout_seconds=5.0))
    status, reason = outcome
    assert records[name].status == status
    assert records[name].error.startswith(reason)
    assert records[name].metrics == {}
    assert records["numpy"].status == "ok"
    assert [e.losses for e in records["numpy"].epochs] == [e.losses for e in numpy_alone.epochs]


def test_a_diverged_run_keeps_its_curve_up_to_there(tmp_path):
    (record,) = run(block(tmp_path, "tests.faulty_adapters:Diverges")).values()
    assert len(record.epochs[0].losses) == 10


def test_an_adapter_without_its_framework_says_how_to_get_it(tmp_path):
    name = "tests.faulty_adapters:WithoutItsFramework"
    records = run(block(tmp_path, name, "numpy"))
    assert records[name].status == "unavailable"
    assert "pip install torch-of-another-world" in records[name].error
    assert records["numpy"].status == "ok"


@pytest.mark.parametrize("adapter", ["tensorflow", "jax"])
def test_a_turn_is_as_long_where_calls_of_another_length_are_compiled_anew(adapter, tmp_path):
    record = run(block(tmp_path, adapter, task="sine-online"))[adapter]
    assert all(turn.seconds > 0.1 for turn in record.rounds)


def test_very_short_epochs_are_trained_in_a_row(tmp_path, monkeypatch):
    """A worker that begins finds cold caches and its predecessor's threads: not at every millisecond."""
    monkeypatch.setattr(conductor, "STINT_SECONDS", 1000.0)
    ticks = []
    play(block(tmp_path, "numpy", "torch", epochs=4), ticks.append)
    assert ticks[2:4] in (["numpy", "torch"], ["torch", "numpy"]), "the first epoch's length is not known yet"
    assert ticks[4:10] in (["numpy"] * 3 + ["torch"] * 3, ["torch"] * 3 + ["numpy"] * 3)


def test_every_adapter_has_its_turn_in_every_round(tmp_path, monkeypatch):
    monkeypatch.setattr(conductor, "STINT_SECONDS", 0.0)
    turns = Counter()
    ticks = []

    def tick(adapter):
        turns[adapter] += 1
        ticks.append(adapter)

    play(block(tmp_path, "numpy", "tests.faulty_adapters:Raises", epochs=8), tick)
    assert turns["numpy"] == 1 + 8 + 3
    orders = {tuple(ticks[first : first + 2]) for first in range(2, 18, 2)}
    assert len(orders) == 2, "the order is the same in every round"


def test_no_worker_outlives_its_block(tmp_path):
    before = set(psutil.Process().children(recursive=True))
    run(block(tmp_path, "numpy", "tests.faulty_adapters:Raises"))
    assert set(psutil.Process().children(recursive=True)) <= before
