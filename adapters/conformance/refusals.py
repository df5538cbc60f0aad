"""Checks that an adapter refuses what it cannot do or what makes no sense, where it is handed in."""

from collections.abc import Callable

import numpy as np

from adapters.conformance.cases import AdapterType, expect, make_case, supported_case
from adapters.interface import Array, ModelSpec, Sgd, TrainSpec, UnsupportedSpec


def refuses_unknown_device(adapter_type: AdapterType) -> None:
    """A device that does not exist is an UnsupportedSpec."""
    case = supported_case(adapter_type)
    _expect_refusal(
        "device 'abacus'",
        lambda: adapter_type(case.model, case.train, case.parameters, device="abacus"),
        UnsupportedSpec,
    )


def refuses_misfits(adapter_type: AdapterType) -> None:
    """Parameters or data that do not fit the specs are a ValueError, when they are handed in."""
    case = supported_case(adapter_type)
    for what, parameters in _misfit_parameters(case.parameters).items():
        _expect_refusal(what, lambda given=parameters: adapter_type(case.model, case.train, given))  # type: ignore[misc]
    adapter = adapter_type(case.model, case.train, case.parameters)
    inputs, targets = case.inputs, case.targets
    for what, data in {
        "inputs of two axes": (inputs[:, 0], targets),
        "inputs with a column too many": (np.concatenate([inputs, inputs], axis=2), targets),
        "no sequences": (inputs[:0], targets[:0]),
        "targets of fewer sequences than the inputs": (inputs, targets[:-1]),
        "targets with a column too many": (inputs, np.concatenate([targets, targets], axis=-1)),
    }.items():
        _expect_refusal(what, lambda given=data: adapter.load(*given))  # type: ignore[misc]


def _misfit_parameters(parameters: dict[str, Array]) -> dict[str, dict[str, Array]]:
    kernel = parameters["recurrent_kernel"]
    return {
        "a missing recurrent_kernel": {
            name: value for name, value in parameters.items() if name != "recurrent_kernel"
        },
        "an unknown parameter": {**parameters, "peephole": kernel},
        "a recurrent_kernel with a row too many": {
            **parameters,
            "recurrent_kernel": np.concatenate([kernel, kernel[:1]]),
        },
        "an input_kernel that is transposed": {**parameters, "input_kernel": parameters["input_kernel"].T},
    }


def refuses_bad_batches(adapter_type: AdapterType) -> None:
    """Batches before any data, of no sequence, of no indices or of wrong ones are a ValueError."""
    case = supported_case(adapter_type)
    adapter = adapter_type(case.model, case.train, case.parameters)
    _expect_refusal("train before load", lambda: adapter.train(case.batches))
    adapter.load(case.inputs, case.targets)
    for what, batches in {
        "batches of one axis": case.batches[0],
        "batches of no sequence": case.batches[:, :0],
        "batches as floats": case.batches.astype(np.float64),
        "batches as truth values": case.batches > 0,
        "index -1": np.full_like(case.batches, -1),
        f"index {len(case.inputs)} of {len(case.inputs)}, counted from 0": np.full_like(
            case.batches, len(case.inputs)
        ),
    }.items():
        _expect_refusal(what, lambda given=batches: adapter.train(given))  # type: ignore[misc]


def refuses_misfit_sequences(adapter_type: AdapterType) -> None:
    """Sequences to predict that have another shape than the model, or no step, are a ValueError."""
    case = supported_case(adapter_type)
    adapter = case.start(adapter_type)
    for what, inputs in {
        "inputs of two axes": case.inputs[:, 0],
        "inputs with a column too many": np.concatenate([case.inputs, case.inputs], axis=2),
        "inputs of no steps": case.inputs[:, :0],
    }.items():
        _expect_refusal(what, lambda given=inputs: adapter.predict(given))  # type: ignore[misc]


def refuses_bad_classes(adapter_type: AdapterType) -> None:
    """Classes that are no whole numbers, or out of range, are a ValueError."""
    model = ModelSpec(cell="lstm", inputs=2, hidden=3, outputs=3, loss="softmax_cross_entropy")
    case = make_case(model, TrainSpec(optimizer=Sgd(learning_rate=0.1)))
    adapter = adapter_type(case.model, case.train, case.parameters)
    for what, targets in {
        "classes as floats": case.targets.astype(np.float64),
        "class 3 of 3, counted from 0": np.full_like(case.targets, 3),
        "class -1": np.full_like(case.targets, -1),
    }.items():
        _expect_refusal(what, lambda given=targets: adapter.load(case.inputs, given))  # type: ignore[misc]


def refuses_long_truncation(adapter_type: AdapterType) -> None:
    """An update every 6 time steps of a sequence that has 5 is a ValueError."""
    model = ModelSpec(cell="elman", inputs=2, hidden=3, outputs=1, loss="half_squared_error", readout="every")
    case = make_case(model, TrainSpec(optimizer=Sgd(learning_rate=0.1), update_every=6), time_steps=5)
    adapter = adapter_type(case.model, case.train, case.parameters)
    _expect_refusal("update_every 6 with 5 time steps", lambda: adapter.load(case.inputs, case.targets))


def _expect_refusal(
    what: str, attempt: Callable[[], object], error_type: type[ValueError] = ValueError
) -> None:
    came = "no error"
    try:
        attempt()
    except error_type:
        return
    except Exception as error:
        came = f"{type(error).__name__}: {error}"
    expect(False, f"{what}: expected {error_type.__name__}, came {came}")
