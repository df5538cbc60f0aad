"""The conformance suite: what any adapter must do, check by check.

`run` puts one adapter through one check; an adapter that raises, or returns what it should not, fails
that check by name, and the next goes on. An adapter with options of its own, such as a device, goes
in as `functools.partial(SomeAdapter, device="cuda")`.
"""

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from adapters.conformance import contract, mathematics, optimizers, refusals, state
from adapters.conformance.cases import AdapterType, Nonconformance
from adapters.interface import UnsupportedSpec

__all__ = ["CHECKS", "AdapterType", "Check", "Nonconformance", "Outcome", "conforms", "run"]

Status = Literal["passed", "failed", "skipped"]
LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class Check:
    """One promise; `quick` marks those that together take seconds even where every model is compiled."""

    function: Callable[[AdapterType], None]
    quick: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def promise(self) -> str:
        """What holds if the check passes."""
        return (self.function.__doc__ or "").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one check went; the message says what was expected and what came, or what is not supported."""

    name: str
    status: Status
    message: str = ""


CHECKS: tuple[Check, ...] = (
    Check(contract.shapes_and_dtypes, quick=True),
    Check(contract.parameters_round_trip, quick=True),
    Check(contract.predicts_nothing_of_nothing, quick=True),
    Check(contract.arguments_unmodified, quick=True),
    Check(contract.results_are_copies, quick=True),
    Check(contract.any_layout),
    Check(refusals.refuses_unknown_device, quick=True),
    Check(refusals.refuses_misfits, quick=True),
    Check(refusals.refuses_bad_classes, quick=True),
    Check(refusals.refuses_long_truncation, quick=True),
    Check(state.repeatable, quick=True),
    Check(contract.no_batches_no_losses, quick=True),
    Check(state.rows_equal_calls),
    Check(state.repeated_sequences),
    Check(state.no_state_between_batches, quick=True),
    Check(state.no_state_between_calls),
    Check(state.predict_leaves_training_alone),
    Check(state.instances_are_independent),
    Check(refusals.refuses_bad_batches, quick=True),
    Check(refusals.refuses_misfit_sequences, quick=True),
    Check(mathematics.forward_elman_tanh, quick=True),
    Check(mathematics.forward_elman_sigmoid, quick=True),
    Check(mathematics.forward_lstm, quick=True),
    Check(mathematics.losses_sum_and_average, quick=True),
    Check(mathematics.gradients_elman_tanh),
    Check(mathematics.gradients_elman_sigmoid),
    Check(mathematics.gradients_lstm),
    Check(mathematics.truncation_within_sequence),
    Check(mathematics.truncation_lstm, quick=True),
    Check(mathematics.truncation_elman),
    Check(optimizers.sgd_many_updates),
    Check(optimizers.adam_first_updates),
    Check(optimizers.adam_epsilon, quick=True),
    Check(optimizers.adam_without_memory),
    Check(optimizers.adam_many_updates, quick=True),
    Check(mathematics.clipping),
    Check(mathematics.saturated_gates),
    Check(mathematics.large_logits),
    Check(mathematics.smallest_sizes),
    Check(mathematics.float32_follows_float64),
    Check(state.batch_sizes_change),
    Check(state.data_change),
    Check(mathematics.randomised),
)
"""In the order in which an author would mend what fails: first what an adapter shows by itself."""


def run(check: Check, adapter_type: AdapterType) -> Outcome:
    """Put an adapter through one check; an UnsupportedSpec on the way means that the check is skipped."""
    try:
        check.function(adapter_type)
    except UnsupportedSpec as refusal:
        return Outcome(name=check.name, status="skipped", message=_one_line(str(refusal)))
    except Nonconformance as failure:
        return Outcome(name=check.name, status="failed", message=_one_line(str(failure)))
    except Exception as error:
        message = _one_line(f"expected no error, came {type(error).__name__}: {error}")
        return Outcome(name=check.name, status="failed", message=message)
    return Outcome(name=check.name, status="passed")


def conforms(outcomes: Iterable[Outcome]) -> bool:
    """Whether no check failed, and not all were skipped."""
    statuses = {outcome.status for outcome in outcomes}
    return "passed" in statuses and "failed" not in statuses


def _one_line(text: str) -> str:
    return textwrap.shorten(text, LONGEST_MESSAGE, placeholder=" …")
