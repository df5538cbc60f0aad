"""The reference, and NumPy's adapter, beside Keras' layers, TensorFlow's tape and Keras' Adam."""

import numpy as np
import pytest

from adapters.conformance.expectations import difference
from adapters.interface import Adam
from tests.groups import of_framework
from tests.oracle_cases import after_training, assert_close, each_case, each_of_ours, gradients, long_case

pytestmark = of_framework("tensorflow")


@pytest.fixture(autouse=True)
def keras():
    """Imported in the process of its group alone."""
    return pytest.importorskip("keras")


class KerasLayers:
    """`keras.layers.LSTM` or `SimpleRNN` and `Dense`, called directly, outside any graph."""

    def __init__(self, keras, case):
        self.keras, self.tensorflow = keras, pytest.importorskip("tensorflow")
        self.case, model = case, case.model
        layer = keras.layers.LSTM if model.cell == "lstm" else keras.layers.SimpleRNN
        options = {"use_bias": model.bias, "dtype": "float64"}
        self.layer = layer(model.hidden, return_sequences=model.readout == "every", **options)
        self.readout = keras.layers.Dense(model.outputs, **options)
        self.predict(case.inputs)
        recurrent = [name for name in case.parameters if not name.startswith("readout")]
        self.layer.set_weights([case.parameters[name] for name in recurrent])
        self.readout.set_weights([case.parameters[name] for name in case.parameters if name not in recurrent])

    @property
    def variables(self):
        return [*self.layer.trainable_variables, *self.readout.trainable_variables]

    def predict(self, inputs):
        return self.readout(self.layer(inputs))

    def differentiate(self, row):
        targets = self.case.targets[row]
        with self.tensorflow.GradientTape() as tape:
            outputs = self.predict(self.case.inputs[row])
            if self.case.model.loss == "half_squared_error":
                loss = self.tensorflow.nn.l2_loss(outputs - targets)
            else:
                cross_entropy = self.keras.losses.SparseCategoricalCrossentropy(
                    from_logits=True, reduction="sum", dtype="float64"
                )
                loss = cross_entropy(targets, outputs)
            loss = loss / len(row)
        return tape.gradient(loss, [variable.value for variable in self.variables])

    def canonical(self, values):
        return {name: value.numpy() for name, value in zip(self.case.parameters, values, strict=True)}


@each_case
@each_of_ours
def test_predictions_are_those_of_its_layers(adapter_type, case, keras):
    expected = np.array(KerasLayers(keras, case).predict(case.inputs))
    assert difference(case.start(adapter_type).predict(case.inputs), expected) < 1e-10


@each_case
@each_of_ours
def test_gradients_are_those_of_its_tape(adapter_type, case, keras):
    layers = KerasLayers(keras, case)
    assert_close(gradients(adapter_type, case), layers.canonical(layers.differentiate(case.batches[0])))


@each_of_ours
def test_many_updates_are_those_of_its_adam(adapter_type, keras):
    """Keras holds its hyperparameters in float32: all of these are powers of two, or exact sums of them."""
    rate, beta1, beta2, epsilon = 2**-7, 1 - 2**-3, 1 - 2**-10, 2**-13
    case = long_case(Adam(learning_rate=rate, beta1=beta1, beta2=beta2, epsilon=epsilon))
    layers = KerasLayers(keras, case)
    optimizer = keras.optimizers.Adam(rate, beta1, beta2, epsilon)
    for row in case.batches:
        optimizer.apply(layers.differentiate(row), layers.variables)
    values = [variable.value for variable in layers.variables]
    assert_close(after_training(adapter_type, case), layers.canonical(values))
