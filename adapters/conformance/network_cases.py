"""Cases of networks for the checks, and what each is put through."""

from collections.abc import Iterable
from typing import TypedDict

from adapters.conformance.cases import AdapterType, Case, make_case, supported
from adapters.conformance.comparison import compare_predictions, compare_training
from adapters.interface import Activation, Cell, Loss, ModelSpec, Optimizer, Readout, Reset, Sgd, TrainSpec

READOUTS: tuple[Readout, ...] = ("last", "every")
LOSSES: tuple[Loss, ...] = ("half_squared_error", "softmax_cross_entropy")
TIME_STEPS = 5


class Kind(TypedDict):
    """The fields of a model that choose its formula."""

    cell: Cell
    activation: Activation
    reset: Reset


KINDS = (
    Kind(cell="lstm", activation="tanh", reset="after"),
    Kind(cell="elman", activation="tanh", reset="after"),
    Kind(cell="elman", activation="sigmoid", reset="after"),
    Kind(cell="gru", activation="tanh", reset="after"),
    Kind(cell="gru", activation="tanh", reset="before"),
)
"""All there are."""


def network_case(
    *,
    cell: Cell,
    activation: Activation = "tanh",
    reset: Reset = "after",
    layers: int = 1,
    bidirectional: bool = False,
    bias: bool = True,
    readout: Readout = "last",
    loss: Loss = "half_squared_error",
    ragged: bool = False,
    update_every: int | None = None,
    backprop_through: int | None = None,
    optimizer: Optimizer | None = None,
    clip_norm: float | None = None,
    rows: int = 1,
) -> Case:
    """In float64, by plain SGD unless told otherwise, at a rate of 1: one update shows its gradient."""
    model = ModelSpec(
        cell=cell,
        inputs=2,
        hidden=3,
        outputs=2,
        loss=loss,
        activation=activation,
        reset=reset,
        layers=layers,
        bidirectional=bidirectional,
        bias=bias,
        readout=readout,
    )
    train = TrainSpec(
        optimizer=optimizer or Sgd(learning_rate=1.0),
        update_every=update_every,
        backprop_through=backprop_through,
        clip_norm=clip_norm,
        dtype="float64",
    )
    return make_case(model, train, rows=rows, time_steps=TIME_STEPS, batch=5, ragged=ragged)


def compare(adapter_type: AdapterType, cases: Iterable[Case]) -> None:
    """Predictions and training of those cases that the adapter can run."""
    for case in supported(adapter_type, cases):
        compare_predictions(adapter_type, case)
        compare_training(adapter_type, case)
