"""The reference, and NumPy's adapter, beside `torch.nn`, autograd and `torch.optim`."""

import numpy as np
import pytest

from adapters.conformance.expectations import difference
from adapters.interface import Adam, Sgd
from tests.groups import of_framework
from tests.oracle_cases import after_training, assert_close, each_case, each_of_ours, gradients, long_case

pytestmark = of_framework("torch")


@pytest.fixture(autouse=True)
def torch():
    """Imported in the process of its group alone."""
    return pytest.importorskip("torch")


class TorchModules:
    """`torch.nn.LSTM` or `RNN` and `Linear`; gates i, f, g, o by its documentation, kernels transposed."""

    def __init__(self, torch, case):
        self.torch, self.case, model = torch, case, case.model
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

    def predict(self, inputs):
        hidden, _ = self.layer(self.torch.tensor(inputs))
        return self.readout(hidden if self.case.model.readout == "every" else hidden[:, -1])

    def differentiate(self, row):
        losses = self.torch.nn.functional
        outputs, targets = self.predict(self.case.inputs[row]), self.torch.tensor(self.case.targets[row])
        if self.case.model.loss == "half_squared_error":
            loss = losses.mse_loss(outputs, targets, reduction="sum") / 2
        else:
            loss = losses.cross_entropy(outputs.flatten(0, -2), targets.flatten(), reduction="sum")
        for weight in self.weights.values():
            weight.grad = None
        (loss / len(row)).backward()

    def canonical(self, read):
        return {name: read(self.weights[name]).detach().numpy().T.copy() for name in self.case.parameters}


@each_case
@each_of_ours
def test_predictions_are_those_of_its_modules(adapter_type, case, torch):
    expected = TorchModules(torch, case).predict(case.inputs).detach().numpy()
    assert difference(case.start(adapter_type).predict(case.inputs), expected) < 1e-10


@each_case
@each_of_ours
def test_gradients_are_those_of_its_autograd(adapter_type, case, torch):
    modules = TorchModules(torch, case)
    modules.differentiate(case.batches[0])
    assert_close(gradients(adapter_type, case), modules.canonical(lambda weight: weight.grad))


@each_of_ours
def test_many_updates_are_those_of_its_sgd(adapter_type, torch):
    case = long_case(Sgd(learning_rate=0.1))
    modules = TorchModules(torch, case)
    optimizer = torch.optim.SGD(modules.weights.values(), lr=0.1)
    for row in case.batches:
        modules.differentiate(row)
        optimizer.step()
    assert_close(after_training(adapter_type, case), modules.canonical(lambda weight: weight))


@pytest.mark.parametrize("place", ["ours", "its own"])
@each_of_ours
def test_many_updates_differ_from_its_adam_by_the_place_of_epsilon_alone(adapter_type, place, torch):
    """Inside the bias correction, an epsilon divided by √(1−β₂ᵗ) is one that stands outside."""
    epsilon, beta2 = 1e-4, 0.999
    case = long_case(Adam(learning_rate=0.01, beta2=beta2, epsilon=epsilon))
    modules = TorchModules(torch, case)
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
