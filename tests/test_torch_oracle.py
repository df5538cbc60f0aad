"""The reference, and NumPy's adapter, beside `torch.nn`, autograd and `torch.optim`."""

from dataclasses import replace

import numpy as np
import pytest

from adapters.conformance.expectations import difference
from adapters.interface import Adam, AdamW, Cosine, Exponential, RmsProp, Sgd
from adapters.parameters import layers
from tests.groups import of_framework
from tests.oracle_cases import (
    after_training,
    assert_close,
    each_network_of_torch,
    each_of_ours,
    gradients,
    long_case,
)

pytestmark = of_framework("torch")


@pytest.fixture(autouse=True)
def torch():
    """Imported in the process of its group alone."""
    return pytest.importorskip("torch")


class TorchModules:
    """`torch.nn.RNN`, `LSTM` or `GRU`, and `Linear`, kernels transposed, sequences of unlike length packed.

    Gates are i, f, g, o and r, z, n by its documentation. Of two biases a gate the second is 0 and not
    trained, but for the one that stands inside the GRU's reset gate, which is our candidate_bias.
    """

    def __init__(self, torch, case):
        self.torch, self.case, model = torch, case, case.model
        layer = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[model.cell]
        options = {"bias": model.bias, "dtype": torch.float64}
        self.layer = layer(
            model.inputs,
            model.hidden,
            model.layers,
            batch_first=True,
            bidirectional=model.bidirectional,
            **options,
        )
        self.readout = torch.nn.Linear(model.width, model.outputs, **options)
        self.weights = {"readout_kernel": self.readout.weight}
        if model.bias:
            self.weights["readout_bias"] = self.readout.bias
        for number, level in enumerate(layers(model)):
            for each in level:
                self.adopt(each, f"_l{number}" + ("_reverse" if each.reverse else ""))
        with torch.no_grad():
            for name, weight in self.weights.items():
                self.ours(name, weight).copy_(torch.tensor(case.parameters[name].T))

    def adopt(self, layer, suffix):
        theirs = {
            "input_kernel": "weight_ih",
            "recurrent_kernel": "weight_hh",
            "bias": "bias_ih",
            "candidate_bias": "bias_hh",
        }
        for kind in layer.shapes:
            self.weights[kind + layer.suffix] = getattr(self.layer, theirs[kind] + suffix)
        if self.case.model.bias:
            self.torch.nn.init.zeros_(getattr(self.layer, "bias_hh" + suffix))

    def ours(self, name, value):
        """The part of a tensor that is a parameter of ours."""
        return value[2 * self.case.model.hidden :] if name.startswith("candidate") else value

    def predict(self, inputs, lengths=None):
        rnn, values = self.torch.nn.utils.rnn, self.torch.tensor(inputs)
        lengths = self.torch.full((len(inputs),), inputs.shape[1]) if lengths is None else lengths
        lengths = self.torch.as_tensor(lengths)
        packed = rnn.pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
        hidden, last = self.layer(packed)
        if self.case.model.readout == "every":
            padded, _ = rnn.pad_packed_sequence(hidden, batch_first=True, total_length=inputs.shape[1])
            valid = self.torch.arange(inputs.shape[1]) < lengths[:, None]
            return self.readout(padded) * valid[..., None]
        last = last[0] if self.case.model.cell == "lstm" else last
        directions = 2 if self.case.model.bidirectional else 1
        return self.readout(self.torch.cat([*last[-directions:]], -1))

    def differentiate(self, row):
        losses, case = self.torch.nn.functional, self.case
        lengths = None if case.lengths is None else case.lengths[row]
        outputs, targets = self.predict(case.inputs[row], lengths), self.torch.tensor(case.targets[row])
        if case.model.readout == "every" and lengths is not None:
            valid = np.arange(case.inputs.shape[1]) < lengths[:, np.newaxis]
            outputs, targets = outputs[valid], targets[valid]
        if case.model.loss == "half_squared_error":
            loss = losses.mse_loss(outputs, targets, reduction="sum") / 2
        else:
            loss = losses.cross_entropy(
                outputs.reshape(-1, case.model.outputs), targets.flatten(), reduction="sum"
            )
        for weight in self.weights.values():
            weight.grad = None
        (loss / len(row)).backward()

    def canonical(self, read):
        return {
            name: self.ours(name, read(self.weights[name])).detach().numpy().T.copy()
            for name in self.case.parameters
        }


@each_network_of_torch
@each_of_ours
def test_predictions_are_those_of_its_modules(adapter_type, case, torch):
    expected = TorchModules(torch, case).predict(case.inputs, case.lengths).detach().numpy()
    assert difference(case.start(adapter_type).predict(case.inputs, case.lengths), expected) < 1e-10


@each_network_of_torch
@each_of_ours
def test_gradients_are_those_of_its_autograd(adapter_type, case, torch):
    modules = TorchModules(torch, case)
    modules.differentiate(case.batches[0])
    assert_close(gradients(adapter_type, case), modules.canonical(lambda weight: weight.grad))


SAME_RULES = {
    "sgd": (Sgd(learning_rate=0.1), "SGD", {"lr": 0.1}),
    "momentum": (Sgd(learning_rate=0.05, momentum=0.9), "SGD", {"lr": 0.05, "momentum": 0.9}),
    "nesterov": (
        Sgd(learning_rate=0.05, momentum=0.9, nesterov=True),
        "SGD",
        {"lr": 0.05, "momentum": 0.9, "nesterov": True},
    ),
    "rmsprop": (
        RmsProp(learning_rate=0.01, decay=0.9, epsilon=1e-4),
        "RMSprop",
        {"lr": 0.01, "alpha": 0.9, "eps": 1e-4},
    ),
}
"""Rules whose formula is the same: ours, the class in `torch.optim`, and its options."""


@pytest.mark.parametrize("rule", SAME_RULES)
@each_of_ours
def test_many_updates_are_those_of_its_optimizer(adapter_type, rule, torch):
    ours, name, options = SAME_RULES[rule]
    case = long_case(ours)
    modules = TorchModules(torch, case)
    optimizer = getattr(torch.optim, name)(modules.weights.values(), **options)
    for row in case.batches:
        modules.differentiate(row)
        optimizer.step()
    assert_close(after_training(adapter_type, case), modules.canonical(lambda weight: weight))


SAME_SCHEDULES = {
    "cosine": (
        Cosine(peak=0.1, updates=20, floor=0.01),
        "CosineAnnealingLR",
        {"T_max": 20, "eta_min": 0.01},
    ),
    "exponential": (Exponential(start=0.1, decay=0.5, every=1), "ExponentialLR", {"gamma": 0.5}),
}


@pytest.mark.parametrize("schedule", SAME_SCHEDULES)
@each_of_ours
def test_rates_are_those_of_its_scheduler(adapter_type, schedule, torch):
    """As far as the cosine goes: from its end on, ours stays where it is."""
    ours, name, options = SAME_SCHEDULES[schedule]
    case = long_case(Sgd(learning_rate=ours))
    modules = TorchModules(torch, case)
    optimizer = torch.optim.SGD(modules.weights.values(), lr=0.1)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
    case = replace(case, batches=case.batches[:20])
    for row in case.batches:
        modules.differentiate(row)
        optimizer.step()
        scheduler.step()
    assert_close(after_training(adapter_type, case), modules.canonical(lambda weight: weight))


@pytest.mark.parametrize("limit", [0.05, 100.0])
@each_of_ours
def test_the_norm_that_clips_is_its_own_but_for_what_it_adds(adapter_type, limit, torch):
    """`torch.nn.utils.clip_grad_norm_` has c/(‖g‖ + 1e-6): a limit that much nearer gives the same."""
    case = long_case(Sgd(learning_rate=1.0))
    case = replace(case, train=replace(case.train, clip_norm=limit), batches=case.batches[:1])
    modules = TorchModules(torch, case)
    modules.differentiate(case.batches[0])
    norm = float(torch.nn.utils.get_total_norm([weight.grad for weight in modules.weights.values()]))
    torch.nn.utils.clip_grad_norm_(modules.weights.values(), limit * (norm + 1e-6) / norm)
    assert_close(gradients(adapter_type, case), modules.canonical(lambda weight: weight.grad))


@pytest.mark.parametrize("decay", [None, 0.1], ids=["Adam", "AdamW"])
@pytest.mark.parametrize("place", ["ours", "its own"])
@each_of_ours
def test_many_updates_differ_from_its_adam_by_the_place_of_epsilon_alone(adapter_type, place, decay, torch):
    """Inside the bias correction, an epsilon divided by √(1−β₂ᵗ) is one that stands outside."""
    epsilon, beta2 = 1e-4, 0.999
    ours, theirs, options = (
        (Adam, torch.optim.Adam, {}) if decay is None else (AdamW, torch.optim.AdamW, {"weight_decay": decay})
    )
    case = long_case(ours(learning_rate=0.01, beta2=beta2, epsilon=epsilon, **options))
    modules = TorchModules(torch, case)
    optimizer = theirs(modules.weights.values(), lr=0.01, betas=(0.9, beta2), eps=epsilon, **options)
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
