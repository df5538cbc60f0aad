"""Programs in Keras: the plain ones, and each of them with one mistake."""

import keras
from keras import layers as L  # noqa: N812 - as many write it
from keras import ops

from compare.port import KerasProgram

CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy


def trained(layers, loss=None, optimizer=None, inputs=(12, 3)):
    model = layers if isinstance(layers, keras.Model) else keras.Sequential([keras.Input(inputs), *layers])
    model.compile(optimizer or keras.optimizers.SGD(0.1), loss or CROSS_ENTROPY(from_logits=True))
    return KerasProgram(model)


def lstm(**options):
    return trained([L.LSTM(5), L.Dense(4)], **options)


def adam(rate=0.01, **options):
    return lstm(optimizer=keras.optimizers.Adam(rate, **options))


def gru():
    return trained([L.GRU(5), L.Dense(4)])


def elman():
    return trained([L.SimpleRNN(5), L.Dense(4)])


def every():
    return trained([L.LSTM(5, return_sequences=True), L.Dense(4)])


def time_distributed():
    return trained([L.LSTM(5, return_sequences=True), L.TimeDistributed(L.Dense(4))])


def number():
    return trained([L.LSTM(5), L.Dense(1)], "mse")


class Cell(L.LSTMCell):
    """An LSTM's cell by hand."""

    forget, order = 0.0, (0, 1, 2, 3)
    transposed = False

    def call(self, inputs, states, training=False):
        h, c = states
        kernel = self.recurrent_kernel
        if self.transposed:
            kernel = ops.concatenate([ops.transpose(each) for each in ops.split(kernel, 4, axis=-1)], axis=-1)
        gates = ops.matmul(inputs, self.kernel) + ops.matmul(h, kernel) + self.bias
        parts = ops.split(gates, 4, axis=-1)
        i, f, g, o = (parts[block] for block in self.order)
        c = self.recurrent_activation(f + self.forget) * c + self.recurrent_activation(i) * self.activation(g)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, [h, c]


def cell_by_hand():
    return trained([L.RNN(Cell(5)), L.Dense(4)])


def _cell(**attributes):
    cell = Cell(5)
    for name, value in attributes.items():
        setattr(cell, name, value)
    return trained([L.RNN(cell), L.Dense(4)])


def forget_bias():
    return _cell(forget=1.0)


def gate_order():
    return _cell(order=(0, 2, 1, 3))


def transposed_kernel():
    return _cell(transposed=True)


def hard_sigmoid():
    return trained([L.LSTM(5, recurrent_activation="hard_sigmoid"), L.Dense(4)])


def relu():
    return trained([L.LSTM(5, activation="relu"), L.Dense(4)])


def softmax():
    """Keras' own cross-entropy undoes the softmax: outputs differ, and nothing else."""
    return trained([L.LSTM(5), L.Dense(4, activation="softmax")], CROSS_ENTROPY())


def softmax_twice():
    return trained([L.LSTM(5), L.Dense(4, activation="softmax")])


def missing_bias():
    return trained([L.LSTM(5), L.Dense(4, use_bias=False)])


def reset_gate():
    return trained([L.GRU(5, reset_after=False), L.Dense(4)])


def bidirectional():
    return trained([L.Bidirectional(L.LSTM(5)), L.Dense(4)])


def direction_order():
    inputs = keras.Input((12, 3))
    forward, backward = L.LSTM(5)(inputs), L.LSTM(5, go_backwards=True)(inputs)
    return trained(keras.Model(inputs, L.Dense(4)(L.Concatenate()([backward, forward]))))


def readout_step():
    inputs = keras.Input((12, 3))
    states = L.LSTM(5, return_sequences=True)(inputs)
    return trained(keras.Model(inputs, L.Dense(4)(states[:, 0])))


def hidden():
    return trained([L.LSTM(5), L.Dense(6, activation="relu"), L.Dense(4)])


def norm_and_activation():
    return trained([L.LSTM(5), L.LayerNormalization(epsilon=1e-3), L.ReLU(), L.Dense(4)])


def residual():
    """What a chain of layers does not compute: a sum of a layer's inputs and outputs."""
    inputs = keras.Input((12, 3))
    state = L.LSTM(5)(inputs)
    hidden = L.Dense(6, activation="relu")(state)
    return trained(keras.Model(inputs, L.Dense(4)(L.Add()([hidden, ops.pad(state, ((0, 0), (0, 1)))]))))


def clipped_words():
    """Keras clips an embedding's gradient token by token."""
    layers = [L.Embedding(9, 3), L.LSTM(5), L.LayerNormalization(epsilon=1e-3), L.Dense(4)]
    return trained(layers, optimizer=keras.optimizers.SGD(0.1, clipvalue=0.01), inputs=(12,))


def padded():
    return trained([L.Masking(), L.LSTM(5), L.Dense(4)])


def padding():
    return trained([L.LSTM(5), L.Dense(4)])


def padded_bidirectional():
    return trained([L.Masking(), L.Bidirectional(L.LSTM(5)), L.Dense(4)])


def stack():
    return trained(
        [L.LSTM(5, return_sequences=True), L.LSTM(5, return_sequences=True), L.LSTM(5), L.Dense(4)],
        inputs=(12, 5),
    )


def loss_reduction():
    return lstm(loss=CROSS_ENTROPY(from_logits=True, reduction="sum"))


def loss_over_time():
    def summed(targets, outputs):
        losses = keras.losses.sparse_categorical_crossentropy(targets, outputs, from_logits=True)
        return ops.sum(losses, axis=-1)

    return trained([L.LSTM(5, return_sequences=True), L.Dense(4)], summed)


def loss_broadcast():
    def broadcast(targets, outputs):
        return ops.mean((outputs - ops.squeeze(targets, -1)) ** 2)

    return trained([L.LSTM(5), L.Dense(1)], broadcast)


def label_smoothing():
    def smoothed(targets, outputs):
        one_hot = ops.one_hot(ops.cast(targets, "int32"), 4, dtype=outputs.dtype)
        return keras.losses.categorical_crossentropy(one_hot, outputs, from_logits=True, label_smoothing=0.1)

    return lstm(loss=smoothed)


def epsilon_value():
    return adam(epsilon=1e-5)


def betas():
    return adam(beta_2=0.99)


def learning_rate():
    return lstm(optimizer=keras.optimizers.SGD(0.05))


def weight_decay():
    return adam(weight_decay=0.01)


def regularized():
    decay = keras.regularizers.L2(0.005)
    return trained([L.LSTM(5, kernel_regularizer=decay), L.Dense(4)])


def momentum():
    return lstm(optimizer=keras.optimizers.SGD(0.1, momentum=0.9))


def nesterov():
    return lstm(optimizer=keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True))


def rmsprop():
    return lstm(optimizer=keras.optimizers.RMSprop(0.01, rho=0.9, epsilon=1e-7))


def decayed():
    return lstm(optimizer=keras.optimizers.SGD(0.1, weight_decay=0.05))


def clip_value():
    return lstm(optimizer=keras.optimizers.SGD(0.1, clipvalue=0.01))


def clip_each_norm():
    return lstm(optimizer=keras.optimizers.SGD(0.1, clipnorm=0.05))


def clip_norm():
    return lstm(optimizer=keras.optimizers.SGD(0.1, global_clipnorm=0.05))


def schedule():
    return lstm(optimizer=keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.95)))


def schedule_by_epoch():
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.95**3, staircase=True)
    return lstm(optimizer=keras.optimizers.SGD(decay))


def schedule_off_by_one():
    decay = keras.optimizers.schedules.ExponentialDecay(0.1 * 0.95, 1, 0.95)
    return lstm(optimizer=keras.optimizers.SGD(decay))


def dropout():
    return trained([L.LSTM(5), L.Dropout(0.2), L.Dense(4)])


def frozen_parameter():
    layers = [L.LSTM(5), L.Dense(4)]
    layers[0].trainable = False
    return trained(layers)


def dtype():
    return trained([L.LSTM(5, dtype="float32"), L.Dense(4)])


def state_carried():
    model = keras.Sequential([keras.Input(batch_shape=(6, 12, 3)), L.LSTM(5, stateful=True), L.Dense(4)])
    return trained(model)


def words():
    return trained(
        [L.Embedding(9, 3), L.LSTM(5), L.LayerNormalization(epsilon=1e-3), L.Dense(4)], inputs=(12,)
    )


def masked_words():
    return trained(
        [L.Embedding(9, 3, mask_zero=True), L.LSTM(5), L.LayerNormalization(), L.Dense(4)], inputs=(12,)
    )
