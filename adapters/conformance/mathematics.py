"""Checks of the forward pass, the losses and the gradients against the reference."""

from dataclasses import replace
from itertools import islice, product

from adapters.conformance.cases import AdapterType, Case, make_case, supported, supported_case
from adapters.conformance.comparison import (
    TOLERANCE,
    compare_losses,
    compare_predictions,
    compare_training,
)
from adapters.conformance.random_cases import random_case
from adapters.interface import (
    Activation,
    Adam,
    AdamW,
    Cell,
    Loss,
    ModelSpec,
    Optimizer,
    Readout,
    RmsProp,
    Sgd,
    TrainSpec,
)

RATE = 1.0
"""One update of rate 1: parameters before minus after are the gradient."""

RANDOM_CASES = 200  # among so many there are some for any adapter
BIASES = (True, False)
READOUTS: tuple[Readout, ...] = ("last", "every")
LOSSES: tuple[Loss, ...] = ("half_squared_error", "softmax_cross_entropy")


def forward_elman_tanh(adapter_type: AdapterType) -> None:
    """The Elman cell with tanh predicts what its formula says."""
    _compare_forward(adapter_type, "elman", "tanh")


def forward_elman_sigmoid(adapter_type: AdapterType) -> None:
    """The Elman cell with the sigmoid predicts what its formula says."""
    _compare_forward(adapter_type, "elman", "sigmoid")


def forward_lstm(adapter_type: AdapterType) -> None:
    """The LSTM predicts what its formula says, its gates in canonical order."""
    _compare_forward(adapter_type, "lstm", "tanh")


def gradients_elman_tanh(adapter_type: AdapterType) -> None:
    """Losses and gradients of the Elman cell with tanh, for each bias, readout and loss."""
    _compare_gradients(adapter_type, "elman", "tanh")


def gradients_elman_sigmoid(adapter_type: AdapterType) -> None:
    """Losses and gradients of the Elman cell with the sigmoid, for each bias, readout and loss."""
    _compare_gradients(adapter_type, "elman", "sigmoid")


def gradients_lstm(adapter_type: AdapterType) -> None:
    """Losses and gradients of the LSTM, for each bias, readout and loss."""
    _compare_gradients(adapter_type, "lstm", "tanh")


def losses_sum_and_average(adapter_type: AdapterType) -> None:
    """Losses are summed over outputs and time steps, averaged over the batch, and taken before the update."""
    for loss in LOSSES:
        compare_losses(adapter_type, gradient_case(loss=loss, readout="every"))


def truncation_within_sequence(adapter_type: AdapterType) -> None:
    """A loss after 5 steps: the LSTM's gradient reaches 3 steps back, the Elman cell's 1."""
    for case in (
        gradient_case(cell="lstm", backprop_through=3),
        gradient_case(cell="elman", backprop_through=1),
    ):
        compare_training(adapter_type, case)


def truncation_elman_last(adapter_type: AdapterType) -> None:
    """A loss after 5 steps: the gradient reaches 3 steps back, the state comes from the start."""
    compare_training(adapter_type, gradient_case(cell="elman", backprop_through=3))


def truncation_lstm(adapter_type: AdapterType) -> None:
    """Updates after 2, 2 and 1 of 5 steps of an LSTM: its state carried on, its gradient cut."""
    compare_training(
        adapter_type, gradient_case(cell="lstm", readout="every", update_every=2, rate=0.1, rows=2)
    )


def truncation_elman(adapter_type: AdapterType) -> None:
    """Updates after every step, and after 3 and 1 of 4: the state carried on, the gradient cut."""
    for every in (1, 3):
        compare_training(
            adapter_type,
            gradient_case(cell="elman", readout="every", update_every=every, rate=0.1, rows=2, time_steps=4),
        )


def everything_at_once(adapter_type: AdapterType) -> None:
    """An everyday mixture, in the finest dtype: truncated, clipped, by Adam or else SGD, several batches."""
    can = supported_case(adapter_type, readout="every")
    finer: dict[type, Optimizer] = {
        Adam: Adam(learning_rate=0.05, epsilon=0.01),
        Sgd: Sgd(learning_rate=0.05),
        RmsProp: RmsProp(learning_rate=0.05, epsilon=0.01),
        AdamW: AdamW(learning_rate=0.05, epsilon=0.01, weight_decay=0.1),
    }
    optimizer = finer[type(can.train.optimizer)]
    train = replace(can.train, optimizer=optimizer, update_every=2, clip_value=0.1)
    tolerance = TOLERANCE if train.dtype == "float64" else 1e-4
    compare_training(adapter_type, make_case(can.model, train, rows=4, time_steps=4), tolerance)


def saturated_gates(adapter_type: AdapterType) -> None:
    """Inputs of ±1000 saturate every gate: all stays finite, and as the formula says."""
    for cell in ("lstm", "elman"):
        case = gradient_case(cell=cell)
        compare_training(adapter_type, replace(case, inputs=1000 * case.inputs))


def large_logits(adapter_type: AdapterType) -> None:
    """Logits of ±10,000 give a finite cross-entropy and gradient."""
    case = gradient_case(cell="lstm", loss="softmax_cross_entropy", readout="every")
    large = {**case.parameters, "readout_kernel": 1e5 * case.parameters["readout_kernel"]}
    compare_training(adapter_type, replace(case, parameters=large))


def smallest_sizes(adapter_type: AdapterType) -> None:
    """One sequence of one time step, one input, one hidden unit, one output."""
    for readout, loss in zip(READOUTS, LOSSES, strict=True):
        model = ModelSpec(cell="lstm", inputs=1, hidden=1, outputs=1, loss=loss, readout=readout)
        train = TrainSpec(optimizer=Sgd(learning_rate=0.1), dtype="float64")
        case = make_case(model, train, sequences=1, time_steps=1, rows=2, batch=1)
        compare_predictions(adapter_type, case)
        compare_training(adapter_type, case)


def randomised(adapter_type: AdapterType) -> None:
    """Five seeded specs of all that the adapter can do, sizes multiples of nothing."""
    for case in islice(supported(adapter_type, map(random_case, range(RANDOM_CASES))), 5):
        compare_training(adapter_type, case)


def float32_follows_float64(adapter_type: AdapterType) -> None:
    """In float32, losses and parameters stay within 1e-4 of the float64 reference over 10 updates."""
    model = ModelSpec(cell="lstm", inputs=3, hidden=5, outputs=2, loss="half_squared_error")
    case = make_case(model, TrainSpec(optimizer=Sgd(learning_rate=0.1), dtype="float32"), rows=10)
    compare_predictions(adapter_type, case, tolerance=1e-5)
    compare_training(adapter_type, case, tolerance=1e-4)


def gradient_case(
    *,
    cell: Cell = "lstm",
    activation: Activation = "tanh",
    bias: bool = True,
    readout: Readout = "last",
    loss: Loss = "half_squared_error",
    update_every: int | None = None,
    backprop_through: int | None = None,
    rate: float = RATE,
    rows: int = 1,
    time_steps: int = 5,
) -> Case:
    """Plain SGD in float64, without clipping; one update and rate 1 unless told otherwise."""
    model = ModelSpec(
        cell=cell,
        inputs=3,
        hidden=4,
        outputs=3,
        loss=loss,
        activation=activation,
        bias=bias,
        readout=readout,
    )
    train = TrainSpec(
        optimizer=Sgd(learning_rate=rate),
        update_every=update_every,
        backprop_through=backprop_through,
        dtype="float64",
    )
    return make_case(model, train, rows=rows, time_steps=time_steps)


def _compare_forward(adapter_type: AdapterType, cell: Cell, activation: Activation) -> None:
    for bias, readout in product(BIASES, READOUTS):
        case = gradient_case(cell=cell, activation=activation, bias=bias, readout=readout)
        compare_predictions(adapter_type, next(supported(adapter_type, [case])))


def _compare_gradients(adapter_type: AdapterType, cell: Cell, activation: Activation) -> None:
    for bias, readout, loss in product(BIASES, READOUTS, LOSSES):
        case = gradient_case(cell=cell, activation=activation, bias=bias, readout=readout, loss=loss)
        compare_training(adapter_type, next(supported(adapter_type, [case])))
