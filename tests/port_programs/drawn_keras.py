"""The architectures that are drawn at random, in Keras."""

import keras
from keras import layers as L  # noqa: N812 - as many write it

from compare.port import KerasProgram
from tests.port_programs.drawn import draw


def drawn_program(seed):
    spec = draw(seed)
    kind = {"lstm": L.LSTM, "gru": L.GRU, "elman": L.SimpleRNN}[spec.cell]
    layers = [keras.Input((9,) if spec.words else (9, spec.inputs))]
    if spec.words:
        layers.append(L.Embedding(11, spec.inputs))
    for level in range(spec.layers):
        layer = kind(spec.hidden, return_sequences=spec.every or level < spec.layers - 1)
        layers.append(L.Bidirectional(layer) if spec.bidirectional else layer)
    if spec.norm:
        layers.append(L.LayerNormalization(epsilon=1e-5))
    layers.append(L.Dense(spec.outputs))
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True) if spec.classes else "mse"
    optimizer = keras.optimizers.SGD(
        spec.rate, momentum=spec.momentum, nesterov=spec.nesterov, clipvalue=spec.clip
    )
    model.compile(optimizer, loss)
    return KerasProgram(model)
