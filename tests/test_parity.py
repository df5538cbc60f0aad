"""Whether adapters are in lockstep: what is measured, what that is called, and that nothing slips through."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.random import PCG64, Generator

from adapters import default_names
from adapters.conformance.reference import Reference
from adapters.parameters import shapes
from compare.analysis.task_summary import task_summaries
from compare.parity.check import check_parity
from compare.parity.comparison import parity_result, relative, slope_differences, verdict_of
from compare.parity.finite_differences import Slope, slopes
from compare.parity.probe import SEQUENCES, Observations, parity_inputs
from compare.parity.task_parity import ParityCheck, TaskParity, reference_among, with_reference
from compare.records.block import Observer
from compare.records.environment import Environment
from compare.records.parity import ParityResult
from compare.records.results import Results
from compare.report.pages import render_pages
from compare.runner.task_loading import TaskData, load_task_data
from compare.runner.workers import FreshWorkers
from compare.storage.results import load, save
from compare.tolerances import FLOAT32_BAND, FLOAT64_BAND, FLOOR, GRADIENT_BAND
from tasks import TASKS
from tasks.interface import DataRequest, TaskReference
from tests.commands import LONGEST_SECONDS, faulty
from tests.example_results import SINE, example_run
from tests.reports import report_text

UPDATES = 200


def parity_check(task, *adapters):
    return ParityCheck(
        task=task,
        data=DataRequest(choice="digits") if task == "mnist-rows" else DataRequest(),
        adapters=adapters,
        threads=1,
        timeout_seconds=LONGEST_SECONDS,
    )


def check_on(task, *adapters):
    checks = [parity_check(task, *adapters)]
    return {proof.adapter: proof for proof in check_parity(checks, Observer(), FreshWorkers())}


def gradients_of(asked):
    """Those of the reference, at the start."""
    reference = Reference(asked.task.model, asked.first_update, asked.parameters)
    reference.load(asked.inputs, asked.targets)
    before = reference.parameters()
    reference.train(np.zeros((1, 1), int))
    return {name: before[name] - after for name, after in reference.parameters().items()}


# what the differences are relative to


def test_small_values_are_relative_to_a_floor_of_the_curve():
    curve = np.array([2.0, 1e-2, 1e-12])
    differences = relative(curve + np.array([2e-5, 1e-7, 1e-12]), curve)
    assert differences == pytest.approx([1e-5, 1e-5, 1e-12 / (2.0 * FLOOR)])


def test_nothing_against_nothing_is_no_difference():
    assert relative(np.zeros(3), np.zeros(3)).max() == 0
    assert np.isfinite(relative(np.ones(3), np.zeros(3))).all()
    assert relative(np.ones(3), np.zeros(3)).min() > FLOAT64_BAND


def test_slopes_are_those_of_the_exact_gradient():
    asked = parity_inputs(load_task_data(TaskReference(name="sine-online"), DataRequest()), UPDATES)
    gradients = gradients_of(asked)
    expected = slopes(asked.task.model, asked.first_update, asked.parameters, asked.inputs, asked.targets)
    assert max(slope_differences(gradients, expected).values()) < GRADIENT_BAND / 100
    wrong = {**gradients, "input_kernel": gradients["input_kernel"] * (1 + 1e-4)}
    assert slope_differences(wrong, expected)["input_kernel"] > GRADIENT_BAND
    assert slope_differences(wrong, expected)["readout_kernel"] < GRADIENT_BAND


def test_slopes_of_a_truncated_update_hold_its_first_state_fixed():
    asked = parity_inputs(load_task_data(TaskReference(name="sine-window"), DataRequest()), UPDATES)
    whole = replace(asked.first_update, backprop_through=None)
    arguments = (asked.parameters, asked.inputs, asked.targets)
    cut, uncut = (slopes(asked.task.model, train, *arguments) for train in (asked.first_update, whole))
    assert cut["readout_kernel"][0].value == pytest.approx(uncut["readout_kernel"][0].value)
    assert cut["recurrent_kernel"][0].value != pytest.approx(uncut["recurrent_kernel"][0].value, rel=1e-5)


# what they are called


@pytest.mark.parametrize(
    ("float64", "gradients", "left_at", "expected"),
    [
        ([0.0, FLOAT64_BAND], [GRADIENT_BAND], None, "in lockstep"),
        ([1e-14], [1e-9], 17, "drifts within float32 rounding"),
        ([1e-14, 2 * FLOAT64_BAND], [1e-9], None, "DIFFERENT"),
        ([1e-14], [1e-9, 2 * GRADIENT_BAND], None, "DIFFERENT"),
        ([2 * FLOAT64_BAND], [1e-9], 17, "DIFFERENT"),
        ([float("nan")], [1e-9], None, "DIFFERENT"),
    ],
)
def test_verdict(float64, gradients, left_at, expected):
    assert verdict_of(float64, gradients, left_at) == expected


GRADIENTS = {"bias": np.array([0.5, -0.25])}
SLOPES = {"bias": (Slope(direction=np.array([2.0, 1.0]), value=0.75),)}


def answers(**changes):
    losses = np.exp(-np.arange(300.0) / 10)
    given = Observations(
        losses=losses,
        parameters={"bias": np.array([1.0, 1e-9])},
        predictions=np.array([[0.5], [-2.0]]),
        gradients=GRADIENTS,
        losses_float32=losses.astype(np.float32),
    )
    return replace(given, **changes)


def compared(**changes):
    return parity_result("t", "a", answers(**changes), "numpy", answers(), SLOPES)


def test_losses_near_zero_raise_no_alarm():
    theirs = answers().losses
    assert theirs[-1] < 1e-12
    assert compared(losses=theirs + 1e-15).verdict == "in lockstep"


@pytest.mark.parametrize(
    "changes",
    [
        {"losses": answers().losses * (1 + 1e-9)},
        {"losses": answers().losses + np.where(np.arange(300) == 150, 1e-9, 0)},
        {"parameters": {"bias": np.array([1.0, 2e-9])}},
        {"predictions": np.array([[0.5], [-2.0 - 1e-9]])},
        {"gradients": {"bias": GRADIENTS["bias"] * (1 + 1e-5)}},
    ],
    ids=["scale", "one update", "a small parameter", "prediction", "gradient"],
)
def test_what_is_different_is_called_so(changes):
    assert compared(**changes).verdict == "DIFFERENT"


def test_float32_leaves_its_band_at_an_update():
    losses = answers().losses_float32.copy()
    losses[41:] += np.float32(1.1 * FLOAT32_BAND)
    proof = compared(losses_float32=losses)
    assert (proof.verdict, proof.left_at) == ("drifts within float32 rounding", 42)
    assert proof.largest[3] == pytest.approx(1.1 * FLOAT32_BAND, rel=1e-2)


def test_the_reference_is_compared_with_finite_differences():
    right = parity_result("t", "numpy", answers(), "numpy", answers(), SLOPES)
    assert (right.verdict, right.losses) == ("in lockstep", [])
    wrong = answers(gradients={"bias": np.array([0.5, 0.25])})
    assert parity_result("t", "numpy", wrong, "numpy", wrong, SLOPES).verdict == "DIFFERENT"


def test_an_adapter_with_wrong_gradients_is_no_reference():
    wrong = answers(gradients={"bias": np.array([0.5, 0.25])})
    assert reference_among({"a": answers(), "numpy": answers()}, SLOPES) == "numpy"
    assert reference_among({"numpy": wrong, "a": wrong, "b": answers()}, SLOPES) == "b"
    assert reference_among({"a": wrong, "numpy": wrong}, SLOPES) == "numpy"


def test_the_reference_is_always_among_the_adapters():
    assert with_reference(("torch",)) == ("numpy", "torch")
    assert with_reference(("torch", "numpy")) == ("numpy", "torch")


# what adapters are asked


@pytest.mark.parametrize("task", [name for name in TASKS if name != "mnist-rows"])
def test_two_hundred_updates_of_the_tasks_own_batches_or_of_their_first_sequences(task):
    data = load_task_data(TaskReference(name=task), DataRequest())
    dataset, asked = data.dataset, parity_inputs(data, UPDATES)
    spans = TASKS[task].train.spans(TASKS[task].model, asked.time_steps)
    epoch = TASKS[task].batches(len(dataset.inputs), 0, 0)
    assert len(asked.batches_float64) * len(spans) >= UPDATES
    assert np.array_equal(asked.batches[: len(epoch)], epoch[:, :SEQUENCES])
    assert asked.first_update.optimizer.learning_rate == 1.0
    assert asked.first_update.clip_value is asked.first_update.clip_norm is None
    assert (asked.lengths is None) == (dataset.lengths is None)
    if asked.lengths is not None:
        np.testing.assert_array_equal(asked.lengths, dataset.lengths[epoch[0, :SEQUENCES]])
    assert len(asked.first_update.spans(asked.task.model, asked.inputs.shape[1])) == 1


def test_an_epoch_in_float32_even_where_it_is_long():
    task, images = TASKS["mnist-rows"], Generator(PCG64(0)).random((128 * 230, 28, 1))
    dataset = replace(task.dataset("digits"), inputs=images, targets=np.zeros(len(images), int))
    asked = parity_inputs(
        TaskData(task=task, reference=TaskReference(name=task.name), key="digits", dataset=dataset), UPDATES
    )
    assert (len(asked.batches), len(asked.batches_float64)) == (230, UPDATES)


# the adapters


def test_what_a_check_measures(almost_right):
    names = set(shapes(TASKS["sine-lstm"].model))
    for adapter, proof in almost_right["sine-lstm"].items():
        assert set(proof.slopes) == names
        if adapter != "numpy":
            assert set(proof.parameters) == set(proof.gradients) == names
            assert min(len(proof.losses), len(proof.losses_float32)) >= UPDATES


ALMOST_RIGHT = {
    "FasterByAMillionth": ("sine-window", "DIFFERENT"),
    "EpsilonOfItsOwn": ("sine-lstm", "DIFFERENT"),
    "PredictsZeros": ("sine-window", "DIFFERENT"),
    "RoundsFloat32": ("sine-window", "drifts within float32 rounding"),
}


@pytest.fixture(scope="module")
def almost_right():
    """The results, by task, of NumPy's adapter and those that are almost right there."""
    tasks = {task for task, _ in ALMOST_RIGHT.values()}
    names = {task: [faulty(name) for name, (on, _) in ALMOST_RIGHT.items() if on == task] for task in tasks}
    return {task: check_on(task, "numpy", *adapters) for task, adapters in names.items()}


@pytest.mark.parametrize("name", ALMOST_RIGHT)
def test_an_adapter_that_is_almost_right_is_found_out(name, almost_right):
    task, expected = ALMOST_RIGHT[name]
    assert almost_right[task][faulty(name)].verdict == expected
    assert almost_right[task]["numpy"].verdict == "in lockstep"


def test_an_adapter_without_plain_steps_is_compared_by_losses_parameters_and_predictions(almost_right):
    proof = check_on("sine-lstm", "numpy", faulty("OnlyAdam"))[faulty("OnlyAdam")]
    assert (proof.status, proof.verdict, proof.gradients) == ("ok", "in lockstep", {})
    assert max(proof.losses) == proof.predictions == 0


def test_what_is_different_is_told_before_all_have_been_heard():
    task = TaskParity(parity_check("sine-online", "numpy", "a", "hangs"))
    right = Observations(
        losses=np.ones(3),
        parameters=task.given.parameters,
        predictions=np.ones((1, 1, 1)),
        gradients=gradients_of(task.given),
        losses_float32=np.ones(3, np.float32),
    )
    assert task.results("a", replace(right, losses=np.full(3, 1.1))) == []
    assert [(proof.adapter, proof.verdict) for proof in task.results("numpy", right)] == [
        ("a", "DIFFERENT"),
        ("numpy", "in lockstep"),
    ]


def test_the_stand_in_is_named():
    (proof,) = check_on("mnist-rows", faulty("Raises")).values()
    assert proof.dataset == "digits stand-in (not MNIST)"


@pytest.mark.usefixtures("no_patience")
def test_what_hangs_or_is_not_there_has_a_result_of_its_own():
    found = check_on("sine-window", faulty("Hangs"), faulty("Missing"))
    hanging, missing = found[faulty("Hangs")], found[faulty("Missing")]
    assert (hanging.status, hanging.error) == ("timeout", "train: no answer within 0.1 s")
    assert (missing.status, missing.verdict) == ("failed", None)
    assert "tests.faulty_adapters has no class 'Missing'" in missing.error


@pytest.mark.exhaustive
@pytest.mark.parametrize("task", TASKS)
def test_the_adapters_that_ship_are_in_lockstep(task):
    found = check_on(task, *default_names())
    assert {adapter: proof.verdict for adapter, proof in found.items()} == dict.fromkeys(
        default_names(), "in lockstep"
    )


# the report


@pytest.fixture
def results():
    environment = Environment(
        date="2026-01-02T03:04:05+00:00",
        command="python -m compare all",
        lockstep="0.1.0",
        python="CPython 3.12.0",
        system="Linux",
        cpu="A CPU",
        physical_cores=4,
        logical_cores=8,
        memory_bytes=16 * 2**30,
        threads=1,
        preset="quick",
    )
    numbers = {"parameters": {"bias": 2e-13}, "slopes": {"bias": 3e-9}, "gradients": {"bias": 0.0}}
    common = {"task": SINE.name, "dataset": SINE.dataset, "reference": "numpy", **numbers}
    return Results(
        environment=environment,
        tasks=[SINE],
        runs=[example_run(SINE, adapter, 0) for adapter in ("numpy", "torch", "tensorflow")],
        proofs=[
            ParityResult(**common, adapter="numpy", verdict="in lockstep"),
            ParityResult(
                **common,
                adapter="torch",
                verdict="in lockstep",
                losses=[0.0, 4.2e-14],
                losses_float32=[0.0, 5.3e-7],
            ),
            ParityResult(
                **common,
                adapter="tensorflow",
                verdict="DIFFERENT",
                losses=[1e-4, 1e-3],
                losses_float32=[1e-3, 1e-2],
                left_at=2,
            ),
        ],
    )


def test_the_report_says_who_is_different_first_and_shows_by_how_much(results, tmp_path):
    pages = {page.name: page.text for page in render_pages(results, tmp_path)}
    front, answers, section = (pages[f] for f in ("README.md", "pages/sine-online.md", "pages/parity.md"))
    assert "In lockstep: torch does what numpy does, the losses equal to 4.2e-14 over 2 updates" in answers
    assert "**DIFFERENT**: tensorflow does not do what numpy does" in answers
    assert "**DIFFERENT**: tensorflow does not do what numpy does on sine-online" in front.split("|")[0]
    assert "| **NO: DIFFERENT** (**tensorflow**) |" in front
    assert "1.0e-02, left at update 2" in section
    assert "figures/sine-online-lockstep.png" in section
    assert (tmp_path / "figures" / "sine-online-lockstep.png").read_bytes().startswith(b"\x89PNG")
    table = pd.read_csv(tmp_path / "tables" / "lockstep-proof.csv")
    assert list(table["verdict"]) == ["in lockstep", "in lockstep", "DIFFERENT"]
    assert table["loss"][2] == 1e-3
    assert "tables/lockstep-proof.csv" in section
    assert set(table["dataset"]) == {SINE.dataset}


def test_a_different_adapter_has_no_comparable_speed(results):
    (task,) = task_summaries(results)
    assert [standing.comparable for standing in task.adapters] == [True, True, False]
    assert "DIFFERENT" in task.adapters[2].reason


def test_what_is_not_proven_keeps_its_row_and_reason(results, tmp_path):
    failed = ParityResult(
        task=SINE.name, adapter="torch", status="timeout", error="train: no answer within 2 s"
    )
    page = report_text(replace(results, proofs=[results.proofs[0], failed]), tmp_path)
    assert "Lockstep of torch is not proven: timeout." in page
    assert "**timeout**: train: no answer within 2 s" in page


def test_proofs_come_back_as_they_were_and_may_be_absent(results, tmp_path):
    save(results, tmp_path)
    assert load(tmp_path).proofs == results.proofs
    path = tmp_path / "results.json"
    older = json.loads(path.read_text())
    del older["proofs"]
    path.write_text(json.dumps(older))
    assert load(tmp_path).proofs == []
    assert "parity.md" not in report_text(load(tmp_path), tmp_path)
