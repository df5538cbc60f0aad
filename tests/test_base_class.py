"""What the base class checks, so that an adapter that checks nothing is handed only what fits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adapters import VARIANTS, declaration, default_names, open_adapter
from adapters.conformance import CHECKS, conforms, run
from adapters.conformance.cases import Case, make_case
from adapters.interface import (
    Adam,
    Adapter,
    Array,
    Declaration,
    ModelSpec,
    Sgd,
    TrainSpec,
    UnsupportedSpec,
)
from adapters.numpy_backend.adapter import NumpyAdapter
from compare.machine.devices import gpus
from tests.groups import each_adapter

CASE = make_case(
    ModelSpec(cell="lstm", inputs=2, hidden=3, outputs=3, loss="half_squared_error"),
    TrainSpec(optimizer=Sgd(learning_rate=0.1)),
)
CLASSES = make_case(
    replace(CASE.model, loss="softmax_cross_entropy"), TrainSpec(optimizer=Sgd(learning_rate=0.1))
)
LONG_TRUNCATION = make_case(
    replace(CASE.model, readout="every"), TrainSpec(optimizer=Sgd(learning_rate=0.1), update_every=6)
)


SHIPPED = (*default_names(), *VARIANTS)


class Recording(Adapter):
    """Keeps what it is handed, and computes nothing; its attributes have the names of its methods."""

    def __init__(self, model: Any, train: Any, parameters: Any, *, device: str = "cpu") -> None:
        self._model, self._train, self._load, self._predict = model, train, None, None
        self.handed: list[Any] = [parameters]

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self.handed += [inputs, targets, lengths]

    def _train(self, batches: Array) -> Array:
        self.handed += [batches]
        return batches

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        self.handed += [inputs, lengths]
        return inputs

    def parameters(self) -> dict[str, Array]:
        return {}


def started(case: Case = CASE) -> Recording:
    return Recording(case.model, case.train, case.parameters)


def assert_refused(error: type[Exception], says: str, call: Callable[..., object], *arguments: Any) -> None:
    with pytest.raises(error, match=says) as refusal:
        call(*arguments)
    assert type(refusal.value) is error
    assert "\n" not in str(refusal.value)


def test_an_author_gets_what_was_handed_in_and_nothing_else():
    adapter = started()
    adapter.load(CASE.inputs, CASE.targets)
    assert adapter.train(CASE.batches) is CASE.batches
    assert adapter.predict(CASE.inputs[:0]).shape == (0, 5, 2)
    parameters, inputs, targets, no_lengths, batches, _, none_either = adapter.handed
    assert parameters is CASE.parameters
    assert inputs is CASE.inputs
    assert targets is CASE.targets
    assert batches is CASE.batches
    assert no_lengths is none_either is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"recurrent_kernel": None}, "parameter 'recurrent_kernel' is missing: expected input_kernel, "),
        ({"peephole": np.zeros(3)}, "parameter 'peephole' is unknown: expected input_kernel, "),
        (
            {"recurrent_kernel": np.zeros((4, 12))},
            r"'recurrent_kernel' has shape \(4, 12\): expected \(3, 12\)",
        ),
        ({"input_kernel": CASE.parameters["input_kernel"].T}, r"'input_kernel' has shape \(12, 2\)"),
        ({"bias": [0.0] * 12}, "parameter 'bias': expected a NumPy array, got list"),
    ],
)
def test_parameters_that_are_not_the_models_are_refused(change: dict[str, Any], says: str):
    parameters = {name: value for name, value in {**CASE.parameters, **change}.items() if value is not None}
    assert_refused(ValueError, says, Recording, CASE.model, CASE.train, parameters)


@pytest.mark.parametrize(
    ("case", "inputs", "targets", "says"),
    [
        (CASE, CASE.inputs[:, 0], CASE.targets, r"inputs have shape \(7, 2\): expected \(N, T, 2\)"),
        (CASE, np.zeros((7, 5, 4)), CASE.targets, r"inputs have shape \(7, 5, 4\): expected \(N, T, 2\)"),
        (CASE, CASE.inputs[:0], CASE.targets[:0], "none of them 0"),
        (CASE, CASE.inputs, CASE.targets[:-1], r"targets have shape \(6, 3\): expected \(7, 3\)"),
        (CASE, CASE.inputs, np.zeros((7, 6)), r"targets have shape \(7, 6\): expected \(7, 3\)"),
        (CASE, CASE.inputs.tolist(), CASE.targets, "inputs: expected a NumPy array, got list"),
        (CASE, CASE.inputs, CASE.targets.tolist(), "targets: expected a NumPy array, got list"),
        (CLASSES, CASE.inputs, np.zeros(7), "targets are float64: the cross-entropy needs whole numbers"),
        (CLASSES, CASE.inputs, np.full(7, 3), r"targets must lie in 0\.\.2"),
        (CLASSES, CASE.inputs, np.full(7, -1), r"targets must lie in 0\.\.2"),
        (LONG_TRUNCATION, LONG_TRUNCATION.inputs, LONG_TRUNCATION.targets, "update_every is 6 and backprop_"),
    ],
)
def test_data_that_do_not_fit_the_specs_are_refused(case: Case, inputs: Any, targets: Any, says: str):
    adapter = started(case)
    assert_refused(ValueError, says, adapter.load, inputs, targets)
    assert len(adapter.handed) == 1


@pytest.mark.parametrize(
    ("batches", "says"),
    [
        (CASE.batches[0], r"batches are int64 \(4,\): expected whole numbers \(S, B\)"),
        (CASE.batches[:, :0], r"batches have shape \(1, 0\): expected at least one sequence each"),
        (CASE.batches.astype(float), r"batches are float64 \(1, 4\): expected whole numbers"),
        (CASE.batches > 0, r"batches are bool \(1, 4\): expected whole numbers"),
        (np.full((1, 4), -1), r"batches name sequence -1: expected 0\.\.6"),
        (np.full((1, 4), 7), r"batches name sequence 7: expected 0\.\.6"),
        ([[0]], r"batches are list \(1, 1\): expected whole numbers"),
    ],
)
def test_batches_that_name_no_sequences_are_refused(batches: Any, says: str):
    adapter = started()
    adapter.load(CASE.inputs, CASE.targets)
    assert_refused(ValueError, says, adapter.train, batches)
    assert len(adapter.handed) == 4


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (CASE.inputs[:, 0], r"inputs have shape \(7, 2\): expected \(N, T, 2\) with T at least 1"),
        (np.zeros((7, 5, 4)), r"inputs have shape \(7, 5, 4\): expected \(N, T, 2\)"),
        (CASE.inputs[:, :0], r"inputs have shape \(7, 0, 2\): expected \(N, T, 2\)"),
        (CASE.inputs.tolist(), "inputs: expected a NumPy array, got list"),
    ],
)
def test_sequences_to_predict_that_do_not_fit_are_refused(inputs: Any, says: str):
    adapter = started()
    assert_refused(ValueError, says, adapter.predict, inputs)
    assert len(adapter.handed) == 1


def test_training_needs_data_and_goes_by_the_latest():
    adapter = started()
    assert_refused(ValueError, "train needs sequences: call load first", adapter.train, CASE.batches)
    adapter.load(CASE.inputs, CASE.targets)
    adapter.load(CASE.inputs[:2], CASE.targets[:2])
    assert_refused(ValueError, r"batches name sequence 6: expected 0\.\.1", adapter.train, np.array([[6]]))
    adapter.train(np.array([[1, 0, 1]]))


def test_data_that_were_refused_leave_those_that_are_loaded():
    adapter = started()
    adapter.load(CASE.inputs, CASE.targets)
    assert_refused(ValueError, "targets have shape", adapter.load, CASE.inputs, CASE.targets[:1])
    adapter.train(CASE.batches)


def test_after_a_load_that_broke_off_there_is_nothing_to_train_on():
    class BreaksOff(Recording):
        def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
            if len(self.handed) > 1:
                raise MemoryError
            super()._load(inputs, targets, lengths)

    adapter = BreaksOff(CASE.model, CASE.train, CASE.parameters)
    adapter.load(CASE.inputs, CASE.targets)
    with pytest.raises(MemoryError):
        adapter.load(CASE.inputs, CASE.targets)
    assert_refused(ValueError, "call load first", adapter.train, CASE.batches)


def test_lengths_are_refused_before_the_authors_code():
    adapter, lengths = started(), np.full(7, 3)
    assert_refused(UnsupportedSpec, "^lengths are given: ", adapter.load, CASE.inputs, CASE.targets, lengths)
    assert_refused(UnsupportedSpec, "^lengths are given: ", adapter.predict, CASE.inputs, lengths)
    assert len(adapter.handed) == 1


class Narrow(Recording):
    declaration = Declaration(cells=("elman",), optimizers=("adam",), dtypes=("float64",))


FITTING = TrainSpec(optimizer=Adam(learning_rate=0.1), dtype="float64")


@pytest.mark.parametrize(
    ("cell", "train", "device", "says"),
    [
        ("lstm", FITTING, "cpu", "cell is 'lstm': this adapter declares only elman"),
        (
            "elman",
            replace(FITTING, optimizer=Sgd(learning_rate=0.1)),
            "cpu",
            "optimizer is 'sgd': this adapter de",
        ),
        (
            "elman",
            replace(FITTING, dtype="float32"),
            "cpu",
            "dtype is 'float32': this adapter declares only fl",
        ),
        ("elman", FITTING, "cuda", "device is 'cuda': this adapter declares only cpu"),
        ("elman", FITTING, "abacus", "device is 'abacus': this adapter declares only cpu"),
    ],
)
def test_what_is_not_declared_is_refused_before_the_authors_code(
    cell: Any, train: TrainSpec, device: str, says: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Narrow, "__init__", lambda *_, **__: pytest.fail("the author's code ran"))
    case = make_case(replace(CASE.model, cell=cell), train)
    with pytest.raises(UnsupportedSpec, match=says):
        Narrow(case.model, case.train, case.parameters, device=device)


def test_what_is_declared_by_default_never_grows():
    assert Declaration() == Declaration(
        distribution="",
        computes="",
        variables={},
        devices=("cpu",),
        cells=("elman", "lstm"),
        resets=(),
        optimizers=("sgd", "adam"),
        schedules=(),
        features=("clip_value",),
        dtypes=("float32", "float64"),
        unsupported={},
        expected_failures={},
    )


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("optimizers", ("lion",), "it must be a tuple of 'sgd' or 'rmsprop' or 'adam' or 'adamw'"),
        ("optimizers", (), "it must be a tuple of 'sgd' or 'rmsprop' or 'adam' or 'adamw'"),
        ("computes", "by hand\nand by heart", "it must be one line of text"),
        ("distribution", None, "it must be one line of text"),
    ],
)
def test_a_declaration_refuses_what_it_does_not_know(field: str, value: Any, says: str):
    with pytest.raises(ValueError, match=says) as refusal:
        Declaration(**{field: value})
    assert str(refusal.value).startswith(f"{field} is {value!r}: ")


class KnowsNothing(Adapter):
    """Declares nothing, checks nothing, and does not call the base class's constructor."""

    def __init__(self, model: Any, train: Any, parameters: Any, *, device: str = "cpu") -> None:
        self._train = NumpyAdapter(model, train, parameters)

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        NumpyAdapter._load(self._train, inputs, targets, lengths)

    def _train(self, batches: Array) -> Array:
        return NumpyAdapter._train(self._train, batches)

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        return NumpyAdapter._predict(self._train, inputs, lengths)

    def parameters(self) -> dict[str, Array]:
        return self._train.parameters()


def test_an_adapter_that_knows_nothing_of_validation_passes_every_check():
    outcomes = [run(check, KnowsNothing) for check in CHECKS]
    assert conforms(outcomes)
    assert {outcome.name for outcome in outcomes if outcome.status != "passed"} == {"goes_on_from_its_state"}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_adapter_that_ships_says_in_one_line_how_it_computes(name: str):
    assert declaration(name).computes.strip()


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_differs_from_its_adapter_in_how_it_computes_alone(name: str):
    variant, usual = declaration(name), declaration(name.partition("-")[0])
    assert variant == replace(usual, computes=variant.computes)
    assert variant.computes != usual.computes


@pytest.mark.skipif(bool(gpus()), reason="there is a GPU")
@pytest.mark.parametrize(
    "name", each_adapter([name for name in SHIPPED if "cuda" in declaration(name).devices])
)
def test_a_gpu_that_is_not_there_is_refused_by_the_adapter(name: str):
    with pytest.raises(UnsupportedSpec, match="device is 'cuda': this build of "):
        open_adapter(name)(CASE.model, CASE.train, CASE.parameters, device="cuda")
