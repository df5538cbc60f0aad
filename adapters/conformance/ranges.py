"""Checks of what everyday cases do not reach: what is long, wide, many, large, or nearly nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from adapters.conformance.cases import AdapterType, Case, make_case, supported
from adapters.conformance.comparison import compare_predictions, compare_training
from adapters.conformance.network_cases import KINDS, compare
from adapters.conformance.reference import Reference
from adapters.interface import Array, Loss, ModelSpec, Sgd, TrainSpec

KEEPING = {"lstm": 1, "gru": 1}
"""Which block of a cell's bias keeps its state where it is large: the forget gate's, the update gate's."""

SHUT = {
    "elman": np.array([6.0]),
    "lstm": np.array([9.0, 9.0, 3.0, 9.0]),
    "gru": np.array([6.0, 6.0, 3.0]),
}
"""What is added to the blocks of a cell's bias: more, and even the reference would be rounded too much."""


def long_sequences(adapter_type: AdapterType) -> None:
    """Sequences of 50 steps, whose gradient reaches back to the first."""
    compare(adapter_type, (_keeping(case) for case in _cases(time_steps=50, scale=0.7)))


def long_and_short_sequences(adapter_type: AdapterType) -> None:
    """Predictions of sequences of 1 to 40 steps, training on a batch of 2 to 38."""
    compare(adapter_type, (_keeping(case) for case in _cases(time_steps=40, sequences=14, ragged=True)))


def large_cell_states(adapter_type: AdapterType) -> None:
    """An LSTM that counts up to 25 and down again: nothing bounds its cell state."""
    case = next(_cases(time_steps=45))
    H = case.model.hidden
    bias = np.repeat([9.0, 9.0, 0.0, 9.0], H)  # input, forget and output gates are open
    kernel = 0.1 * case.parameters["input_kernel"]
    kernel[0, 2 * H : 3 * H] = 3.0  # the candidate is the sign of the first input
    inputs = case.inputs.copy()
    inputs[:, :, 0] = np.where(np.arange(45) < 25, 1.0, -1.0)
    counting = {**case.parameters, "bias": bias, "input_kernel": kernel}
    compare(adapter_type, [replace(case, parameters=counting, inputs=inputs)])


def gates_nearly_shut(adapter_type: AdapterType) -> None:
    """Gates and units within a hundredth of 0 or of 1, those of the LSTM closer yet."""
    for sign in (-1, 1):
        compare(adapter_type, (_with_bias(case, sign * SHUT[case.model.cell]) for case in _cases()))


def nearly_no_inputs(adapter_type: AdapterType) -> None:
    """Inputs of a hundred-thousandth, and no bias: outputs and gradients are as small."""
    compare(adapter_type, (replace(case, inputs=1e-5 * case.inputs) for case in _cases(bias=False)))


def large_inputs(adapter_type: AdapterType) -> None:
    """Inputs of ±50 through small weights: sums of everyday size."""
    compare(adapter_type, map(_of_large_inputs, _cases()))


def large_gradients(adapter_type: AdapterType) -> None:
    """Targets of a thousand million: nothing is clipped that the specs do not clip."""
    cases = (replace(case, targets=1e9 * case.targets) for case in _cases(rate=1e-9))
    _train(adapter_type, cases)


def nearly_no_gradients(adapter_type: AdapterType) -> None:
    """Targets within a ten-thousandth of the predictions: the last steps of a training are steps, too."""
    _train(adapter_type, map(_nearly_trained, _cases(rate=1e3)))


def many_sequences(adapter_type: AdapterType) -> None:
    """Batches of 70 sequences."""
    _train(adapter_type, _cases(sequences=80, batch=70, time_steps=2))


def many_classes(adapter_type: AdapterType) -> None:
    """A cross-entropy over 70 classes."""
    compare(adapter_type, _cases(outputs=70, loss="softmax_cross_entropy", time_steps=2))


def wide_layers(adapter_type: AdapterType) -> None:
    """Predictions of 67 units that read 33 inputs."""
    for case in supported(adapter_type, _cases(inputs=33, hidden=67, scale=0.1)):
        compare_predictions(adapter_type, case)


def _cases(
    *,
    inputs: int = 2,
    hidden: int = 3,
    outputs: int = 2,
    bias: bool = True,
    loss: Loss = "half_squared_error",
    rate: float = 1.0,
    sequences: int = 7,
    batch: int = 5,
    time_steps: int = 4,
    scale: float = 0.5,
    ragged: bool = False,
) -> Iterator[Case]:
    """A case for every cell, in float64 by plain SGD: one update shows the gradient."""
    for kind in KINDS:
        model = ModelSpec(**kind, inputs=inputs, hidden=hidden, outputs=outputs, loss=loss, bias=bias)
        train = TrainSpec(optimizer=Sgd(learning_rate=rate), dtype="float64")
        yield make_case(
            model,
            train,
            sequences=sequences,
            batch=batch,
            time_steps=time_steps,
            scale=scale,
            ragged=ragged,
        )


def _train(adapter_type: AdapterType, cases: Iterator[Case]) -> None:
    for case in supported(adapter_type, cases):
        compare_training(adapter_type, case)


def _keeping(case: Case) -> Case:
    """With a gate wide open that keeps the state, so that the first steps count in the end."""
    if case.model.cell not in KEEPING:
        return case
    first, H = KEEPING[case.model.cell] * case.model.hidden, case.model.hidden

    def opened(bias: Array) -> Array:
        bias = bias.copy()
        bias[first : first + H] += 4.0
        return bias

    return _changed(case, "bias", opened)


def _with_bias(case: Case, blocks: Array) -> Case:
    """With so much added to each block of the bias, and a readout that makes much of what is left."""
    added = np.repeat(blocks, case.model.hidden)
    shifted = _changed(case, "bias", lambda values: values + added)
    return _changed(shifted, "readout_kernel", lambda values: 1e3 * values)


def _of_large_inputs(case: Case) -> Case:
    large = replace(case, inputs=50 * case.inputs)
    return _changed(large, "input_kernel", lambda values: values / 50)


def _nearly_trained(case: Case) -> Case:
    predictions = case.start(Reference).predict(case.inputs)
    return replace(case, targets=predictions + 1e-4 * case.targets)


def _changed(case: Case, name: str, change: Callable[[Array], Array]) -> Case:
    return replace(case, parameters={**case.parameters, name: change(case.parameters[name])})
