"""What each typical mistake is called, and how it is mended."""

from compare.port.records.result import Cause

MENDING = {
    "gate-order": "reorder the blocks of its kernels and biases before they are loaded",
    "transposed-kernel": "transpose the kernel as it is loaded: torch has (out, in), Keras and JAX (in, out)",
    "missing-bias": "give both a bias (bias=True in torch, use_bias=True in Keras and flax), or neither",
    "two-biases": "freeze torch's second bias at zero (layer.bias_hh_l0.requires_grad_(False).zero_()), or "
    "train two in the other program too",
    "forget-bias": "add the 1 to the initial bias instead of in the cell, and in one place only",
    "activation": "use the same activation in both (Keras: activation=, recurrent_activation=; torch.nn has "
    "tanh and sigmoid)",
    "reset-gate": "apply the reset gate after the recurrent product in both (Keras: reset_after=True, as "
    "torch.nn and flax do), or before it in both",
    "update-gate": "exchange z and 1 − z in the cell: h = (1 − z)·n + z·h",
    "direction-order": "put the forward direction's states first, and have the second read backwards",
    "direction-padding": "have the reverse direction begin at the last valid step (torch: "
    "pack_padded_sequence; "
    ""
    "Keras: a mask; flax: seq_lengths)",
    "layer-order": "apply the layers in the same order, or name the pairs with --map",
    "readout-step": "read the same step: the last valid one of the forward direction, the first of the "
    "reverse",
    "padding": "leave padded steps out in both (torch: pack_padded_sequence or padding_idx; Keras: "
    "Masking or "
    "mask_zero=True; flax: seq_lengths)",
    "loss-reduction": "use one reduction: torch reduction='mean', Keras reduction='sum_over_batch_size'",
    "loss-over-time": "sum or average over time steps in both",
    "loss-broadcast": "give outputs and targets one shape: outputs.squeeze(-1), or targets[:, None]",
    "softmax-twice": "hand the loss logits: drop the last softmax, or say from_logits=False in Keras",
    "label-smoothing": "set label_smoothing to the same value in both losses",
    "loss-kind": "use the same loss in both",
    "epsilon-value": "set it in both: torch eps=1e-7, or Keras epsilon=1e-8 (a LayerNorm: eps=, epsilon=)",
    "epsilon-place": "nothing in the settings mends it: torch and optax add epsilon after the bias "
    "correction, "
    ""
    "Keras before it; a smaller epsilon makes it matter less",
    "betas": "set the same betas (torch betas=, Keras beta_1=, beta_2=, optax b1=, b2=)",
    "learning-rate": "set the same learning rate",
    "weight-decay": "use one form: decoupled (AdamW; Keras weight_decay=), or coupled (torch Adam or SGD "
    "weight_decay=, Keras a regularizer), with the same value",
    "momentum": "set the same momentum, dampening=0, and the same nesterov",
    "rmsprop-form": "set the same decay (torch alpha=0.99, Keras rho=0.9, optax decay=0.9) and mind where "
    "epsilon "
    "stands: torch adds it to the root, Keras and optax under it",
    "clip": "clip the same way: torch clip_grad_norm_ is Keras' global_clipnorm and optax' "
    "clip_by_global_norm, "
    "Keras' clipnorm is by array; torch divides by the norm + 1e-6",
    "schedule": "step it once after each update in both, counted from 0",
    "dropout": "set the same rates in both",
    "frozen-parameter": "train it in both, or in neither (torch requires_grad and the optimizer's "
    "list; Keras "
    ""
    "trainable)",
    "dtype": "compute in one dtype: no .float() or dtype= on a part of the model",
    "state-carried": "begin every batch with a zero state (Keras: stateful=False; torch: do not keep the "
    "hidden "
    "state)",
    "data-order": "hand both the same batches in the same order, and do not reorder inside the model",
    "batch-axis": "say which axis is the batch: torch.nn needs batch_first=True for (batch, time, features)",
    "optimizer": "use the same optimizer in both",
    "unknown": "look at the place named above in both programs",
}

_SETUP = {
    "two-biases": "{side} trains two biases in {place} that are summed: their sum moves twice as far",
    "missing-bias": "only {side} has this bias in {place}",
    "frozen-parameter": "{side} does not train {place}",
    "dropout": "dropout differs: {side}",
    "optimizer": "the update rules differ: {side}",
}


def cause(slug: str, sentence: str) -> Cause:
    """A cause, with how to mend it."""
    return Cause(slug=slug, sentence=sentence, mend=MENDING[slug])


def at_setup(slug: str, place: str, side: str) -> Cause:
    """A cause that can be told before anything runs."""
    form = _SETUP.get(slug, "{place}: {side}")
    return cause(slug, form.format(place=place.replace("_", " ") if slug not in _SETUP else place, side=side))
