"""The NumPy adapter with one typical mistake at a time, and the check that finds it first."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from unittest.mock import patch

import mutant_adapters as wrong
import mutant_parts as parts

from adapters.interface import Adapter
from adapters.numpy_backend import adapter as numpy_adapter
from adapters.numpy_backend import network as numpy_network
from adapters.numpy_backend import optimizers as numpy_optimizers
from adapters.numpy_backend.adapter import NumpyAdapter
from adapters.numpy_backend.cells import Cell, Lstm
from adapters.numpy_backend.losses import LOSSES
from adapters.numpy_backend.network import Network


@dataclass(frozen=True, slots=True)
class Mutant:
    """`found_by` is the first check that fails, `says` a part of its message."""

    name: str
    adapter_type: type[Adapter]
    found_by: str
    says: str


def broken(owner: Any, attribute: str, replacement: Any) -> type[NumpyAdapter]:
    """The NumPy adapter, its every method run with one attribute of its parts replaced."""

    class Broken(NumpyAdapter):
        pass

    for name in ("__init__", "_load", "_train", "_predict", "parameters"):
        setattr(Broken, name, patch.object(owner, attribute, replacement)(_own(getattr(NumpyAdapter, name))))
    return Broken


def _own(method: Callable[..., Any]) -> Callable[..., Any]:
    """A function apart from the method, so that patching it leaves the method as it is."""

    @wraps(method)
    def call(*arguments: Any, **options: Any) -> Any:
        return method(*arguments, **options)

    return call


MUTANTS = (
    # the cells
    Mutant(
        "gates i and f exchanged",
        broken(numpy_network, "CANDIDATE_LAST", [1, 0, 3, 2]),
        "forward_lstm",
        "ordered f, i, g, o",
    ),
    Mutant(
        "gates g and o exchanged",
        broken(numpy_network, "CANDIDATE_LAST", [0, 1, 2, 3]),
        "forward_lstm",
        "ordered i, f, o, g",
    ),
    Mutant(
        "biases ignored",
        broken(Cell, "forward", parts.ignore_bias),
        "forward_elman_tanh",
        "look at the forward pass",
    ),
    Mutant(
        "forget bias ignored",
        broken(Lstm, "step", parts.ignore_forget_bias),
        "forward_lstm",
        "forget gate's bias looks ignored",
    ),
    Mutant(
        "one added to the forget gate",
        broken(Lstm, "step", parts.add_one_to_forget_gate),
        "forward_lstm",
        "look at the forward pass",
    ),
    Mutant(
        "memory not squashed",
        broken(Lstm, "step", parts.leave_memory_unsquashed),
        "forward_lstm",
        "look at the forward pass",
    ),
    Mutant(
        "sigmoid that overflows",
        broken(Lstm, "step", parts.divide_infinities),
        "saturated_gates",
        "expected finite values",
    ),
    Mutant(
        "tanh and sigmoid exchanged",
        broken(numpy_network, "cell_type", parts.exchanged_cell_type),
        "forward_elman_tanh",
        "tanh and sigmoid look exchanged",
    ),
    Mutant(
        "gradient averaged over time",
        broken(Network, "update", parts.forget_mean_over_steps),
        "gradients_elman_tanh",
        "look at the gradient",
    ),
    # the losses
    Mutant(
        "mean over outputs",
        broken(numpy_adapter, "Network", parts.scaled(lambda outputs: 1 / outputs.shape[2])),
        "losses_sum_and_average",
        "averaged over the outputs",
    ),
    Mutant(
        "mean over time",
        broken(numpy_adapter, "Network", parts.scaled(lambda outputs: 1 / outputs.shape[0])),
        "losses_sum_and_average",
        "averaged over the time steps",
    ),
    Mutant(
        "mean over time in the report alone",
        broken(
            numpy_adapter, "Network", parts.scaled(lambda outputs: 1 / outputs.shape[0], gradient_too=False)
        ),
        "losses_sum_and_average",
        "averaged over the time steps",
    ),
    Mutant(
        "sum over the batch",
        broken(numpy_adapter, "Network", parts.scaled(lambda outputs: outputs.shape[1])),
        "repeated_sequences",
        "a large batch of repeated sequences",
    ),
    Mutant(
        "half missing",
        broken(numpy_adapter, "Network", parts.scaled(lambda outputs: 2)),
        "losses_sum_and_average",
        "half",
    ),
    Mutant(
        "softmax that overflows",
        broken(numpy_network, "LOSSES", {**LOSSES, "softmax_cross_entropy": parts.NaiveSoftmax()}),
        "large_logits",
        "expected finite values",
    ),
    # the state and the reach of the gradient
    Mutant(
        "hidden state carried over",
        broken(Network, "begin", parts.carry_hidden_over),
        "no_state_between_batches",
        "",
    ),
    Mutant(
        "memory carried over",
        broken(Network, "begin", parts.carry_memory_over),
        "no_state_between_batches",
        "",
    ),
    Mutant(
        "gradient not cut",
        broken(Network, "differentiate", parts.reach_back_to_start),
        "truncation_within_sequence",
        "the gradient looks uncut",
    ),
    Mutant(
        "gradient cut a step early",
        broken(Network, "differentiate", parts.reach_one_step_less),
        "truncation_within_sequence",
        "",
    ),
    Mutant(
        "memory reset at updates", broken(Network, "differentiate", parts.reset_memory), "truncation_lstm", ""
    ),
    Mutant(
        "hidden state reset at updates",
        broken(Network, "differentiate", parts.reset_hidden),
        "truncation_lstm",
        "",
    ),
    Mutant("predict leaves its state behind", wrong.LeakyPredict, "predict_leaves_training_alone", ""),
    Mutant("predict counted as an update", wrong.CountingPredict, "predict_leaves_training_alone", ""),
    Mutant("moments forgotten between calls", wrong.ForgetfulCalls, "rows_equal_calls", ""),
    Mutant("moments shared between instances", wrong.SharedMoments, "rows_equal_calls", ""),
    Mutant("first data kept", wrong.StaleData, "data_change", ""),
    Mutant("first batch size kept", wrong.FirstBatchSize, "batch_sizes_change", ""),
    Mutant("large batches cut short", wrong.BatchCutShort, "repeated_sequences", ""),
    Mutant("different from run to run", wrong.RememberedClock, "repeatable", ""),
    # the batches and the update
    Mutant("batches sorted", wrong.SortedBatches, "rows_equal_calls", ""),
    Mutant("updates one batch late", wrong.LateUpdate, "gradients_elman_tanh", ""),
    Mutant("loss after the update", wrong.LossAfterUpdate, "losses_sum_and_average", ""),
    Mutant("clipped by norm", wrong.ClippedByNorm, "clipping", ""),
    Mutant("clipped after the update", wrong.ClippedAfterUpdate, "clipping", ""),
    Mutant("weights decayed", wrong.WeightDecay, "gradients_elman_tanh", ""),
    Mutant(
        "epsilon inside the root",
        broken(numpy_optimizers, "AdamRule", wrong.EpsilonInsideRoot),
        "adam_first_updates",
        "under the root",
    ),
    Mutant(
        "epsilon inside the bias correction",
        broken(numpy_optimizers, "AdamRule", wrong.EpsilonInsideCorrection),
        "adam_first_updates",
        "torch.optim",
    ),
    Mutant(
        "epsilon of its own",
        broken(numpy_optimizers, "AdamRule", wrong.EpsilonOfItsOwn),
        "adam_first_updates",
        "",
    ),
    Mutant(
        "no bias correction",
        broken(numpy_optimizers, "AdamRule", wrong.NoBiasCorrection),
        "adam_first_updates",
        "bias correction looks missing",
    ),
    Mutant(
        "bias correction without its root",
        broken(numpy_optimizers, "AdamRule", wrong.RootTaken),
        "adam_first_updates",
        "",
    ),
    Mutant(
        "moments in double precision",
        broken(numpy_optimizers, "AdamRule", wrong.DoubleMoments),
        "adam_in_float32",
        "moments look kept in float64",
    ),
    Mutant(
        "moments in single precision",
        broken(numpy_optimizers, "AdamRule", wrong.SingleMoments),
        "adam_first_updates",
        "",
    ),
    # the letter of the contract
    Mutant("batches sorted in place", wrong.SortsInPlace, "arguments_unmodified", "batches"),
    Mutant("parameters written back", wrong.WritesParametersBack, "arguments_unmodified", "kernel"),
    Mutant("parameters returned alive", wrong.LiveParameters, "results_are_copies", ""),
    Mutant("single precision under float64", wrong.SinglePrecision, "parameters_round_trip", ""),
    Mutant("single precision gradients", wrong.SingleGradients, "gradients_elman_tanh", ""),
    Mutant("half precision under float32", wrong.HalfPrecision, "float32_follows_float64", ""),
    Mutant("predictions squeezed", wrong.Squeezed, "smallest_sizes", "expected shape"),
    Mutant("one prediction for none", wrong.PredictsSomething, "predicts_nothing_of_nothing", "no sequences"),
    Mutant("a loss of no batch", wrong.LosesNothing, "no_batches_no_losses", "losses of no batches"),
    Mutant("moments left out of the state", wrong.LosesMoments, "goes_on_from_its_state", "of a new adapter"),
    Mutant("count left out of the state", wrong.LosesStep, "goes_on_from_its_state", "of a new adapter"),
    Mutant("state handed out alive", wrong.LiveState, "goes_on_from_its_state", "of a new adapter"),
    Mutant("restored elsewhere", wrong.RestoresElsewhere, "goes_on_from_its_state", "of one that goes back"),
    Mutant("batches of one integer type", wrong.IndexTypeMinded, "any_layout", "IndexError"),
)
