"""The list of checks, each with the place to look at first where it fails."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.conformance import contract, mathematics, optimizers, state
from adapters.conformance.cases import AdapterType


@dataclass(frozen=True, slots=True)
class Check:
    """One promise; `quick` marks those that together take seconds even where every model is compiled.

    `hint` says where to look first where what came does not tell.
    """

    function: Callable[[AdapterType], None]
    hint: str = ""
    quick: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def promise(self) -> str:
        """What holds if the check passes."""
        return (self.function.__doc__ or "").strip()


CHECKS: tuple[Check, ...] = (
    Check(
        contract.shapes_and_dtypes,
        "convert what is returned, last of all, with np.array(values, dtype)",
        quick=True,
    ),
    Check(
        contract.parameters_round_trip,
        "the constructor must copy the values it is given as they are, parameters() return them unchanged",
    ),
    Check(
        contract.predicts_nothing_of_nothing,
        "predict must work for no sequences too: reshape to (len(inputs), …), not to (-1, …)",
        quick=True,
    ),
    Check(contract.arguments_unmodified, "copy what is kept or changed: np.array, not np.asarray"),
    Check(
        contract.results_are_copies,
        "return copies: np.array, not np.asarray or a view of what training goes on with",
    ),
    Check(contract.any_layout, "convert whatever comes first, with np.array(values, dtype)"),
    Check(state.repeatable, "something is random, or threads add up in another order each time"),
    Check(
        contract.no_batches_no_losses,
        "train must return an empty array in the dtype of the spec for no rows",
    ),
    Check(
        state.rows_equal_calls,
        "something is reset, or counted, once a call: Adam's step belongs to the adapter",
    ),
    Check(
        state.repeated_sequences,
        "the loss and the gradient must be averages over the whole batch, however it is split",
    ),
    Check(state.no_state_between_batches, "every row of train starts from a zero state"),
    Check(state.no_state_between_calls, "every call of train and predict starts from a zero state"),
    Check(
        state.predict_leaves_training_alone,
        "predict and parameters must change nothing: no state, no moments, no step",
    ),
    Check(
        state.instances_are_independent,
        "what belongs to one adapter must not live in the module or the class",
    ),
    Check(mathematics.forward_elman_tanh, quick=True),
    Check(mathematics.forward_elman_sigmoid),
    Check(mathematics.forward_lstm, quick=True),
    Check(mathematics.losses_sum_and_average),
    Check(mathematics.gradients_elman_tanh),
    Check(mathematics.gradients_elman_sigmoid),
    Check(mathematics.gradients_lstm),
    Check(mathematics.truncation_within_sequence),
    Check(mathematics.truncation_elman_last, quick=True),
    Check(mathematics.truncation_lstm),
    Check(mathematics.truncation_elman),
    Check(optimizers.sgd_many_updates),
    Check(optimizers.adam_first_updates),
    Check(optimizers.adam_epsilon),
    Check(optimizers.adam_without_memory),
    Check(optimizers.adam_many_updates),
    Check(mathematics.clipping),
    Check(mathematics.everything_at_once, quick=True),
    Check(mathematics.saturated_gates),
    Check(mathematics.large_logits),
    Check(mathematics.smallest_sizes),
    Check(mathematics.float32_follows_float64),
    Check(optimizers.adam_in_float32),
    Check(state.batch_sizes_change, "nothing may be fixed to the size of the first batch"),
    Check(state.data_change, "load must replace data and spans, and leave parameters and moments alone"),
    Check(
        state.goes_on_from_its_state,
        "state must return copies of all that training changes, restore write it where train finds it",
    ),
    Check(mathematics.randomised),
)
"""In the order in which an author would mend what fails: first what an adapter shows by itself."""
