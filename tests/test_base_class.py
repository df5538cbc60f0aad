"""What the base class checks, so that an adapter that checks nothing is handed only what fits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from adapters import ADAPTERS, VARIANTS, declaration, default_names, open_adapter
from adapters.conformance import CHECKS, Outcome, conforms, run
from adapters.conformance.cases import Case, make_case
from adapters.interface import (
    Adam,
    AdamW,
    Adapter,
    Array,
    Cosine,
    Declaration,
    ModelSpec,
    RmsProp,
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
        (
            CLASSES,
            CASE.inputs,
            np.full(7, 3),
            r"targets hold 7 labels that do not lie in 0\.\.2, the first is 3 at \[0\]",
        ),
        (CLASSES, CASE.inputs, np.full(7, -1), r"do not lie in 0\.\.2, the first is -1"),
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


class Ragged(Recording):
    """Knows lengths."""

    declaration = Declaration(features=("lengths",))

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        super()._predict(inputs, lengths)
        return np.ones((*inputs.shape[:2], CASE.model.outputs))


LENGTHS = np.array([5, 1, 2, 3, 4, 5, 1], np.uint8)


@pytest.mark.parametrize(
    ("lengths", "says"),
    [
        (np.array([5, 1, 0, 3, 4, 5, 1]), r"^lengths\[2\] is 0: expected 1\.\.5"),
        (np.array([5, 1, 2, 6, 4, 5, 1]), r"^lengths\[3\] is 6: expected 1\.\.5"),
        (LENGTHS[:6], r"^lengths have shape \(6,\): expected \(7,\)"),
        (LENGTHS[:, np.newaxis], r"^lengths have shape \(7, 1\): expected \(7,\)"),
        (LENGTHS.astype(float), "^lengths are float64: expected whole numbers"),
        (LENGTHS > 2, "^lengths are bool: expected whole numbers"),
        ([5] * 7, "^lengths: expected a NumPy array, got list"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(lengths: Any, says: str):
    adapter = Ragged(CASE.model, CASE.train, CASE.parameters)
    assert_refused(ValueError, says, adapter.load, CASE.inputs, CASE.targets, lengths)
    assert_refused(ValueError, says, adapter.predict, CASE.inputs, lengths)
    assert len(adapter.handed) == 1


def test_an_author_never_sees_what_lies_beyond_a_sequences_length():
    """Inputs and targets beyond it are 0, NaN and classes out of range are no error; lengths are int64."""
    model = replace(CLASSES.model, readout="every")
    beyond = np.arange(5) >= LENGTHS[:, np.newaxis]
    inputs, targets = CASE.inputs.copy(), np.ones((7, 5), np.int64)
    inputs[beyond], targets[beyond] = np.nan, 99
    adapter = Ragged(model, CLASSES.train, CLASSES.parameters)
    adapter.load(inputs, targets, LENGTHS)
    outputs = adapter.predict(inputs, LENGTHS)
    _, inputs_seen, targets_seen, lengths_seen, predicted, lengths_predicted = adapter.handed
    for seen in (inputs_seen, predicted):
        assert not seen[beyond].any()
        assert np.array_equal(seen[~beyond], CASE.inputs[~beyond])
    assert not targets_seen[beyond].any()
    assert (targets_seen[~beyond] == 1).all()
    assert lengths_seen.dtype == lengths_predicted.dtype == np.int64
    assert not outputs[beyond].any()
    assert (outputs[~beyond] == 1).all()
    assert np.isnan(inputs[beyond]).all()


def test_classes_out_of_range_within_a_sequence_are_refused():
    adapter = Ragged(replace(CLASSES.model, readout="every"), CLASSES.train, CLASSES.parameters)
    targets = np.full((7, 5), 3)
    assert_refused(ValueError, r"do not lie in 0\.\.2", adapter.load, CASE.inputs, targets, LENGTHS)


UNDECLARED = {
    "reset is 'before'": (
        Declaration(cells=("gru",), resets=("after",)),
        {"cell": "gru", "reset": "before"},
        {},
    ),
    "cell is 'gru'": (Declaration(), {"cell": "gru"}, {}),
    "layers is 2": (Declaration(), {"layers": 2}, {}),
    "bidirectional is True": (Declaration(), {"bidirectional": True}, {}),
    "momentum is 0.9": (Declaration(), {}, {"optimizer": Sgd(learning_rate=0.1, momentum=0.9)}),
    "nesterov is True": (
        Declaration(features=("momentum",)),
        {},
        {"optimizer": Sgd(learning_rate=0.1, momentum=0.9, nesterov=True)},
    ),
    "optimizer is 'rmsprop'": (Declaration(), {}, {"optimizer": RmsProp(learning_rate=0.1)}),
    "optimizer is 'adamw'": (Declaration(), {}, {"optimizer": AdamW(learning_rate=0.1, weight_decay=0.0)}),
    "learning_rate is 'cosine'": (
        Declaration(schedules=("exponential",)),
        {},
        {"optimizer": Sgd(learning_rate=Cosine(peak=0.1, updates=9))},
    ),
    "clip_value is 1.0": (Declaration(features=()), {}, {"clip_value": 1.0}),
    "clip_norm is 1.0": (Declaration(), {}, {"clip_norm": 1.0}),
}


@pytest.mark.parametrize("says", UNDECLARED)
def test_each_thing_is_refused_where_it_is_not_declared(says: str):
    declared, model, train = UNDECLARED[says]

    class Declaring(Recording):
        declaration = declared

    with pytest.raises(UnsupportedSpec, match=f"^{says}: this adapter d"):
        Declaring(replace(CASE.model, **model), replace(CASE.train, **train), CASE.parameters)


def test_a_refusal_has_the_reason_that_is_declared():
    class Reasonable(Recording):
        declaration = Declaration(unsupported={"layers": "the chip has room for one"})

    with pytest.raises(UnsupportedSpec, match=r"does not declare layers \(the chip has room for one\)$"):
        Reasonable(replace(CASE.model, layers=2), CASE.train, CASE.parameters)


@pytest.mark.parametrize("field", ["update_every", "backprop_through"])
def test_a_bidirectional_model_is_not_cut(field: str):
    train = replace(CASE.train, **{field: 2})
    assert_refused(
        ValueError,
        f"^{field} is 2: with bidirectional",
        Recording,
        replace(CASE.model, bidirectional=True),
        train,
        CASE.parameters,
    )


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
    skipped = {outcome.name: outcome.message for outcome in outcomes if outcome.status != "passed"}
    assert "state is None" in skipped.pop("goes_on_from_its_state")
    assert all("this adapter d" in message for message in skipped.values()), skipped


@dataclass(frozen=True, init=False)
class FrozenAdapter(KnowsNothing):
    """Its attributes are set past its own `__setattr__`, which lets nobody in."""

    inner: Any

    def __init__(self, model: Any, train: Any, parameters: Any, *, device: str = "cpu") -> None:
        object.__setattr__(self, "_train", NumpyAdapter(model, train, parameters))


def test_an_adapter_may_be_a_frozen_dataclass():
    adapter = CASE.start(FrozenAdapter)
    expected = CASE.start(NumpyAdapter)
    assert adapter.train(CASE.batches).tolist() == expected.train(CASE.batches).tolist()


class OnlyAdam(NumpyAdapter):
    declaration = Declaration(optimizers=("adam",))


class OnlyCoarse(NumpyAdapter):
    declaration = Declaration(dtypes=("float32",))


ADAMS = ("gradients_lstm", "gradients_elman_tanh", "no_state_between_batches", "any_layout")
COARSE = ("everything_at_once", "float32_follows_float64", "repeatable", "goes_on_from_its_state")


def outcomes_of(adapter_type: type[Adapter], *names: str) -> dict[str, Outcome]:
    """Of the quick checks, and of those that are named."""
    asked = (check for check in CHECKS if check.quick or check.name in names)
    return {check.name: run(check, adapter_type) for check in asked}


def test_an_adapter_of_adam_alone_has_its_gradients_checked():
    outcomes = outcomes_of(OnlyAdam, *ADAMS, "sgd_many_updates")
    assert conforms(outcomes.values())
    for name in ADAMS:
        assert outcomes[name].status == "passed", outcomes[name]
    assert outcomes["sgd_many_updates"].message.startswith("optimizer is 'sgd'")


def test_an_adapter_of_float32_alone_is_checked_in_it():
    outcomes = outcomes_of(OnlyCoarse, *COARSE, "gradients_lstm")
    assert conforms(outcomes.values())
    for name in COARSE:
        assert outcomes[name].status == "passed", outcomes[name]
    assert outcomes["gradients_lstm"].message.startswith("dtype is 'float64'")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_adapter_that_ships_says_in_one_line_how_it_computes(name: str):
    assert declaration(name).computes.strip()


@pytest.mark.parametrize("name", [name for name in VARIANTS if name.partition("-")[0] in ADAPTERS])
def test_a_variant_differs_from_its_adapter_in_how_and_where_it_computes_alone(name: str):
    variant, usual = declaration(name), declaration(name.partition("-")[0])
    own = {field: getattr(variant, field) for field in ("computes", "kernels", "devices")}
    assert variant == replace(usual, **own)
    assert {*variant.devices} <= {*usual.devices}
    assert variant.computes != usual.computes


@pytest.mark.skipif(bool(gpus()), reason="there is a GPU")
@pytest.mark.parametrize(
    "name", each_adapter([name for name in SHIPPED if "cuda" in declaration(name).devices])
)
def test_a_gpu_that_is_not_there_is_refused_by_the_adapter(name: str):
    with pytest.raises(UnsupportedSpec, match="device is 'cuda': this build of "):
        open_adapter(name)(CASE.model, CASE.train, CASE.parameters, device="cuda")
