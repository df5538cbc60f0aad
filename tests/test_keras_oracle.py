"""The reference and NumPy's adapter beside Keras' layers, optimizers and schedules, and TensorFlow's tape."""

from dataclasses import replace

import numpy as np
import pytest

from adapters.conformance.expectations import difference
from adapters.interface import Adam, AdamW, Cosine, Exponential, Sgd, rate_at
from adapters.parameters import layers
from tests.groups import of_framework
from tests.oracle_cases import (
    ALL,
    OURS,
    after_training,
    assert_close,
    each_network,
    gradients,
    long_case,
    named,
)

pytestmark = of_framework("tensorflow")

FLOAT32 = 1e-6
"""Keras' schedules compute in float32."""


@pytest.fixture(autouse=True)
def keras():
    """Imported in the process of its group alone."""
    return pytest.importorskip("keras")


def gates_exchanged(values):
    """Keras' GRU has its gates in the order z, r, n, the contract r, z, n."""
    return np.concatenate([np.split(values, 3, axis=-1)[gate] for gate in (1, 0, 2)], axis=-1)


class KerasLayers:
    """Keras' recurrent layers, stacked and `Bidirectional`, and `Dense`, called directly, outside any graph.

    Sequences of unlike length are masked. Readout 'last' is what a layer without `return_sequences` returns.
    """

    def __init__(self, keras, case):
        self.keras, self.tensorflow = keras, pytest.importorskip("tensorflow")
        self.case, model = case, case.model
        self.layers = [
            self.layer(level < model.layers - 1 or model.readout == "every") for level in range(model.layers)
        ]
        self.readout = keras.layers.Dense(model.outputs, use_bias=model.bias, dtype="float64")
        self.predict(case.inputs)
        for layer, level in zip(self.layers, layers(model), strict=True):
            layer.set_weights([weight for each in level for weight in self.weights_of(each)])
        self.readout.set_weights([v for name, v in case.parameters.items() if name.startswith("readout")])

    def layer(self, return_sequences):
        kinds, model = self.keras.layers, self.case.model
        kind = {"elman": kinds.SimpleRNN, "lstm": kinds.LSTM, "gru": kinds.GRU}[model.cell]
        options = {
            "elman": {"activation": model.activation},
            "gru": {"reset_after": model.reset == "after"},
        }.get(model.cell, {})
        layer = kind(
            model.hidden, use_bias=model.bias, return_sequences=return_sequences, dtype="float64", **options
        )
        return kinds.Bidirectional(layer, dtype="float64") if model.bidirectional else layer

    def weights_of(self, layer):
        """Of one direction; Keras adds a second bias to the GRU's recurrent product, zero but for c_n."""
        own = layer.of(self.case.parameters)
        candidate = own.pop("candidate_bias", None)
        if self.case.model.cell == "gru":
            own = {kind: gates_exchanged(value) for kind, value in own.items()}
        if candidate is not None:
            own["bias"] = [own["bias"], np.concatenate([0 * candidate, 0 * candidate, candidate])]
        return [np.array(value) for value in own.values()]

    @property
    def variables(self):
        return [variable for each in (*self.layers, self.readout) for variable in each.trainable_variables]

    def predict(self, inputs, lengths=None):
        mask = None if lengths is None else self.tensorflow.sequence_mask(lengths, inputs.shape[1])
        hidden = self.tensorflow.constant(inputs)
        for layer in self.layers:
            hidden = layer(hidden, mask=mask)
        outputs = self.readout(hidden)
        every = self.case.model.readout == "every" and mask is not None
        return outputs * self.tensorflow.cast(mask, "float64")[..., None] if every else outputs

    def differentiate(self, row):
        case = self.case
        lengths = None if case.lengths is None else case.lengths[row]
        counted = (
            np.arange(case.inputs.shape[1]) < lengths[:, None]
            if case.model.readout == "every" and lengths is not None
            else np.ones(case.targets[row].shape[: 1 + (case.model.readout == "every")], bool)
        )
        targets = case.targets[row][counted]
        with self.tensorflow.GradientTape() as tape:
            outputs = self.tensorflow.boolean_mask(self.predict(case.inputs[row], lengths), counted)
            if case.model.loss == "half_squared_error":
                loss = self.tensorflow.nn.l2_loss(outputs - targets)
            else:
                cross_entropy = self.keras.losses.SparseCategoricalCrossentropy(
                    from_logits=True, reduction="sum", dtype="float64"
                )
                loss = cross_entropy(targets, outputs)
            loss = loss / len(row)
        return tape.gradient(loss, [variable.value for variable in self.variables])

    def canonical(self, values):
        values = iter([value.numpy() for value in values])
        named = {}
        for layer in [layer for level in layers(self.case.model) for layer in level]:
            for kind in (kind for kind in layer.shapes if kind != "candidate_bias"):
                value = gates_exchanged(next(values)) if self.case.model.cell == "gru" else next(values)
                if value.shape != layer.shapes[kind]:
                    value, second = value
                    named["candidate_bias" + layer.suffix] = np.split(second, 3)[2]
                named[kind + layer.suffix] = value
        named |= zip(
            [name for name in self.case.parameters if name.startswith("readout")], values, strict=True
        )
        return {name: named[name] for name in self.case.parameters}

    def after(self, optimizer):
        """The parameters after an update for each batch."""
        for row in self.case.batches:
            optimizer.apply(self.differentiate(row), self.variables)
        return self.canonical([variable.value for variable in self.variables])


@each_network
def test_predictions_are_those_of_its_layers(case, keras):
    expected = np.array(KerasLayers(keras, case).predict(case.inputs, case.lengths))
    for ours in OURS:
        assert difference(case.start(ours).predict(case.inputs, case.lengths), expected) < 1e-10


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=() if case.model.activation == "sigmoid" else pytest.mark.exhaustive)
        for case in ALL
    ],
    ids=named,
)
def test_gradients_are_those_of_its_tape(case, keras):
    """Those of the sigmoid each time: no other library is asked for them."""
    layers = KerasLayers(keras, case)
    expected = layers.canonical(layers.differentiate(case.batches[0]))
    for ours in OURS:
        assert_close(gradients(ours, case), expected)


RATE, BETA1, BETA2, EPSILON, DECAY, MOMENTUM = 2**-7, 1 - 2**-3, 1 - 2**-10, 2**-13, 2**-4, 1 - 2**-3
"""Keras holds its hyperparameters in float32: all of these are powers of two, or exact sums of them."""

ADAMS = {"learning_rate": RATE, "beta1": BETA1, "beta2": BETA2, "epsilon": EPSILON}
ALIKE = {
    "adam": (Adam(**ADAMS), lambda rules: rules.Adam(RATE, BETA1, BETA2, EPSILON)),
    "adamw": (
        AdamW(weight_decay=DECAY, **ADAMS),
        lambda rules: rules.AdamW(RATE, DECAY, BETA1, BETA2, EPSILON),
    ),
    "sgd": (Sgd(learning_rate=RATE), lambda rules: rules.SGD(RATE)),
    "momentum": (Sgd(learning_rate=RATE, momentum=MOMENTUM), lambda rules: rules.SGD(RATE, MOMENTUM)),
    "nesterov": (
        Sgd(learning_rate=RATE, momentum=MOMENTUM, nesterov=True),
        lambda rules: rules.SGD(RATE, MOMENTUM, nesterov=True),
    ),
}


@pytest.mark.parametrize(("rule", "theirs"), ALIKE.values(), ids=ALIKE)
def test_many_updates_are_those_of_its_optimizers(rule, theirs, keras):
    case = long_case(rule)
    expected = KerasLayers(keras, case).after(theirs(keras.optimizers))
    for ours in OURS:
        assert_close(after_training(ours, case), expected)


CLIPPED = {
    "norm": ("clip_norm", "global_clipnorm"),
    "value": ("clip_value", "clipvalue"),
}


@pytest.mark.parametrize(("field", "theirs"), CLIPPED.values(), ids=CLIPPED)
def test_clipping_is_its_clipping(field, theirs, keras):
    case = long_case(Sgd(learning_rate=RATE))
    case = replace(case, train=replace(case.train, **{field: 2**-3}))
    expected = KerasLayers(keras, case).after(keras.optimizers.SGD(RATE, **{theirs: 2**-3}))
    for ours in OURS:
        assert_close(after_training(ours, case), expected)


# where Keras means something else by the same name


def moves(keras, optimizer, gradient, rates):
    """How far each of some updates by the same gradient moves a variable that was 0."""
    variable, values = keras.Variable(np.zeros_like(gradient), dtype="float64"), [np.zeros_like(gradient)]
    for optimizer.learning_rate in rates:
        optimizer.apply([gradient], [variable])
        values.append(variable.numpy())
    return np.diff(values, axis=0)


def test_its_rms_prop_has_epsilon_under_the_root(keras):
    """Ours stands beside it."""
    gradient = np.array([2.0**-6, 1.0])
    square = (1 - BETA1) * gradient**2
    (moved,) = moves(keras, keras.optimizers.RMSprop(RATE, BETA1, epsilon=EPSILON), gradient, [RATE])
    assert difference(moved, -RATE * gradient / np.sqrt(square + EPSILON)) < 1e-12
    assert difference(moved, -RATE * gradient / (np.sqrt(square) + EPSILON)) > 1e-3


def test_its_momentum_keeps_the_rates_of_earlier_updates(keras):
    """Its velocity is of η·g: once the rate halves, the first gradient still moves by the first rate."""
    _, moved = moves(keras, keras.optimizers.SGD(RATE, MOMENTUM), np.array([1.0]), [RATE, RATE / 2])
    assert difference(moved, np.array([-(RATE / 2 + MOMENTUM * RATE)])) < 1e-12
    assert difference(moved, np.array([-(RATE / 2) * (1 + MOMENTUM)])) > 0.1


@pytest.mark.parametrize("update", [0, 1, 7, 49, 50, 51, 1000])
def test_schedules_are_its_schedules(update, keras):
    schedules = keras.optimizers.schedules
    cosine = schedules.CosineDecay(RATE, 50, alpha=2**-4)
    assert rate_at(Cosine(peak=RATE, updates=50, floor=RATE * 2**-4), update) == pytest.approx(
        float(cosine(update)), rel=FLOAT32
    )
    exponential = schedules.ExponentialDecay(RATE, 50, 0.5)
    assert rate_at(Exponential(start=RATE, decay=0.5, every=50), update) == pytest.approx(
        float(exponential(update)), rel=FLOAT32
    )


@pytest.mark.parametrize("update", [0, 3, 9])
def test_its_warm_up_is_an_update_late(update, keras):
    """It begins at a rate of 0: peak·n/warm_up, where ours has n + 1."""
    theirs = keras.optimizers.schedules.CosineDecay(0.0, 90, warmup_target=RATE, warmup_steps=10)
    ours = Cosine(peak=RATE, updates=100, warm_up=10)
    assert float(theirs(update)) == pytest.approx(RATE * update / 10, rel=FLOAT32)
    assert float(theirs(update + 1)) == pytest.approx(rate_at(ours, update), rel=FLOAT32)
