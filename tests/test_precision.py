"""Fewer digits than float32: asked for, refused in words where there are no kernels, and shown beside it."""

from dataclasses import replace

import numpy as np
import pytest

from adapters import declaration, open_adapter
from adapters.conformance.cases import make_case
from adapters.conformance.precision import perturbed
from adapters.dtypes import REDUCED, ROUNDINGS, UNITS
from adapters.interface import ModelSpec, Sgd, TrainSpec, UnsupportedSpec
from adapters.xla_programs import multiplies
from compare.analysis.loss_agreement import agreements
from compare.analysis.precision import in_fewer_digits
from compare.analysis.task_summary import bands_of, task_summaries
from compare.cli.options import settings
from compare.cli.plan import plan
from compare.parity.probe import Observations, Reduced
from compare.parity.reduced_precision import rounding
from compare.records.parity import ParityResult
from compare.report.pages import render_pages
from compare.report.tables.precision import precision_table
from compare.runner.data_checks import check_dataset
from tasks.interface import Dataset
from tests.example_results import DIGITS, example_results, example_run
from tests.groups import each_adapter, of_framework
from tests.job_files import write_job, write_waves

MODEL = ModelSpec(cell="lstm", inputs=3, hidden=4, outputs=2, loss="half_squared_error")
TRAIN = TrainSpec(optimizer=Sgd(learning_rate=0.1))
IN_BF16 = replace(
    DIGITS, name="mnist-rows (train.dtype=bfloat16)", train={**DIGITS.train, "dtype": "bfloat16"}
)


def in_dtype(dtype):
    return replace(TRAIN, dtype=dtype)


# what the specs say


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [("float32", "float32"), ("float64", "float64"), ("bfloat16", "float32"), ("float16", "float32")],
)
def test_all_but_the_recurrent_layers_is_kept_in_float32_at_least(dtype, kept):
    assert in_dtype(dtype).kept_dtype == kept


@pytest.mark.parametrize("dtype", REDUCED)
def test_a_unit_in_the_last_place_is_the_step_above_one(dtype):
    unit = UNITS[dtype]
    assert UNITS["float16"] == np.finfo(np.float16).eps
    assert UNITS["float32"] == np.finfo(np.float32).eps
    moved = perturbed({"bias": np.ones(100)}, unit, seed=0)["bias"]
    assert {*moved} == {1 - unit, 1 + unit}


# who has it


@pytest.mark.parametrize("name", ["numpy", "numba", "keras-tensorflow", "keras-torch", "keras-jax"])
@pytest.mark.parametrize("dtype", REDUCED)
def test_who_has_no_kernels_for_it_says_why(name, dtype):
    with pytest.raises(
        UnsupportedSpec, match=f"dtype is {dtype!r}: this adapter declares only .* \\(.{{20,}}"
    ):
        declaration(name).check_supported(MODEL, in_dtype(dtype))


@pytest.mark.parametrize("name", each_adapter(["torch"]))
def test_torch_is_asked_for_its_kernels_and_refuses_in_words_where_it_has_none(name, monkeypatch):
    from adapters.torch_backend.reduced import MISSING  # noqa: PLC0415 - no other test needs torch

    monkeypatch.setitem(MISSING, ("cpu", "bfloat16"), lambda model: "nobody has made one")
    case = make_case(MODEL, in_dtype("bfloat16"))
    with pytest.raises(UnsupportedSpec, match=r"^dtype is 'bfloat16': nobody has made one$"):
        case.start(open_adapter(name))
    with pytest.raises(UnsupportedSpec, match=r"^dtype is 'float16': torch has no LSTM on a CPU that trains"):
        make_case(MODEL, in_dtype("float16")).start(open_adapter(name))


IN_FLOAT32 = """
  %a = bf16[32,32]{1,0} parameter(0)
  %wrapped_convert = f32[32,32]{1,0} fusion(%a), kind=kLoop, calls=%to_float32
  ROOT %dot.1 = f32[32,32]{1,0} dot(%wrapped_convert, %wrapped_convert), lhs_contracting_dims={1}
"""
IN_BFLOAT16 = """
  %a = bf16[32,32]{1,0} parameter(0)
  ROOT %dot_general.0 = f32[32,32]{1,0} dot(%a, %a), lhs_contracting_dims={1}
"""


@pytest.mark.parametrize(
    ("program", "dtype", "said"),
    [
        (IN_BFLOAT16, "bfloat16", True),
        (IN_FLOAT32, "bfloat16", False),
        (IN_FLOAT32, "float32", True),
        ("", "bfloat16", False),
    ],
)
def test_a_compiled_program_tells_what_it_multiplies(program, dtype, said):
    assert multiplies(program, dtype) is said


@of_framework("jax")
def test_a_product_in_bfloat16_and_its_gradients_are_those_of_float32_rounded():
    import jax  # noqa: PLC0415 - no other test needs it
    import jax.numpy as jnp  # noqa: PLC0415

    from adapters.jax_backend.products import product  # noqa: PLC0415

    drawn = np.random.default_rng(0).normal(size=(2, 5, 4, 4))
    left, right = jnp.asarray(drawn[0], "bfloat16"), jnp.asarray(drawn[1, 0], "bfloat16")
    _, pull_back = jax.vjp(product, left, right)
    _, expected = jax.vjp(jnp.matmul, left.astype("float32"), right.astype("float32"))
    ones = jnp.ones((5, 4, 4), "bfloat16")
    for ours, theirs in zip(pull_back(ones), expected(ones.astype("float32")), strict=True):
        assert ours.dtype == "bfloat16"
        np.testing.assert_array_equal(ours, theirs.astype("bfloat16"))


@pytest.mark.parametrize(("dtype", "refused"), [("float16", True), ("bfloat16", False), ("float32", False)])
def test_inputs_that_a_dtype_cannot_hold_are_refused(dtype, refused):
    inputs, targets = np.full((4, 2, 3), 1e5, np.float32), np.full((4, 2), 1e5, np.float32)
    data = Dataset(
        name="large", inputs=inputs, targets=targets, held_out_inputs=inputs, held_out_targets=targets
    )
    if refused:
        with pytest.raises(ValueError, match="inputs hold values that are 24 infinite in float16"):
            check_dataset(MODEL, in_dtype(dtype), data)
    else:
        check_dataset(MODEL, in_dtype(dtype), data)


# how far it may be from float64


def observed(shift):
    losses = np.linspace(1.0, 0.5, 50)
    return Observations(
        losses=losses,
        parameters={},
        predictions=losses,
        gradients={},
        losses_float32=losses,
        reduced=Reduced(
            dtype="bfloat16",
            losses=(losses + shift).astype(np.float32),
            moved=(losses + 0.001, losses - 0.002),
        ),
    )


def test_the_band_is_how_far_rounding_of_every_parameter_has_moved_the_losses():
    found = rounding(observed(0.003))
    assert found.dtype == "bfloat16"
    assert found.band == pytest.approx([ROUNDINGS * 0.002] * 50)
    assert found.losses == pytest.approx([0.003] * 50, rel=1e-2)
    assert found.left_at is None


def test_what_rounding_does_not_explain_leaves_the_band_at_an_update():
    assert rounding(observed(np.where(np.arange(50) < 20, 0, 0.02))).left_at == 21
    assert rounding(observed(np.where(np.arange(50) < 20, 0, np.nan))).left_at == 21


def test_two_adapters_may_each_be_as_far_from_float64_while_that_was_proven():
    runs = [example_run(DIGITS, "numpy", 0, drift=0), example_run(DIGITS, "torch", 0, drift=0.05)]
    proof = ParityResult(task="t", adapter="torch", losses_reduced=[0.0], band_reduced=[0.03, 0.03])
    assert agreements(runs)[1].result == "left"
    assert agreements(runs, bands_of(IN_BF16, [proof]))[1].result == "within"
    assert agreements(runs, bands_of(IN_BF16, []))[1].result == "not compared"
    assert bands_of(DIGITS, [proof]) is None
    assert agreements(runs, bands_of(IN_BF16, [replace(proof, band_reduced=[0.03, 0.01])]))[1].left_at == 2


# how it is asked for


def tasks_of(*names, **options):
    blocks = plan(replace(settings(adapters="numpy", threads=1, seeds=1, **options), tasks=names))
    return [block.task for block in blocks]


def test_a_task_in_fewer_digits_has_the_same_in_float32_before_it():
    assert tasks_of("sine-online", changes=["train.dtype=bfloat16"]) == [
        "sine-online",
        "sine-online (train.dtype=bfloat16)",
    ]
    assert tasks_of("sine-online", changes=["model.hidden=3", "train.dtype=float16"]) == [
        "sine-online (model.hidden=3)",
        "sine-online (model.hidden=3, train.dtype=float16)",
    ]
    assert tasks_of("sine-online", changes=["train.dtype=float64"]) == ["sine-online (train.dtype=float64)"]


def test_a_job_may_say_so_in_its_file(tmp_path):
    write_waves(tmp_path)
    data = 'file = "load.csv"\nforecast = { columns = ["load"], target = "load", window = 8, horizon = 1 }'
    job = write_job(tmp_path, data, "hidden = 4", 'dtype = "bfloat16"\nepochs = 1')
    assert tasks_of(str(job)) == ["load (train.dtype=float32)", "load"]


# how it is shown


@pytest.fixture(scope="module")
def results():
    """Both: torch is twice as fast in bfloat16 and a little less accurate; numpy refuses."""
    plain = example_results()
    ran = [
        replace(run, task=IN_BF16.name, metrics={**run.metrics, "accuracy": run.metrics["accuracy"] - 0.5})
        for run in plain.runs
        if run.task == DIGITS.name and run.adapter == "torch"
    ]
    faster = [replace(r, rounds=[replace(each, seconds=each.seconds / 2) for each in r.rounds]) for r in ran]
    refused = [
        replace(
            run, status="unsupported", error="dtype is 'bfloat16': none", metrics={}, epochs=[], rounds=[]
        )
        for run in (replace(r, adapter="numpy", sequences_per_second=None) for r in ran)
    ]
    return replace(plain, tasks=[*plain.tasks, IN_BF16], runs=[*plain.runs, *faster, *refused])


def test_each_adapter_is_shown_beside_itself(results):
    torch, numpy = in_fewer_digits(task_summaries(results))
    assert (torch.full.adapter, torch.dtype) == ("torch", "bfloat16")
    assert torch.times_as_fast.median == pytest.approx(2)
    assert torch.times_as_fast.low < 2 < torch.times_as_fast.high
    assert torch.difference.mean == pytest.approx(-0.5)
    assert (numpy.full.adapter, numpy.times_as_fast, numpy.difference) == ("numpy", None, None)
    shown = precision_table([torch, numpy]).shown
    assert [*shown["Adapter"]] == ["torch", "numpy"]
    assert shown["Status"][1] == "**unsupported**: dtype is 'bfloat16': none"


def test_neither_ranking_holds_the_other(results):
    plain, reduced = (
        next(task for task in task_summaries(results) if task.record.name == name)
        for name in (DIGITS.name, IN_BF16.name)
    )
    alone = next(task for task in task_summaries(example_results()) if task.record.name == DIGITS.name)
    assert [summary.adapter for summary in reduced.ranked] == ["torch"]
    assert [(s.adapter, s.slowdown) for s in plain.ranked] == [(s.adapter, s.slowdown) for s in alone.ranked]


def test_a_run_of_both_has_a_page_for_it(results, tmp_path):
    names = {page.name: page for page in render_pages(results, tmp_path)}
    assert "there is none over both" in names["pages/precision.md"].text
    assert "pages/precision.md" in names["README.md"].text
    assert "pages/precision.md" not in {page.name for page in render_pages(example_results(), tmp_path)}
