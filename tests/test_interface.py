"""What the specs, the parameters and the registry promise."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib import metadata
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import adapters
from adapters.interface import (
    Adam,
    Adapter,
    ModelSpec,
    Sgd,
    Span,
    TrainSpec,
    UnsupportedSpec,
)
from adapters.parameters import (
    draw,
    forget_ones,
    glorot_uniform,
    normal,
    orthogonal,
    shapes,
    uniform,
    zeros,
)
from adapters.validation import check_batches, check_data, check_parameters
from tests.groups import each_adapter

ELMAN = ModelSpec(cell="elman", inputs=3, hidden=4, outputs=2, loss="half_squared_error")
LSTM = replace(ELMAN, cell="lstm")
CLASSES = replace(LSTM, loss="softmax_cross_entropy")
EVERY = replace(ELMAN, readout="every")
SGD = TrainSpec(optimizer=Sgd(learning_rate=0.1))


def assert_refused(spec: object, **values: object) -> None:
    """One line that names the field and the value."""
    (field,) = values
    with pytest.raises(ValueError, match=field) as refusal:
        replace(spec, **values)
    message = str(refusal.value)
    assert message.startswith(f"{field} is {values[field]!r}: ")
    assert "\n" not in message


@pytest.mark.parametrize("field", ["cell", "loss", "activation", "readout"])
@pytest.mark.parametrize("value", ["rnn", "LSTM", "", None, 3])
def test_model_refuses_unknown_choices(field: str, value: object):
    assert_refused(ELMAN, **{field: value})


@pytest.mark.parametrize("field", ["inputs", "hidden", "outputs"])
@pytest.mark.parametrize("value", [0, -1, 1.0, "4", None, True])
def test_model_refuses_bad_sizes(field: str, value: object):
    assert_refused(ELMAN, **{field: value})


def test_lstm_refuses_another_activation():
    assert_refused(LSTM, activation="sigmoid")


@pytest.mark.parametrize("value", [0.0, -0.1, float("nan"), float("inf")])
def test_rates_and_limits_are_finite_and_positive(value: float):
    assert_refused(Sgd(learning_rate=0.1), learning_rate=value)
    assert_refused(Adam(learning_rate=0.1), learning_rate=value)
    assert_refused(Adam(learning_rate=0.1), epsilon=value)
    assert_refused(SGD, clip_value=value)


@pytest.mark.parametrize("field", ["beta1", "beta2"])
@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
def test_adam_refuses_bad_betas(field: str, value: float):
    assert_refused(Adam(learning_rate=0.1), **{field: value})


@pytest.mark.parametrize("field", ["update_every", "backprop_through"])
@pytest.mark.parametrize("value", [0, -2, 1.5, "5", True])
def test_training_refuses_bad_step_counts(field: str, value: object):
    assert_refused(SGD, **{field: value})


@pytest.mark.parametrize("value", ["float8", "double", None])
def test_training_refuses_other_dtypes(value: object):
    assert_refused(SGD, dtype=value)


def test_backprop_reaches_no_further_than_the_last_update():
    assert_refused(replace(SGD, update_every=3), backprop_through=4)


def test_specs_are_frozen():
    with pytest.raises(AttributeError):
        ELMAN.hidden = 5
    with pytest.raises(AttributeError):
        SGD.dtype = "float64"


def test_gates():
    assert (ELMAN.gates, LSTM.gates) == (1, 4)


@pytest.mark.parametrize(
    ("model", "every", "through", "expected"),
    [
        (LSTM, None, None, [(0, 0, 5)]),
        (LSTM, None, 2, [(0, 3, 5)]),
        (LSTM, 5, 1, [(0, 4, 5)]),
        (EVERY, None, None, [(0, 0, 5)]),
        (EVERY, 5, 5, [(0, 0, 5)]),
        (EVERY, 1, 1, [(0, 0, 1), (1, 1, 2), (2, 2, 3), (3, 3, 4), (4, 4, 5)]),
        (EVERY, 2, None, [(0, 0, 2), (2, 2, 4), (4, 4, 5)]),
        (EVERY, 3, 3, [(0, 0, 3), (3, 3, 5)]),
    ],
)
def test_spans(model: ModelSpec, every: int | None, through: int | None, expected: list[tuple[int, ...]]):
    train = replace(SGD, update_every=every, backprop_through=through)
    assert train.spans(model, 5) == tuple(Span(*steps) for steps in expected)


@pytest.mark.parametrize(
    ("model", "every", "through", "says"),
    [
        (EVERY, 6, None, "update_every is 6"),
        (LSTM, None, 6, "backprop_through 6"),
        (EVERY, 4, 2, "backprop_through is 2"),
        (EVERY, None, 2, "backprop_through is 2"),
        (LSTM, 4, None, "update_every is 4"),
    ],
)
def test_spans_refuse_what_does_not_fit(model: ModelSpec, every: int | None, through: int | None, says: str):
    train = replace(SGD, update_every=every, backprop_through=through)
    with pytest.raises(ValueError, match=says):
        train.spans(model, 5)


@pytest.mark.parametrize(
    ("model", "targets"),
    [
        (LSTM, np.zeros((7, 2))),
        (EVERY, np.zeros((7, 5, 2))),
        (CLASSES, np.zeros(7, np.uint8)),
        (replace(CLASSES, readout="every"), np.ones((7, 5), np.int64)),
    ],
)
def test_check_data_takes_what_fits(model: ModelSpec, targets: np.ndarray):
    check_data(model, SGD, np.zeros((7, 5, 3)), targets)


@pytest.mark.parametrize(
    ("model", "inputs", "targets", "says"),
    [
        (LSTM, (7, 3), np.zeros((7, 2)), r"inputs have shape \(7, 3\)"),
        (LSTM, (7, 5, 4), np.zeros((7, 2)), r"expected \(N, T, 3\)"),
        (LSTM, (0, 5, 3), np.zeros((0, 2)), "none of them 0"),
        (LSTM, (7, 0, 3), np.zeros((7, 2)), "none of them 0"),
        (LSTM, (7, 5, 3), np.zeros((6, 2)), r"targets have shape \(6, 2\): expected \(7, 2\)"),
        (LSTM, (7, 5, 3), np.zeros(7), r"targets have shape \(7,\)"),
        (EVERY, (7, 5, 3), np.zeros((7, 2)), r"expected \(7, 5, 2\)"),
        (CLASSES, (7, 5, 3), np.zeros((7, 1), int), r"expected \(7,\)"),
        (CLASSES, (7, 5, 3), np.zeros(7), "targets are float64"),
        (CLASSES, (7, 5, 3), np.full(7, 2), r"0\.\.1"),
        (CLASSES, (7, 5, 3), np.full(7, -1), r"0\.\.1"),
    ],
)
def test_check_data_refuses_what_does_not_fit(
    model: ModelSpec, inputs: tuple[int, ...], targets: np.ndarray, says: str
):
    with pytest.raises(ValueError, match=says):
        check_data(model, SGD, np.zeros(inputs), targets)


def test_shapes_in_canonical_order():
    assert list(shapes(LSTM).items()) == [
        ("input_kernel", (3, 16)),
        ("recurrent_kernel", (4, 16)),
        ("bias", (16,)),
        ("readout_kernel", (4, 2)),
        ("readout_bias", (2,)),
    ]
    assert list(shapes(replace(ELMAN, bias=False))) == ["input_kernel", "recurrent_kernel", "readout_kernel"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bias": None}, "'bias' is missing"),
        ({"peephole": np.zeros(4)}, "'peephole' is unknown"),
        ({"bias": np.zeros((16, 1))}, r"'bias' has shape \(16, 1\): expected \(16,\)"),
    ],
)
def test_check_parameters_names_the_first_misfit(change: dict, says: str):
    right = {name: np.zeros(shape) for name, shape in shapes(LSTM).items()}
    check_parameters(LSTM, right)
    wrong = {name: value for name, value in {**right, **change}.items() if value is not None}
    with pytest.raises(ValueError, match=says):
        check_parameters(LSTM, wrong)


def test_draw_is_the_same_for_a_seed_and_another_for_another():
    initializers = dict.fromkeys(shapes(LSTM), normal(0.3))
    first, second, other = (draw(LSTM, seed, initializers) for seed in (1, 1, 2))
    for name, shape in shapes(LSTM).items():
        assert first[name].shape == shape
        assert first[name].dtype == np.float64
        assert_array_equal(first[name], second[name])
        assert not np.array_equal(first[name], other[name])


def test_draw_keeps_to_values_once_drawn():
    """PCG64(SeedSequence(0)) is documented to give the same stream on every platform."""
    value = draw(ELMAN, 0, dict.fromkeys(shapes(ELMAN), uniform(1.0)))["input_kernel"][0, 0]
    assert value == pytest.approx(2 * 0.6369616873214543 - 1, abs=1e-15)


def test_distributions():
    generator = np.random.default_rng(0)
    assert normal(0.3)(generator, (200, 200)).std() == pytest.approx(0.3, rel=0.02)
    assert np.abs(uniform(0.1)(generator, (200, 200))).max() == pytest.approx(0.1, rel=1e-3)
    assert np.abs(glorot_uniform(generator, (100, 200))).max() == pytest.approx(np.sqrt(6 / 300), rel=1e-3)
    assert not zeros(generator, (3,)).any()


@pytest.mark.parametrize("shape", [(4, 4), (4, 16), (1, 4)])
def test_orthogonal_rows(shape: tuple[int, int]):
    kernel = orthogonal(np.random.default_rng(0), shape)
    assert kernel.shape == shape
    assert_allclose(kernel @ kernel.T, np.eye(shape[0]), atol=1e-12)


def test_forget_ones_touches_the_second_gate_alone():
    assert forget_ones(np.random.default_rng(0), (12,)).tolist() == [0] * 3 + [1] * 3 + [0] * 6


@pytest.mark.parametrize("name", each_adapter(adapters.ADAPTERS))
def test_registry_opens_every_adapter(name: str):
    assert issubclass(adapters.open_adapter(name), Adapter)
    assert adapters.version(name) == metadata.version(adapters.open_adapter(name).declaration.distribution)


def test_registry_opens_nothing_but_adapters():
    with pytest.raises(TypeError, match=r"os:path is <module .*: it must be a subclass of"):
        adapters.open_adapter("os:path")


def test_version_says_how_to_install_what_is_missing():
    with pytest.raises(adapters.AdapterUnavailable, match="pip install torch-of-another-world"):
        adapters.version("tests.faulty_adapters:WithoutItsFramework")


def test_unsupported_spec_is_a_value_error():
    assert issubclass(UnsupportedSpec, ValueError)


def test_importing_adapters_and_their_suite_imports_no_framework():
    program = "import adapters, adapters.conformance, sys, json; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"torch", "tensorflow", "keras", "jax"} & set(json.loads(done.stdout))


@pytest.mark.parametrize("rate", [True, None, "0.1", 1j, 10**400, float("nan"), np.ones(2)])
def test_optimizers_refuse_what_is_no_finite_number(rate: Any):
    with pytest.raises(ValueError, match=r"learning_rate is .*: it must be a finite number above 0"):
        Sgd(learning_rate=rate)
    with pytest.raises(ValueError, match=r"beta1 is .*: it must be a number in"):
        Adam(learning_rate=0.1, beta1=rate)


@pytest.mark.parametrize("optimizer", ["sgd", None, Sgd])
def test_training_refuses_what_is_no_optimizer(optimizer: Any):
    with pytest.raises(ValueError, match=r"optimizer is .*: it must be an instance of Sgd, RmsProp"):
        TrainSpec(optimizer=optimizer)


@pytest.mark.parametrize("bias", ["no", 2, None])
def test_model_refuses_a_bias_that_is_neither(bias: Any):
    with pytest.raises(ValueError, match=r"bias is .*: it must be True or False"):
        replace(LSTM, bias=bias)


@pytest.mark.parametrize(
    ("batches", "says"),
    [
        (np.zeros((2, 0), int), r"batches have shape \(2, 0\)"),
        (np.zeros(2, int), r"batches are int64 \(2,\): expected whole numbers \(S, B\)"),
        ([[0]], r"batches are list \(1, 1\): expected whole numbers"),
        (np.zeros((1, 1)), r"batches are float64 \(1, 1\): expected whole numbers"),
        (np.array([[0, 5]]), r"batches name sequence 5: expected 0\.\.4"),
        (np.array([[-1, 0]]), r"batches name sequence -1: expected 0\.\.4"),
    ],
)
def test_check_batches_names_what_is_wrong(batches: Any, says: str):
    with pytest.raises(ValueError, match=says):
        check_batches(batches, 5)


def test_check_batches_asks_for_data_first():
    with pytest.raises(ValueError, match="call load first"):
        check_batches(np.zeros((1, 1), int), 0)
