"""Adapter and reference given the same calls; where their answers differ, the likeliest cause."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from adapters.conformance.cases import AdapterType, Case
from adapters.conformance.expectations import Nonconformance, difference, expect, expect_close
from adapters.conformance.reference import Reference
from adapters.conformance.typical_mistakes import TYPICAL_MISTAKES
from adapters.interface import Array

Observation = dict[str, Array]
Observer = Callable[[AdapterType, Case], Observation]
TOLERANCE = 1e-10
"""Float64, relative: what lockstep means."""


OVERFLOW = (
    "something overflows: σ or its gradient by exp(x)/(1 + exp(x)), tanh by exponentials, or a softmax from "
    "which the largest logit is not taken first; ½ + ½·tanh(½x) does not, and x may be bounded to ±40 before"
)
"""What is said where a value is no number, or infinite."""

LONGEST_SEARCHED = 20
"""Time steps: a typical mistake shows where there are few, and to try all of them with many takes long."""

FLOAT32_DIGITS = 5e-7
ROUNDED = (
    "all agrees to the digits of float32: a constant or a default is float32, or a function of the framework "
    "computes in it whatever it is given (exp or σ, where expm1(x) + 1 and ½ + ½·tanh(½x) may do)"
)
"""What is said where float64 is no more exact than that."""


def compare_predictions(adapter_type: AdapterType, case: Case, tolerance: float = TOLERANCE) -> None:
    """What the model says before any training."""
    _compare(_predictions, adapter_type, case, tolerance)


def compare_losses(adapter_type: AdapterType, case: Case, tolerance: float = TOLERANCE) -> None:
    """Every loss, and nothing else."""
    _compare(_losses, adapter_type, case, tolerance)


def compare_training(adapter_type: AdapterType, case: Case, tolerance: float = TOLERANCE) -> None:
    """Every loss, and how far every parameter moved."""
    _compare(_training, adapter_type, case, tolerance)


def _predictions(adapter_type: AdapterType, case: Case) -> Observation:
    return {"predictions": case.start(adapter_type).predict(case.inputs, case.lengths)}


def _losses(adapter_type: AdapterType, case: Case) -> Observation:
    return {"losses": case.start(adapter_type).train(case.batches)}


def _training(adapter_type: AdapterType, case: Case) -> Observation:
    adapter = case.start(adapter_type)
    before = adapter.parameters()
    losses = adapter.train(case.batches)
    after = adapter.parameters()
    expect(list(before) == list(after), f"parameters: expected {', '.join(before)}, got {', '.join(after)}")
    return {"losses": losses, **{f"change of {name}": after[name] - before[name] for name in before}}


def _compare(observe: Observer, adapter_type: AdapterType, case: Case, tolerance: float) -> None:
    expected, actual = observe(Reference, case), observe(adapter_type, case)
    for what, value in actual.items():
        expect(isinstance(value, np.ndarray), f"{what}: expected a NumPy array, got {type(value).__name__}")
    try:
        _expect_agreement(actual, expected, tolerance)
    except Nonconformance as failure:
        mistake = _typical_mistake(observe, case, actual, tolerance)
        told = mistake or _told_by_the_numbers(actual, expected)
        cause = told or _where_to_look(actual, expected, tolerance, predicts_alike(adapter_type, case))
        raise Nonconformance(f"{describe(case)}: {failure}", cause) from None


def _expect_agreement(actual: Observation, expected: Observation, tolerance: float) -> None:
    expect(list(actual) == list(expected), f"expected {', '.join(expected)}, got {', '.join(actual)}")
    for what, value in expected.items():
        expect_close(what, actual[what], value, tolerance)


def _typical_mistake(observe: Observer, case: Case, actual: Observation, tolerance: float) -> str | None:
    """The typical mistake that gives the same answers, if there is one; most differ in the first two rows."""
    if case.inputs.shape[1] > LONGEST_SEARCHED:
        return None
    beginning = replace(case, batches=case.batches[:2])
    for mistake in TYPICAL_MISTAKES:
        try:
            first_losses = observe(mistake, beginning).get("losses", np.empty(0))
            expect_close(
                "losses", actual.get("losses", first_losses)[: len(first_losses)], first_losses, tolerance
            )
            _expect_agreement(actual, observe(mistake, case), tolerance)
        except (Nonconformance, LookupError, ValueError):
            continue
        return mistake.cause
    return None


def predicts_alike(adapter_type: AdapterType, case: Case) -> bool:
    """Whether what the model says before any training is right, so that the forward pass is."""
    try:
        _expect_agreement(_predictions(adapter_type, case), _predictions(Reference, case), TOLERANCE)
    except Exception:  # whatever predict does: its own checks will say
        return False
    return True


def _told_by_the_numbers(actual: Observation, expected: Observation) -> str | None:
    """What values that are none, or that agree to some digits, give away."""
    if any(value.shape != expected[what].shape for what, value in actual.items()):
        return None
    if not all(np.isfinite(value).all() for value in actual.values()):
        return OVERFLOW
    widest = max(difference(value, expected[what]) for what, value in actual.items())
    return ROUNDED if widest < FLOAT32_DIGITS else None


def _where_to_look(actual: Observation, expected: Observation, tolerance: float, alike: bool) -> str:
    """The part of the adapter to look at, told by how far predictions and losses agree."""
    if "losses" not in expected or actual["losses"].shape != expected["losses"].shape:
        return "look at the forward pass"
    together = np.abs(actual["losses"] - expected["losses"]) <= tolerance * np.abs(expected["losses"]).max()
    if together.all():
        return "all losses agree: look at the gradient and the update"
    first = int(np.argmin(together))
    if first == 0 and alike:
        return "the predictions agree, the first loss differs: look at the loss, and at when it is read"
    if first == 0:
        return "the first loss differs: look at the forward pass and the loss"
    return f"the losses agree before [{first}]: look at the gradient, the update and the state carried on"


def describe(case: Case) -> str:
    """The specs, as far as they tell cases apart."""
    model, train = case.model, case.train
    kinds = {"elman": f" {model.activation}", "gru": f" with reset {model.reset}"}
    layers = f", {model.layers} layers" if model.layers > 1 else ""
    directions = ", bidirectional" if model.bidirectional else ""
    lengths = "" if case.lengths is None else ", lengths"
    clipping = "".join(f", {name}" for name in ("clip_value", "clip_norm") if getattr(train, name))
    bias = "" if model.bias else " without bias"
    reach = f", BPTT({train.update_every}, {train.backprop_through})"
    truncation = reach if train.update_every or train.backprop_through else ""
    return (
        f"{model.cell}{kinds.get(model.cell, '')}{bias}{layers}{directions}{lengths}, "
        f"readout {model.readout}, {model.loss}, {type(train.optimizer).__name__}{clipping}{truncation}"
    )
