"""What is measured, and what is made of it: operations, warm-ups, predictions, intervals, caveats."""

import math
from dataclasses import replace

import numpy as np
import pytest

from adapters import ADAPTERS, open_adapter
from adapters.interface import MatrixProduct, ModelSpec, Sgd, TrainSpec
from adapters.numpy_backend.adapter import NumpyAdapter
from adapters.work import Product
from compare.analysis.caveats import drift, find_caveats
from compare.analysis.efficiency import machine_limit, operations_per_second, predictions
from compare.analysis.statistics import Ratio, clustered_ratio, paired_difference, sample
from compare.analysis.task_summary import task_summaries
from compare.records.run import Round
from compare.records.sweep import ThreadRounds
from compare.report.figures.loss import Curve
from compare.runner.inference import BATCH, Sequences, sequences_to_predict, time_predictions
from compare.runner.matrix_rate import operations_per_sequence, product_rate
from compare.runner.warm_up import mark_warm_ups
from tasks.interface import Dataset
from tests.example_results import SINE, example_results, example_run
from tests.groups import each_adapter, of_framework


def model(cell, readout):
    return ModelSpec(
        cell=cell, inputs=3, hidden=5, outputs=2, loss="half_squared_error", bias=False, readout=readout
    )


def counted_by_torch(spec, train, steps):
    """The operations that PyTorch's own counter sees in a network written as products of matrices."""
    torch = pytest.importorskip("torch")
    size = spec.gates * spec.hidden
    weights, recurrent, readout = (
        torch.ones(shape, requires_grad=True)
        for shape in ((spec.inputs, size), (spec.hidden, size), (spec.hidden, spec.outputs))
    )
    inputs = torch.ones(steps, 1, spec.inputs)
    counter = pytest.importorskip("torch.utils.flop_counter").FlopCounterMode(display=False)
    hidden = torch.zeros(1, spec.hidden)
    with counter:
        for start, cut, stop in train.spans(spec, steps):
            outputs = []
            for step in range(start, stop):
                if step == cut:
                    hidden = hidden.detach()
                gates = inputs[step] @ weights + hidden @ recurrent
                hidden = torch.tanh(gates[:, : spec.hidden] * gates[:, -spec.hidden :])
                if spec.readout == "every":
                    outputs.append(hidden @ readout)
            if spec.readout == "last":
                outputs.append(hidden @ readout)
            kept = [weights, recurrent, readout]
            torch.autograd.grad(sum(output.sum() for output in outputs), kept)
    return counter.get_total_flops()


@of_framework("torch")
@pytest.mark.parametrize(
    ("cell", "readout", "every", "through"),
    [
        ("elman", "last", None, None),
        ("lstm", "last", None, None),
        ("elman", "every", 1, 1),
        ("lstm", "every", 3, 3),
    ],
)
def test_operations_are_those_that_pytorch_counts(cell, readout, every, through):
    spec = model(cell, readout)
    train = TrainSpec(optimizer=Sgd(learning_rate=0.1), update_every=every, backprop_through=through)
    assert operations_per_sequence(spec, train, 7) == counted_by_torch(spec, train, 7)


@pytest.mark.parametrize("readout", ["last", "every"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_operations_of_layers_directions_and_gates(readout, bidirectional):
    """By hand, of two GRU layers over the valid steps of two sequences, of 7 and 3 steps."""
    spec = ModelSpec(
        cell="gru",
        inputs=3,
        hidden=5,
        outputs=2,
        loss="half_squared_error",
        layers=2,
        bidirectional=bidirectional,
        readout=readout,
    )
    train, directions = TrainSpec(optimizer=Sgd(learning_rate=0.1)), 1 + bidirectional

    def layer(inputs, steps):
        return directions * 2 * 15 * (2 * (inputs + 5) * steps + 5 * (steps - 1))

    def sequence(steps):
        wide, read = 5 * directions, steps if readout == "every" else 1
        below = directions * 2 * 15 * wide * steps
        return layer(3, steps) + layer(wide, steps) + below + 6 * wide * 2 * read

    assert operations_per_sequence(spec, train, 7) == sequence(7)
    both = operations_per_sequence(spec, train, 7, np.array([7, 3]))
    assert both == (sequence(7) + sequence(3)) // 2


def test_a_truncated_gradient_takes_fewer_operations():
    """Without the three steps that it does not reach: their weights' gradients, and the way to them."""
    spec = model("elman", "last")
    whole = TrainSpec(optimizer=Sgd(learning_rate=0.1))
    cut = replace(whole, backprop_through=4)
    saved = 3 * (2 * 5 * (3 + 5) + 2 * 5 * 5)
    assert operations_per_sequence(spec, whole, 7) - operations_per_sequence(spec, cut, 7) == saved


@pytest.mark.parametrize("adapter", each_adapter(ADAPTERS))
def test_every_adapter_that_ships_has_a_matrix_product(adapter):
    product = open_adapter(adapter).alone(Product(rows=64, inner=16, columns=8))
    np.testing.assert_array_equal(np.asarray(product.run(3)), np.full((64, 8), 16, np.float32))
    rate = product_rate(open_adapter(adapter), 64, limit_seconds=0.0)
    assert rate.operations_per_second > 0
    assert rate.kernel


def test_an_adapter_may_have_a_matrix_product_and_nothing_else_to_time():
    class Multiplies(NumpyAdapter):
        @classmethod
        def alone(cls, work):
            return None

        @classmethod
        def matrix_product(cls, size):
            return MatrixProduct(lambda: np.ones((size, size)) @ np.ones((size, size)), "mine")

    assert product_rate(Multiplies, 8, limit_seconds=0.0).kernel == "mine"


def rounds(*seconds):
    return [Round(index=index, sequences=10, seconds=value) for index, value in enumerate(seconds)]


@pytest.mark.parametrize(
    ("seconds", "wanted", "marked"),
    [
        ((2.0, 1.0, 1.01, 0.99, 1.0, 1.0, 1.02), None, 1),
        ((3.0, 2.0, 1.0, 1.01, 0.99, 1.0, 1.0), None, 2),
        ((1.0, 1.01, 0.99, 1.0, 1.0, 1.02), None, 0),
        ((1.0, 1.0, 1.0, 1.0, 1.0, 2.0), None, 0),
        ((1.01, 1.0, 1.0, 1.0, 1.0, 1.0), None, 0),
        ((6.0, 5.0, 4.0, 3.0, 2.0, 1.0), None, 0),
        ((1.0, 1.0, 1.0, 1.0), 3, 3),
        ((2.0, 1.0, 1.0, 1.0), 0, 0),
        ((), None, 0),
    ],
)
def test_warm_ups_are_the_slow_ones_at_the_start_or_as_many_as_were_set(seconds, wanted, marked):
    """A slide from slow to fast is none: it is a drift."""
    found = mark_warm_ups(rounds(*seconds), wanted)
    assert [turn.warm_up for turn in found] == [place < marked for place in range(len(seconds))]


def test_a_process_that_is_slow_is_a_sample_and_no_warm_up():
    seconds = (2.0, 2.0, 1.0, 1.0, 1.0, 1.0)
    turns = [Round(index=i, sequences=1, seconds=s, process=i // 2) for i, s in enumerate(seconds)]
    found = mark_warm_ups(turns, None)
    assert {turn.process for turn in found if turn.counts} == {0, 1, 2}
    assert [turn.warm_up for turn in found] == [True] + 5 * [False]


def test_a_warm_up_counts_for_nothing():
    results = example_results()
    plain = task_summaries(results)[0].adapters[0]
    slow = Round(index=99, sequences=1, seconds=1e6, warm_up=True)
    runs = [
        replace(run, rounds=[slow, *run.rounds]) if run.adapter == "numpy" else run for run in results.runs
    ]
    warmed = task_summaries(replace(results, runs=runs))[0].adapters[0]
    assert warmed.warm_ups == 2
    assert warmed.throughput == plain.throughput
    assert warmed.times_fastest == plain.times_fastest


def test_predictions_are_timed_batch_after_batch_after_one_that_is_not_counted():
    seen = []
    sequences = Sequences(inputs=np.arange(6.0).reshape(6, 1, 1), lengths=np.arange(6))

    def predict(inputs, lengths):
        seen.append(inputs.ravel().tolist())
        assert lengths.tolist() == seen[-1]

    assert len(time_predictions(predict, sequences, 2, seconds=0.0, fewest=4, most=100)) == 4
    assert seen == [[0.0, 1.0], [0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [0.0, 1.0]]
    assert len(time_predictions(predict, sequences, 1, seconds=60.0, fewest=1, most=7)) == 7


def test_few_held_out_sequences_come_over_and_over():
    inputs, lengths = np.arange(3.0).reshape(3, 1, 1), np.arange(1, 4)
    dataset = Dataset(
        name="three",
        inputs=inputs,
        targets=inputs[..., 0],
        held_out_inputs=inputs,
        held_out_targets=inputs[..., 0],
        held_out_lengths=lengths,
    )
    found = sequences_to_predict(dataset)
    assert found.inputs.shape == (BATCH, 1, 1)
    assert found.inputs.ravel()[:7].tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert found.lengths[:7].tolist() == [1, 2, 3, 1, 2, 3, 1]


def test_latency_and_throughput_of_predictions():
    """Made up: 98 calls of 1 ms and 2 of 2 ms, and 256 sequences in 128 ms."""
    found = predictions(task_summaries(example_results())[0].adapters[0])
    assert found.median_seconds == 1e-3
    assert found.percentile99_seconds == pytest.approx(2e-3, rel=0.01)
    assert found.rate.median == pytest.approx(2000)


def test_the_limit_is_the_fastest_library_and_speeds_are_shares_of_it():
    results = example_results()
    task = task_summaries(results)[0]
    faster = replace(results.runs[0].matrix_product, operations_per_second=2e11)
    runs = [replace(results.runs[0], matrix_product=faster), *results.runs[1:]]
    assert machine_limit(runs).operations_per_second == 2e11
    numpy = task.adapters[0]
    assert operations_per_second(task, numpy) == pytest.approx(1000 * numpy.throughput.median)


def test_the_minimum_detectable_difference_is_half_the_interval():
    ratio = Ratio(median=1.05, low=1.0, high=1.1, pairs=20)
    assert ratio.minimum_detectable_difference == pytest.approx(math.sqrt(1.1) - 1)
    assert ratio.includes_one
    alone = replace(ratio, low=math.nan, high=math.nan)
    assert not alone.has_interval
    assert not alone.includes_one


def test_processes_count_once_each_however_many_rounds_they_have():
    """Three processes, each precise, that differ by 1 %: the interval is theirs, not the rounds'."""
    by_process = [[1.0] * 50, [1.01] * 3, [1.02] * 50]
    ratio = clustered_ratio(by_process)
    expected = sample([math.log(values[0]) for values in by_process])
    assert ratio.median == pytest.approx(1.01, abs=1e-4)
    assert (math.log(ratio.low), math.log(ratio.high)) == pytest.approx((expected.low, expected.high))
    assert ratio.includes_one


def test_fewer_than_three_processes_have_no_interval_however_many_rounds_there_are():
    ratio = clustered_ratio([[1.0, 1.1, 1.1] * 5, [1.0, 1.1] * 5])
    assert (ratio.median, ratio.has_interval, ratio.pairs) == (1.1, False, 25)
    assert clustered_ratio([]) is None


def test_intervals_over_seeds_are_students():
    """For 1, 2, 3: sd 1, t of 2 degrees of freedom 4.3027."""
    found = sample([1.0, 2.0, 3.0])
    assert (found.low, found.high) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), rel=1e-4)
    assert all(math.isnan(sample(values).low) for values in ([1.0], [1.0, 2.0]))
    assert (sample([2.0] * 3).low, sample([2.0] * 3).high) == (2.0, 2.0)


def test_results_are_compared_seed_by_seed():
    ours, theirs = {0: 1.1, 1: 5.1, 2: 9.0}, {0: 1.0, 1: 5.0}
    difference = paired_difference(ours, theirs)
    assert (difference.mean, difference.pairs) == (pytest.approx(0.1), 2)
    assert paired_difference(ours, {7: 1.0}) is None


def test_a_baseline_gives_a_second_ratio():
    task = task_summaries(replace(example_results(), baseline="torch"))[0]
    by_name = {standing.adapter: standing for standing in task.adapters}
    assert by_name["torch"].times_baseline.median == 1
    assert by_name["numpy"].times_baseline.median == pytest.approx(0.5, rel=0.1)
    assert by_name["torch"].times_fastest.median == pytest.approx(2, rel=0.1)
    assert task.compared_with == "torch"


def with_twin(seconds_factor):
    """NumPy's adapter twice on one task, the second slower by a factor."""
    first = example_run(SINE, "numpy", 0)
    backwards = (turn.seconds * seconds_factor for turn in first.rounds[::-1])
    again = [replace(turn, seconds=seconds) for turn, seconds in zip(first.rounds, backwards, strict=True)]
    twin = replace(first, adapter="numpy (again)", rounds=again)
    return replace(example_results(), tasks=[SINE], runs=[first, twin], twins={"numpy (again)": "numpy"})


def test_an_adapter_against_itself():
    (same,) = task_summaries(with_twin(1.0))[0].aa_tests
    assert same.passed
    (other,) = task_summaries(with_twin(1.2))[0].aa_tests
    assert not other.passed
    assert other.times.median == pytest.approx(1.2, rel=0.02)
    assert any("self-test" in doubt for doubt in find_caveats(with_twin(1.2), task_summaries(with_twin(1.2))))


def test_the_second_run_of_an_adapter_is_not_ranked():
    task = task_summaries(with_twin(0.5))[0]
    assert [standing.adapter for standing in task.adapters] == ["numpy"]
    assert task.minimum_detectable_difference == task.aa_tests[0].times.minimum_detectable_difference


def test_nothing_speaks_against_a_quiet_machine():
    results = example_results()
    assert find_caveats(results, task_summaries(results)) == []


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({"busy_cores_before": 1.5}, "Just before the run, other programs kept 1.5 cores busy"),
        ({"busy_cores_of_others": 0.5}, "other programs kept 0.50 of 8 cores busy"),
        ({"stolen_cores": 0.3}, "other guests"),
        ({"throttled_seconds": 2.0}, "held back for 2 s"),
        ({"quota_cores": 0.5}, "0.500 cores' time"),
        ({"governor": "powersave"}, "powersave"),
        ({"flags": ["avx2", "avx512f"]}, "a kernel for AVX2 (openblas for Haswell), on a CPU with AVX-512"),
    ],
)
def test_what_speaks_against_the_figures_is_said(seen, words):
    results = example_results()
    environment = replace(results.environment, **seen)
    said = find_caveats(replace(results, environment=environment), task_summaries(results))
    assert any(words in doubt for doubt in said), said


def test_rounds_that_drift_are_told_from_rounds_that_scatter():
    run = example_run(SINE, "numpy", 0)
    drifting = [replace(turn, seconds=1 + 0.02 * place) for place, turn in enumerate(run.rounds)]
    assert drift(replace(run, rounds=drifting)) == pytest.approx(0.2, abs=0.03)
    scattering = [replace(turn, seconds=1 + 0.1 * (place % 2)) for place, turn in enumerate(run.rounds)]
    assert drift(replace(run, rounds=scattering)) == 0


def test_an_adapter_that_is_better_off_with_one_thread_is_told_of():
    results = example_results()
    rounds = ThreadRounds(
        task=SINE.name, adapter="torch", threads=2, single=[1.0] * 5, several=[1.5] * 5, error=None
    )
    level = replace(rounds, adapter="numpy", several=[1.05] * 5)
    said = find_caveats(replace(results, threads=[rounds, level]), task_summaries(results))
    assert f"With one thread these are faster than with all: torch on {SINE.name} (1.50 times)." in said


def test_a_curve_has_the_updates_that_are_left_over_in_its_last_point():
    ones = np.arange(1.0, 8.0)
    assert Curve(updates=ones, seconds=ones, losses=ones).means(3).losses.tolist() == [2.0, 5.5]
    assert Curve(updates=ones, seconds=ones, losses=ones).means(10).losses.tolist() == [4.0]
