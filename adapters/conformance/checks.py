"""The list of checks, each with the place to look at first where it fails."""

from collections.abc import Callable
from dataclasses import dataclass

from adapters.conformance import (
    contract,
    lengths,
    mathematics,
    networks,
    optimizers,
    precision,
    ranges,
    state,
)
from adapters.conformance.cases import AdapterType


@dataclass(frozen=True, slots=True)
class Check:
    """One promise; `quick` marks those that together take seconds even where every model is compiled.

    `hint` says where to look first if the message does not tell.
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
        "_predict must work for no sequences too: reshape to (len(inputs), …), not to (-1, …)",
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
        "_train must return an empty array in the dtype of the spec for no rows",
    ),
    Check(
        state.rows_equal_calls,
        "something is reset, or counted, once a call: Adam's step belongs to the adapter",
    ),
    Check(
        state.repeated_sequences,
        "the loss and the gradient must be averages over the whole batch, however it is split",
    ),
    Check(state.no_state_between_batches, "every row of _train starts from a zero state"),
    Check(state.no_state_between_calls, "every call of _train and _predict starts from a zero state"),
    Check(
        state.predict_leaves_training_alone,
        "_predict and parameters must change nothing: no state, no moments, no step",
    ),
    Check(
        state.instances_are_independent,
        "what belongs to one adapter must not live in the module or the class",
    ),
    Check(mathematics.forward_elman_tanh, quick=True),
    Check(mathematics.forward_elman_sigmoid),
    Check(mathematics.forward_lstm, quick=True),
    Check(networks.forward_gru_after, quick=True),
    Check(networks.forward_gru_before),
    Check(mathematics.losses_sum_and_average),
    Check(mathematics.gradients_elman_tanh),
    Check(mathematics.gradients_elman_sigmoid),
    Check(mathematics.gradients_lstm),
    Check(networks.gradients_gru_after),
    Check(networks.gradients_gru_before),
    Check(mathematics.truncation_within_sequence),
    Check(mathematics.truncation_elman_last, quick=True),
    Check(mathematics.truncation_lstm),
    Check(mathematics.truncation_elman),
    Check(networks.truncation_gru),
    Check(networks.stacked_layers),
    Check(networks.truncation_in_layers),
    Check(networks.both_directions),
    Check(networks.layers_in_both_directions),
    Check(lengths.lengths_of_sequences),
    Check(lengths.lengths_in_layers),
    Check(lengths.lengths_in_both_directions),
    Check(lengths.lengths_beyond_reach, "where a sequence has ended, its state is that of its last step"),
    Check(lengths.lengths_in_parts, "every update is made, whether a valid step falls into it or not"),
    Check(lengths.padding_means_nothing, "what is 0 times something must not be added either"),
    Check(optimizers.sgd_many_updates),
    Check(optimizers.momentum_many_updates),
    Check(optimizers.nesterov_many_updates),
    Check(optimizers.rmsprop_first_updates),
    Check(optimizers.rmsprop_epsilon),
    Check(optimizers.rmsprop_many_updates),
    Check(optimizers.adam_first_updates),
    Check(optimizers.adam_epsilon),
    Check(optimizers.adam_betas_of_zero),
    Check(optimizers.adam_many_updates),
    Check(optimizers.adamw_decay),
    Check(optimizers.adamw_many_updates),
    Check(optimizers.vanishing_gradients),
    Check(optimizers.cosine_schedule, "the first update has the number 0"),
    Check(optimizers.exponential_schedule, "the first update has the number 0"),
    Check(optimizers.schedule_counts_updates, "the count belongs to the adapter, and to its state"),
    Check(optimizers.clipping),
    Check(optimizers.clipping_by_norm),
    Check(lengths.everything_of_networks, quick=True),
    Check(lengths.everything_of_every_cell),
    Check(mathematics.everything_at_once, quick=True),
    Check(mathematics.saturated_gates),
    Check(mathematics.large_logits),
    Check(mathematics.smallest_sizes),
    Check(ranges.gates_nearly_shut, "σ and tanh must be right to the last digits, not only where they bend"),
    Check(ranges.long_sequences, "nothing cuts the gradient but backprop_through"),
    Check(ranges.long_and_short_sequences),
    Check(ranges.large_cell_states, "nothing bounds a cell state"),
    Check(ranges.nearly_no_inputs),
    Check(ranges.large_inputs),
    Check(ranges.large_gradients, "nothing clips a gradient but clip_value and clip_norm"),
    Check(ranges.nearly_no_gradients),
    Check(ranges.many_sequences, "the mean is over the whole batch, however it is split"),
    Check(ranges.many_classes),
    Check(ranges.wide_layers),
    Check(mathematics.float32_follows_float64),
    Check(optimizers.adam_in_float32),
    Check(
        precision.fewer_digits,
        "cast what a recurrent layer reads, its parameters and its state; what it hands on, back to float32",
    ),
    Check(state.batch_sizes_change, "nothing may be fixed to the size of the first batch"),
    Check(state.data_change, "_load must replace data and spans, and leave parameters and moments alone"),
    Check(
        state.goes_on_from_its_state,
        "state must return copies of all that training changes, restore write it where _train finds it",
    ),
    Check(mathematics.randomised),
)
"""In the order in which an author would mend what fails: first what an adapter shows by itself."""
