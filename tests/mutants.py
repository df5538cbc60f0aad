"""One typical mistake at a time, and the check of the conformance suite that it belongs to."""

from dataclasses import dataclass

import numpy as np

import tests.mutant_contract as contract
import tests.mutant_mathematics as mathematics
import tests.mutant_networks as networks
import tests.mutant_ranges as ranges
from adapters.conformance import (
    mistakes_in_cells,
    mistakes_in_losses,
    mistakes_in_networks,
    mistakes_in_rates,
    mistakes_in_updates,
)
from adapters.interface import Adapter
from tests.mutant_mathematics import adam_direction, gates_exchanged, scaled
from tests.mutant_mathematics import state_carried_over as carried_over
from tests.mutant_mathematics import state_reset as reset

INPUT, FORGET, CANDIDATE, OUTPUT = range(4)
RESET, UPDATE = range(2)
HIDDEN, CELL_STATE = range(2)


@dataclass(frozen=True, slots=True)
class Mutant:
    """`says` is a part of the failing check's message, or of the likeliest cause that it names."""

    name: str
    adapter_type: type[Adapter]
    found_by: str
    says: str = ""


MUTANTS = (
    # what everyday cases do not reach
    Mutant("gradient cut after 35 steps", ranges.GradientCutAfter35Steps, "long_sequences"),
    Mutant("lengths up to 32", ranges.LengthsUpTo32, "long_and_short_sequences"),
    Mutant("cell state bounded", ranges.CellStateBounded, "large_cell_states"),
    Mutant("gates by their asymptote", ranges.GatesByTheirAsymptote, "gates_nearly_shut"),
    Mutant("small inputs ignored", ranges.InputsBelowAThousandthIgnored, "nearly_no_inputs"),
    Mutant("inputs bounded", ranges.InputsBounded, "large_inputs"),
    Mutant("large gradients clipped", ranges.LargeGradientsClipped, "large_gradients"),
    Mutant("plain SGD stops when converged", ranges.PlainSgdStopsWhenConverged, "nearly_no_gradients"),
    Mutant("mean of parts", ranges.MeanOfParts, "many_sequences"),
    Mutant("classes up to 64", ranges.ClassesUpTo64, "many_classes"),
    Mutant("wide layers in single precision", ranges.WideLayersInSingle, "wide_layers"),
    Mutant("float32 called bfloat16", ranges.Float32CalledBfloat16, "fewer_digits", "do not compute in it"),
    # causes that are named
    Mutant(
        "hard sigmoid",
        mistakes_in_cells.hard_sigmoid(0.2),
        "forward_elman_sigmoid",
        "σ looks hard, a line of slope 0.2",
    ),
    Mutant("losses after all updates", mistakes_in_losses.LossesAfterAllUpdates, "rows_equal_calls"),
    # the cells
    Mutant("gates i and f exchanged", gates_exchanged(INPUT, FORGET), "forward_lstm", "ordered f, i, g, o"),
    Mutant(
        "gates g and o exchanged", gates_exchanged(CANDIDATE, OUTPUT), "forward_lstm", "ordered i, f, o, g"
    ),
    Mutant("biases ignored", mathematics.BiasesIgnored, "forward_elman_tanh", "look at the forward pass"),
    Mutant(
        "forget bias ignored",
        mathematics.ForgetBiasIgnored,
        "forward_lstm",
        "forget gate's bias looks ignored",
    ),
    Mutant(
        "one added to the forget gate",
        mathematics.OneAddedToForgetGate,
        "forward_lstm",
        "1 looks added to the forget gate at run time",
    ),
    Mutant(
        "cell state not squashed",
        mathematics.CellStateNotSquashed,
        "forward_lstm",
        "look at the forward pass",
    ),
    Mutant(
        "sigmoid that overflows", mathematics.OverflowingSigmoid, "saturated_gates", "something overflows"
    ),
    Mutant(
        "tanh and sigmoid exchanged",
        mathematics.ActivationsExchanged,
        "forward_elman_tanh",
        "tanh and sigmoid look exchanged",
    ),
    Mutant(
        "gradient averaged over time",
        mathematics.GradientAveragedOverTime,
        "gradients_elman_tanh",
        "look at the gradient",
    ),
    Mutant(
        "forms of the GRU exchanged",
        mistakes_in_cells.OtherReset,
        "forward_gru_after",
        "two forms look exchanged",
    ),
    Mutant(
        "gates r and z exchanged",
        gates_exchanged(RESET, UPDATE, "gru"),
        "forward_gru_after",
        "ordered z, r, n",
    ),
    Mutant(
        "update gate inverted",
        mistakes_in_cells.UpdateGateInverted,
        "forward_gru_after",
        "update gate looks inverted",
    ),
    Mutant("two biases", mistakes_in_updates.TwoBiases, "gradients_elman_tanh", "two biases"),
    # layers, directions, lengths
    Mutant(
        "layers fed with the cell state",
        mistakes_in_networks.LayersFedWithCellState,
        "stacked_layers",
        "fed with the LSTM's cell state",
    ),
    Mutant(
        "layers fed with the last state",
        mistakes_in_networks.LayersFedWithLastState,
        "stacked_layers",
        "fed with the last hidden state",
    ),
    Mutant(
        "kinds of a cell minded by the lowest layer alone",
        networks.usual_kind(lambda layer: layer.suffix.startswith("_l")),
        "stacked_layers",
    ),
    Mutant(
        "kinds of a cell minded by the forward direction alone",
        networks.usual_kind(lambda layer: layer.reverse),
        "both_directions",
    ),
    Mutant(
        "directions in the other order",
        mistakes_in_networks.DirectionsExchanged,
        "both_directions",
        "in the other order",
    ),
    Mutant(
        "reverse direction not turned back",
        mistakes_in_networks.ReverseNotTurnedBack,
        "both_directions",
        "in which they were computed",
    ),
    Mutant(
        "padding changes the state",
        mistakes_in_networks.PaddingReadForward,
        "lengths_of_sequences",
        "go on beyond a sequence's length",
    ),
    Mutant(
        "padding in the loss",
        mistakes_in_networks.PaddingInLoss,
        "lengths_of_sequences",
        "count the steps beyond",
    ),
    Mutant(
        "padding in the gradient",
        mistakes_in_losses.PaddingInGradient,
        "lengths_of_sequences",
        "gradient looks to count",
    ),
    Mutant(
        "predictions without lengths",
        networks.PredictsWithoutLengths,
        "lengths_of_sequences",
        "go on beyond",
    ),
    Mutant("lengths ignored", mistakes_in_networks.LengthsIgnored, "lengths_of_sequences", "go on beyond"),
    Mutant(
        "mean over valid steps",
        mistakes_in_losses.MeanOverValidSteps,
        "losses_sum_and_average",
        "averaged over the time steps",
    ),
    Mutant(
        "reverse direction begins with the padding",
        mistakes_in_networks.PaddingReadInReverse,
        "lengths_in_both_directions",
        "begin with the padding",
    ),
    Mutant(
        "idle updates skipped",
        mistakes_in_losses.IdleUpdatesSkipped,
        "lengths_in_parts",
        "no valid step falls into",
    ),
    Mutant("padding predicted", networks.PredictsPadding, "lengths_of_sequences", "expected 0 at"),
    # the losses
    Mutant(
        "mean over outputs",
        scaled(lambda model, span, batch: 1 / model.outputs),
        "losses_sum_and_average",
        "averaged over the outputs",
    ),
    Mutant(
        "mean over time",
        scaled(lambda model, span, batch: 1 / (span.stop - span.start)),
        "losses_sum_and_average",
        "averaged over the time steps",
    ),
    Mutant(
        "mean over time in the report alone",
        scaled(lambda model, span, batch: 1 / (span.stop - span.start), gradient_too=False),
        "losses_sum_and_average",
        "averaged over the time steps",
    ),
    Mutant(
        "sum over the batch",
        scaled(lambda model, span, batch: batch),
        "losses_sum_and_average",
        "summed over the batch",
    ),
    Mutant("half missing", scaled(lambda model, span, batch: 2), "losses_sum_and_average", "half"),
    Mutant(
        "softmax that overflows", mathematics.OverflowingSoftmax, "large_logits", "expected finite values"
    ),
    # the state and the reach of the gradient
    Mutant("hidden state carried over", carried_over(HIDDEN), "no_state_between_batches"),
    Mutant("cell state carried over", carried_over(CELL_STATE), "no_state_between_batches"),
    Mutant(
        "gradient not cut",
        mathematics.GradientNotCut,
        "truncation_within_sequence",
        "the gradient looks uncut",
    ),
    Mutant("gradient cut a step early", mathematics.GradientCutEarly, "truncation_within_sequence"),
    Mutant("cell state reset at updates", reset(CELL_STATE), "truncation_lstm"),
    Mutant("hidden state reset at updates", reset(HIDDEN), "truncation_lstm"),
    Mutant("predict leaves its state behind", contract.LeakyPredict, "predict_leaves_training_alone"),
    Mutant("predict counted as an update", contract.CountingPredict, "predict_leaves_training_alone"),
    Mutant("moments forgotten between calls", contract.ForgetfulCalls, "rows_equal_calls"),
    Mutant("moments shared between instances", contract.SharedMoments, "rows_equal_calls"),
    Mutant("first data kept", contract.StaleData, "data_change"),
    Mutant("first batch size kept", contract.FirstBatchSize, "batch_sizes_change"),
    Mutant("large batches cut short", contract.BatchCutShort, "repeated_sequences", "a large batch"),
    Mutant("different from run to run", contract.RememberedClock, "repeatable"),
    # the batches and the update
    Mutant("batches sorted", contract.SortedBatches, "rows_equal_calls"),
    Mutant("updates one batch late", mathematics.LateUpdate, "gradients_elman_tanh"),
    Mutant(
        "loss after the update",
        mathematics.LossAfterUpdate,
        "losses_sum_and_average",
        "loss looks read after",
    ),
    Mutant("clipped by norm", mathematics.ClippedByNorm, "clipping", "clipped by its norm"),
    Mutant(
        "clipped after the update", mathematics.ClippedAfterUpdate, "clipping", "the update looks clipped"
    ),
    Mutant("weights decayed", mathematics.WeightDecay, "gradients_elman_tanh"),
    Mutant(
        "epsilon inside the root",
        adam_direction(lambda m, v, b1, b2, epsilon: np.sqrt(b2) / b1 * m / np.sqrt(v + epsilon)),
        "adam_first_updates",
        "under the root",
    ),
    Mutant(
        "epsilon inside the bias correction",
        adam_direction(lambda m, v, b1, b2, epsilon: m / b1 / (np.sqrt(v / b2) + epsilon)),
        "adam_first_updates",
        "torch.optim",
    ),
    Mutant(
        "epsilon of its own",
        adam_direction(lambda m, v, b1, b2, epsilon: np.sqrt(b2) / b1 * m / (np.sqrt(v) + 1e-8)),
        "adam_first_updates",
    ),
    Mutant(
        "no bias correction",
        adam_direction(lambda m, v, b1, b2, epsilon: m / (np.sqrt(v) + epsilon)),
        "adam_first_updates",
        "bias correction looks missing",
    ),
    Mutant(
        "bias correction without its root",
        adam_direction(lambda m, v, b1, b2, epsilon: b2 / b1 * m / (np.sqrt(v) + epsilon)),
        "adam_first_updates",
    ),
    Mutant(
        "momentum dampened", mistakes_in_updates.Dampened, "momentum_many_updates", "momentum looks dampened"
    ),
    Mutant("Nesterov ignored", networks.NesterovIgnored, "nesterov_many_updates", "Nesterov's form"),
    Mutant(
        "RMSprop's epsilon under the root",
        mistakes_in_updates.RmsPropEpsilonInsideRoot,
        "rmsprop_first_updates",
        "under the root",
    ),
    Mutant("decay coupled", mistakes_in_updates.DecayCoupled, "adamw_decay", "it is decoupled"),
    Mutant("decay without the rate", mistakes_in_updates.DecayWithoutRate, "adamw_decay", "without the rate"),
    Mutant(
        "biases not decayed", mistakes_in_updates.DecayOfKernelsOnly, "adamw_decay", "left out for biases"
    ),
    Mutant(
        "norm of each parameter by itself",
        mistakes_in_updates.ClippedByNormOfEach,
        "clipping_by_norm",
        "by its own norm",
    ),
    Mutant(
        "something added to the norm",
        mistakes_in_updates.ClippedByNormAsTorchDoes,
        "clipping_by_norm",
        "1e-6 looks added",
    ),
    Mutant("schedule one late", mistakes_in_rates.ScheduleOneLate, "cosine_schedule", "one update late"),
    Mutant("schedule one early", mistakes_in_rates.ScheduleOneEarly, "cosine_schedule", "one update early"),
    Mutant(
        "velocity of steps at old rates",
        networks.VelocityOfSteps,
        "cosine_schedule",
        "hold steps at old rates",
    ),
    Mutant(
        "schedule that counts batches",
        mistakes_in_rates.ScheduleByBatches,
        "schedule_counts_updates",
        "looks to count batches",
    ),
    # the precision
    Mutant(
        "moments in double precision",
        mathematics.MomentsInDouble,
        "adam_in_float32",
        "moments look kept in float64",
    ),
    Mutant("moments in single precision", mathematics.MomentsInSingle, "adam_first_updates"),
    Mutant("single precision under float64", mathematics.SinglePrecision, "parameters_round_trip"),
    Mutant("single precision gradients", mathematics.GradientsInSingle, "gradients_elman_tanh"),
    Mutant("half precision under float32", mathematics.HalfPrecision, "float32_follows_float64"),
    # the letter of the contract
    Mutant("batches sorted in place", contract.SortsInPlace, "arguments_unmodified", "batches"),
    Mutant("parameters written back", contract.WritesParametersBack, "arguments_unmodified", "kernel"),
    Mutant("parameters returned alive", contract.LiveParameters, "results_are_copies"),
    Mutant("predictions squeezed", contract.Squeezed, "smallest_sizes", "expected shape"),
    Mutant(
        "one prediction for none",
        contract.PredictsSomethingOfNothing,
        "predicts_nothing_of_nothing",
        "no sequences",
    ),
    Mutant("a loss of no batch", contract.LossOfNoBatch, "no_batches_no_losses", "losses of no batches"),
    Mutant("batches of one integer type", contract.MindsIndexTypes, "any_layout", "IndexError"),
    Mutant(
        "moments left out of the state",
        contract.StateWithoutMoments,
        "goes_on_from_its_state",
        "of a new adapter",
    ),
    Mutant(
        "count left out of the state",
        contract.StateWithoutCount,
        "goes_on_from_its_state",
        "of a new adapter",
    ),
    Mutant("state handed out alive", contract.LiveState, "goes_on_from_its_state", "of a new adapter"),
    Mutant(
        "restored elsewhere", contract.RestoresElsewhere, "goes_on_from_its_state", "of one that goes back"
    ),
)

ALSO_FOUND_BY = {
    "no_state_between_calls": "hidden state carried over",
    "instances_are_independent": "moments shared between instances",
    "forward_elman_sigmoid": "tanh and sigmoid exchanged",
    "gradients_elman_sigmoid": "weights decayed",
    "gradients_lstm": "weights decayed",
    "truncation_elman_last": "gradient not cut",
    "truncation_elman": "hidden state reset at updates",
    "sgd_many_updates": "weights decayed",
    "adam_epsilon": "epsilon inside the bias correction",
    "adam_betas_of_zero": "no bias correction",
    "forward_gru_before": "forms of the GRU exchanged",
    "gradients_gru_after": "weights decayed",
    "gradients_gru_before": "weights decayed",
    "truncation_gru": "gradient not cut",
    "truncation_in_layers": "hidden state reset at updates",
    "layers_in_both_directions": "directions in the other order",
    "lengths_in_layers": "padding in the loss",
    "lengths_beyond_reach": "lengths ignored",
    "padding_means_nothing": "padding predicted",
    "rmsprop_epsilon": "RMSprop's epsilon under the root",
    "rmsprop_many_updates": "RMSprop's epsilon under the root",
    "adamw_many_updates": "decay coupled",
    "vanishing_gradients": "epsilon of its own",
    "exponential_schedule": "schedule one late",
    "everything_of_networks": "norm of each parameter by itself",
    "everything_of_every_cell": "norm of each parameter by itself",
    "adam_many_updates": "epsilon of its own",
    "everything_at_once": "clipped by norm",
    "randomised": "half missing",
}
"""A mutant for each check that no mutant belongs to: none passes whatever comes."""

NAMED = {mutant.name: mutant for mutant in MUTANTS}
