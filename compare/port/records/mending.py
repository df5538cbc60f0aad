"""How each typical mistake is mended, in words that all frameworks share and in each one's own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mending:
    """What to do, and how it is written in the frameworks where that can be said in a few words."""

    general: str
    torch: str = ""
    keras: str = ""
    jax: str = ""


MENDING = {
    "gate-order": Mending(
        "reorder the blocks of kernels and biases, or the gates in the cell",
        torch="torch.nn has i, f, g, o and r, z, n",
        keras="Keras has i, f, c, o and z, r, h",
        jax="flax has i, f, g, o and r, z, n",
    ),
    "transposed-kernel": Mending(
        "transpose the kernel where it is used or loaded",
        torch="weights are (out, in): x @ weight.T",
        keras="kernels are (in, out): x @ kernel",
        jax="kernels are (in, out): x @ kernel",
    ),
    "missing-bias": Mending(
        "give both a bias, or neither",
        torch="bias=True",
        keras="use_bias=True",
        jax="use_bias=True",
    ),
    "two-biases": Mending(
        "train one bias in both, or two in both",
        torch="layer.bias_hh_l0.requires_grad_(False).zero_() makes the second none",
        keras="RNN(cell) with a cell that adds a second one",
        jax="a cell that adds a second one",
    ),
    "forget-bias": Mending(
        "add the 1 to the forget gate's bias once, when it is initialized, and not in the cell",
        torch="bias_ih_l0[hidden:2 * hidden] += 1",
        keras="unit_forget_bias=True does that",
    ),
    "activation": Mending(
        "use the same activation in both",
        torch="torch.nn.LSTM and GRU have tanh and sigmoid, RNN has nonlinearity=",
        keras="activation=, recurrent_activation=",
        jax="activation_fn=, gate_fn= of the cell",
    ),
    "reset-gate": Mending(
        "apply the reset gate on the same side of the recurrent product in both",
        torch="torch.nn.GRU applies it after the product",
        keras="GRU(…, reset_after=True) applies it after the product, False before it",
        jax="flax' GRUCell applies it after the product",
    ),
    "update-gate": Mending("exchange z and 1 − z in the cell: h = (1 − z)·n + z·h"),
    "direction-order": Mending(
        "put the forward direction's states first, and have the second read backwards",
        torch="torch.cat((h[-2], h[-1]), -1)",
        keras="Concatenate()([forward, backward]), the backward sequence turned around again",
        jax="nnx.Bidirectional(forward, backward)",
    ),
    "direction-padding": Mending(
        "have the reverse direction begin at the last valid step",
        torch="pack_padded_sequence(x, lengths, …)",
        keras="Masking() or mask_zero=True before Bidirectional",
        jax="seq_lengths=lengths",
    ),
    "layer-order": Mending("apply the layers in the same order, or name the pairs with --map"),
    "readout-step": Mending(
        "read the same step: the last valid one, of the reverse direction the first",
        torch="states[:, -1] or h[-1]",
        keras="return_sequences=False",
        jax="states[:, -1]",
    ),
    "padding": Mending(
        "leave padded steps out in both, or in neither",
        torch="pack_padded_sequence, padding_idx=, ignore_index=",
        keras="Masking() or mask_zero=True",
        jax="seq_lengths=lengths",
    ),
    "loss-reduction": Mending(
        "use one reduction and one factor in both",
        torch="reduction='mean'",
        keras="reduction='sum_over_batch_size'",
        jax=".mean()",
    ),
    "loss-over-time": Mending(
        "sum or average over time steps in both",
        torch="cross_entropy(outputs.flatten(0, 1), targets.flatten()) averages",
        keras="the default reduction averages",
        jax=".mean() averages, .sum(1).mean() adds up",
    ),
    "loss-broadcast": Mending(
        "give outputs and targets one shape",
        torch="loss(outputs.squeeze(-1), targets)",
        keras="targets[:, None]",
        jax="loss(outputs[:, 0], targets)",
    ),
    "softmax-twice": Mending(
        "hand the loss what it expects: logits, or probabilities",
        torch="drop the softmax: cross_entropy has its own",
        keras="from_logits=False after a softmax, True without",
        jax="drop the softmax: optax.softmax_cross_entropy has its own",
    ),
    "label-smoothing": Mending(
        "smooth labels by the same amount in both",
        torch="label_smoothing=",
        keras="label_smoothing=",
        jax="optax.smooth_labels",
    ),
    "epsilon-value": Mending(
        "set one epsilon in both", torch="eps=", keras="epsilon=", jax="eps= (LayerNorm: epsilon=)"
    ),
    "epsilon-place": Mending(
        "no setting mends it: a smaller epsilon makes it matter less, SGD has none",
        torch="added after the bias correction",
        keras="added before the bias correction",
        jax="eps= is added after the bias correction, eps_root= inside the root",
    ),
    "betas": Mending("set the same betas", torch="betas=", keras="beta_1=, beta_2=", jax="b1=, b2="),
    "learning-rate": Mending("set the same learning rate", torch="lr=", keras="learning_rate="),
    "weight-decay": Mending(
        "use one form, decoupled or coupled, with one value",
        torch="AdamW is decoupled, weight_decay= of Adam and SGD coupled",
        keras="weight_decay= is decoupled, a regularizer coupled",
        jax="adamw is decoupled, add_decayed_weights before the optimizer coupled",
    ),
    "momentum": Mending(
        "set the same momentum, no dampening, the same nesterov",
        torch="momentum=, dampening=0, nesterov=",
        keras="momentum=, nesterov=",
        jax="momentum=, nesterov=",
    ),
    "rmsprop-form": Mending(
        "set the same decay, and mind where epsilon stands",
        torch="alpha=, epsilon added to the root",
        keras="rho=, epsilon added under the root",
        jax="decay=, eps_in_sqrt=False adds epsilon to the root",
    ),
    "clip": Mending(
        "clip the same way, at the same limit",
        torch="clip_grad_norm_ is over all parameters and divides by the norm + 1e-6",
        keras="global_clipnorm= is over all parameters, clipnorm= by array; an embedding is clipped token by "
        "token",
        jax="optax.clip_by_global_norm, before the optimizer",
    ),
    "schedule": Mending(
        "change the rate after each update in both, counted from 0",
        torch="scheduler.step() after every optimizer.step()",
        keras="a LearningRateSchedule counts updates, not epochs",
        jax="optax counts updates from 0",
    ),
    "dropout": Mending(
        "set the same rates in both, and train mode in both",
        torch="nn.Dropout(p), model.train()",
        keras="Dropout(rate), dropout=",
        jax="nnx.Dropout(rate)",
    ),
    "frozen-parameter": Mending(
        "train it in both, or in neither",
        torch="requires_grad, and the optimizer's list",
        keras="trainable=",
        jax="optax.masked, multi_transform, stop_gradient",
    ),
    "dtype": Mending(
        "compute in one dtype throughout",
        torch="no .float() or .half() on a part of the model",
        keras="no dtype= of one layer",
        jax="no astype or dtype= in a part of the model",
    ),
    "state-carried": Mending(
        "begin every batch with a zero state",
        torch="do not keep the hidden state",
        keras="stateful=False",
        jax="do not keep the carry",
    ),
    "data-order": Mending(
        "hand both the same batches in the same order, and reorder nothing inside the model"
    ),
    "batch-axis": Mending(
        "say which axis is the batch",
        torch="batch_first=True for (batch, time, features)",
        keras="Keras takes (batch, time, features)",
        jax="swap axes before lax.scan and after it; nnx.RNN(time_major=False)",
    ),
    "sparse-gradient": Mending(
        "add an embedding's gradient up before the optimizer squares or clips it",
        keras="override train_step and hand tf.convert_to_tensor(gradient) to the optimizer",
    ),
    "optimizer": Mending("use the same optimizer in both"),
    "unknown": Mending("look at the place named above in both programs"),
}
"""By slug; what a cause may be called is listed here alone."""
