"""Every adapter against code and numbers that were not made here."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.differentiate import derivative

from adapters import ADAPTERS, open_adapter
from adapters.conformance.cases import Case, difference, make_case
from adapters.conformance.mathematics import gradient_case
from adapters.conformance.reference import Reference
from adapters.interface import Adam, Adapter, Array, ModelSpec, Sgd, TrainSpec

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")
torch = pytest.importorskip("torch")

LOCKSTEP = 1e-10
UPDATES = 25
CASES = [
    gradient_case(cell="lstm", readout="every", loss="softmax_cross_entropy"),
    gradient_case(cell="lstm", bias=False),
    gradient_case(cell="elman", loss="softmax_cross_entropy"),
    gradient_case(cell="elman", bias=False, readout="every"),
]


def named(case: Case) -> str:
    bias = "bias" if case.model.bias else "no-bias"
    return f"{case.model.cell}-{case.model.readout}-{bias}-{case.model.loss}"


@pytest.fixture(params=ADAPTERS)
def adapter_type(request: pytest.FixtureRequest) -> type[Adapter]:
    return open_adapter(request.param)


def after_training(adapter_type: type[Adapter], case: Case) -> dict[str, Array]:
    adapter = case.start(adapter_type)
    adapter.train(case.batches)
    return adapter.parameters()


def gradients(adapter_type: type[Adapter], case: Case) -> dict[str, Array]:
    after = after_training(adapter_type, case)
    return {name: case.parameters[name] - after[name] for name in after}


def assert_close(came: dict[str, Array], expected: dict[str, Array]) -> None:
    assert came.keys() == expected.keys()
    for name, value in expected.items():
        assert difference(came[name], value) < LOCKSTEP, name


class TorchModules:
    """`torch.nn.LSTM` or `RNN` and `Linear`; gates i, f, g, o by its documentation, kernels transposed."""

    def __init__(self, case: Case) -> None:
        self.case, model = case, case.model
        layer = torch.nn.LSTM if model.cell == "lstm" else torch.nn.RNN
        options = {"bias": model.bias, "dtype": torch.float64}
        self.layer = layer(model.inputs, model.hidden, batch_first=True, **options)
        self.readout = torch.nn.Linear(model.hidden, model.outputs, **options)
        self.weights = {
            "input_kernel": self.layer.weight_ih_l0,
            "recurrent_kernel": self.layer.weight_hh_l0,
            "readout_kernel": self.readout.weight,
        }
        if model.bias:
            self.weights |= {"bias": self.layer.bias_ih_l0, "readout_bias": self.readout.bias}
            torch.nn.init.zeros_(self.layer.bias_hh_l0)
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(torch.tensor(case.parameters[name].T))

    def predict(self, inputs: Array) -> "torch.Tensor":
        hidden, _ = self.layer(torch.tensor(inputs))
        return self.readout(hidden if self.case.model.readout == "every" else hidden[:, -1])

    def differentiate(self, row: Array) -> None:
        outputs, targets = self.predict(self.case.inputs[row]), torch.tensor(self.case.targets[row])
        if self.case.model.loss == "half_squared_error":
            loss = torch.nn.functional.mse_loss(outputs, targets, reduction="sum") / 2
        else:
            loss = torch.nn.functional.cross_entropy(
                outputs.flatten(0, -2), targets.flatten(), reduction="sum"
            )
        for weight in self.weights.values():
            weight.grad = None
        (loss / len(row)).backward()

    def canonical(self, read: Callable[["torch.Tensor"], "torch.Tensor"]) -> dict[str, Array]:
        return {name: read(self.weights[name]).detach().numpy().T.copy() for name in self.case.parameters}


class KerasLayers:
    """`keras.layers.LSTM` or `SimpleRNN` and `Dense`, called directly, outside any graph."""

    def __init__(self, case: Case) -> None:
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
    def variables(self) -> list["keras.Variable"]:
        return [*self.layer.trainable_variables, *self.readout.trainable_variables]

    def predict(self, inputs: Array) -> "tf.Tensor":
        return self.readout(self.layer(inputs))

    def differentiate(self, row: Array) -> list["tf.Tensor"]:
        targets = self.case.targets[row]
        with tf.GradientTape() as tape:
            outputs = self.predict(self.case.inputs[row])
            if self.case.model.loss == "half_squared_error":
                loss = tf.nn.l2_loss(outputs - targets)
            else:
                cross_entropy = keras.losses.SparseCategoricalCrossentropy(
                    from_logits=True, reduction="sum", dtype="float64"
                )
                loss = cross_entropy(targets, outputs)
            loss = loss / len(row)
        return tape.gradient(loss, [variable.value for variable in self.variables])

    def canonical(self, values: list["tf.Tensor"]) -> dict[str, Array]:
        return {name: value.numpy() for name, value in zip(self.case.parameters, values, strict=True)}


@pytest.mark.parametrize("case", CASES, ids=named)
def test_predictions_of_torch_modules(adapter_type: type[Adapter], case: Case):
    expected = TorchModules(case).predict(case.inputs).detach().numpy()
    assert difference(case.start(adapter_type).predict(case.inputs), expected) < LOCKSTEP


@pytest.mark.parametrize("case", CASES, ids=named)
def test_predictions_of_keras_layers(adapter_type: type[Adapter], case: Case):
    expected = np.array(KerasLayers(case).predict(case.inputs))
    assert difference(case.start(adapter_type).predict(case.inputs), expected) < LOCKSTEP


@pytest.mark.parametrize("case", CASES, ids=named)
def test_gradients_of_torch_autograd(adapter_type: type[Adapter], case: Case):
    modules = TorchModules(case)
    modules.differentiate(case.batches[0])
    assert_close(gradients(adapter_type, case), modules.canonical(lambda weight: weight.grad))


@pytest.mark.parametrize("case", CASES, ids=named)
def test_gradients_of_keras_tape(adapter_type: type[Adapter], case: Case):
    layers = KerasLayers(case)
    assert_close(gradients(adapter_type, case), layers.canonical(layers.differentiate(case.batches[0])))


def long_case(optimizer: Sgd | Adam) -> Case:
    model = ModelSpec(cell="lstm", inputs=3, hidden=4, outputs=2, loss="half_squared_error")
    return make_case(model, TrainSpec(optimizer=optimizer, dtype="float64"), rows=UPDATES, time_steps=3)


def test_many_updates_of_keras_adam(adapter_type: type[Adapter]):
    """Keras holds its hyperparameters in float32: all of these are powers of two, or exact sums of them."""
    rate, beta1, beta2, epsilon = 2**-7, 1 - 2**-3, 1 - 2**-10, 2**-13
    case = long_case(Adam(learning_rate=rate, beta1=beta1, beta2=beta2, epsilon=epsilon))
    layers = KerasLayers(case)
    optimizer = keras.optimizers.Adam(rate, beta1, beta2, epsilon)
    for row in case.batches:
        optimizer.apply(layers.differentiate(row), layers.variables)
    values = [variable.value for variable in layers.variables]
    assert_close(after_training(adapter_type, case), layers.canonical(values))


def test_many_updates_of_torch_sgd(adapter_type: type[Adapter]):
    case = long_case(Sgd(learning_rate=0.1))
    modules = TorchModules(case)
    optimizer = torch.optim.SGD(modules.weights.values(), lr=0.1)
    for row in case.batches:
        modules.differentiate(row)
        optimizer.step()
    assert_close(after_training(adapter_type, case), modules.canonical(lambda weight: weight))


@pytest.mark.parametrize("place", ["ours", "its own"])
def test_many_updates_of_torch_adam_differ_by_the_place_of_epsilon_alone(
    adapter_type: type[Adapter], place: str
):
    """Inside the bias correction, an epsilon divided by √(1−β₂ᵗ) is one that stands outside."""
    epsilon, beta2 = 1e-4, 0.999
    case = long_case(Adam(learning_rate=0.01, beta2=beta2, epsilon=epsilon))
    modules = TorchModules(case)
    optimizer = torch.optim.Adam(modules.weights.values(), lr=0.01, betas=(0.9, beta2), eps=epsilon)
    for update, row in enumerate(case.batches, start=1):
        modules.differentiate(row)
        if place == "ours":
            optimizer.param_groups[0]["eps"] = epsilon / np.sqrt(1 - beta2**update)
        optimizer.step()
    came = after_training(adapter_type, case)
    expected = modules.canonical(lambda weight: weight)
    if place == "ours":
        assert_close(came, expected)
    else:
        assert max(difference(came[name], expected[name]) for name in expected) > 1e-4


@pytest.mark.parametrize("case", CASES, ids=named)
@pytest.mark.parametrize("name", ["numpy", "reference"])
def test_gradients_of_scipy_differences(name: str, case: Case):
    """SciPy's adaptive central differences of the reported loss, along three random directions."""
    adapter_type = Reference if name == "reference" else open_adapter(name)
    gradient = gradients(adapter_type, case)
    generator = np.random.default_rng(0)
    for _ in range(3):
        direction = {key: generator.normal(size=value.shape) for key, value in case.parameters.items()}

        @np.vectorize
        def loss(distance: float, direction: dict[str, Array] = direction) -> float:
            moved = {key: case.parameters[key] + distance * direction[key] for key in direction}
            return float(replace(case, parameters=moved).start(adapter_type).train(case.batches)[0])

        slope = sum(np.vdot(gradient[key], direction[key]) for key in direction)
        assert slope == pytest.approx(float(derivative(loss, 0.0).df), rel=1e-6)
