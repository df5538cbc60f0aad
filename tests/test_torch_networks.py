"""The reference, and PyTorch's adapters, beside `torch.nn` on packed sequences, and `torch.optim`."""

import inspect
from dataclasses import replace

import numpy as np
import pytest

from adapters import open_adapter
from adapters.conformance.cases import make_case
from adapters.conformance.expectations import difference
from adapters.conformance.reference import Reference
from adapters.interface import (
    Adam,
    AdamW,
    Cosine,
    Exponential,
    ModelSpec,
    RmsProp,
    Sgd,
    TrainSpec,
    UnsupportedSpec,
)
from adapters.parameters import layers
from tests.groups import of_framework
from tests.oracle_cases import LOCKSTEP, after_training, assert_close, gradients

pytestmark = of_framework("torch")
UPDATES = 25

each_of_ours = pytest.mark.parametrize("name", ["reference", "torch", "torch-autograd"])
each_cell = pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
each_shape = pytest.mark.parametrize(
    ("depth", "bidirectional", "readout"),
    [(1, True, "last"), (1, False, "every"), (2, False, "last"), (3, True, "every"), (2, True, "last")],
)
each_raggedness = pytest.mark.parametrize("ragged", [False, True], ids=["full", "ragged"])


@pytest.fixture(autouse=True)
def torch():
    """Imported in the process of its group alone."""
    return pytest.importorskip("torch")


def ours(name):
    return Reference if name == "reference" else open_adapter(name)


class TorchModules:
    """`torch.nn.RNN`, `LSTM` or `GRU` and `Linear`; kernels transposed, gates in their documented order.

    The second bias is zero, but where it is the GRU's candidate_bias.
    """

    def __init__(self, torch, case):
        self.torch, self.case, self.model = torch, case, case.model
        model = case.model
        options = {"bias": model.bias, "dtype": torch.float64}
        self.recurrent = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[model.cell](
            model.inputs,
            model.hidden,
            num_layers=model.layers,
            bidirectional=model.bidirectional,
            batch_first=True,
            **options,
        )
        self.readout = torch.nn.Linear(model.width, model.outputs, **options)
        self.weights = {"readout_kernel": self.readout.weight, "readout_bias": self.readout.bias}
        self.second_biases = []
        for suffix in (layer.suffix for level in layers(model) for layer in level):
            end = suffix if suffix.startswith("_l") else f"_l0{suffix}"
            self.weights[f"input_kernel{suffix}"] = getattr(self.recurrent, f"weight_ih{end}")
            self.weights[f"recurrent_kernel{suffix}"] = getattr(self.recurrent, f"weight_hh{end}")
            self.weights[f"bias{suffix}"] = getattr(self.recurrent, f"bias_ih{end}")
            self.second_biases.append(getattr(self.recurrent, f"bias_hh{end}"))
            if model.cell == "gru":
                self.weights[f"candidate_bias{suffix}"] = self.second_biases[-1]
        with torch.no_grad():
            for bias in self.second_biases:
                bias.zero_()
            for name, weight in self.weights.items():
                self.part(name, weight).copy_(torch.tensor(case.parameters[name].T))

    def part(self, name, values):
        """What a weight, or its gradient, holds of the parameter."""
        return values[2 * self.model.hidden :] if name.startswith("candidate_bias") else values

    def lengths(self, rows):
        whole = np.full(len(rows), self.case.inputs.shape[1])
        return self.torch.tensor(whole if self.case.lengths is None else self.case.lengths[rows])

    def predict(self, rows):
        rnn, model, time_steps = self.torch.nn.utils.rnn, self.model, self.case.inputs.shape[1]
        packed = rnn.pack_padded_sequence(
            self.torch.tensor(self.case.inputs[rows]),
            self.lengths(rows),
            batch_first=True,
            enforce_sorted=False,
        )
        hidden, after = self.recurrent(packed)
        if model.readout == "every":
            return self.readout(rnn.pad_packed_sequence(hidden, batch_first=True, total_length=time_steps)[0])
        top = (after[0] if model.cell == "lstm" else after)[-1 - model.bidirectional :]
        return self.readout(self.torch.cat([*top], 1))

    def valid(self, rows):
        """(B, 1) or (B, T, 1): what has a loss."""
        if self.model.readout == "last":
            return self.torch.ones(len(rows), 1)
        steps = self.torch.arange(self.case.inputs.shape[1])
        return (steps < self.lengths(rows)[:, None])[:, :, None]

    def differentiate(self, rows):
        self.recurrent.zero_grad()
        self.readout.zero_grad()
        errors = (self.predict(rows) - self.torch.tensor(self.case.targets[rows])) * self.valid(rows)
        (errors.square().sum() / 2 / len(rows)).backward()

    def canonical(self, read):
        """What is read of each weight, under the canonical names."""
        return {
            name: self.part(name, read(self.weights[name])).detach().numpy().T
            for name in self.case.parameters
        }


def network_case(cell, depth, bidirectional, readout, ragged, dtype="float64"):
    model = ModelSpec(
        cell=cell,
        inputs=3,
        hidden=4,
        outputs=2,
        loss="half_squared_error",
        layers=depth,
        bidirectional=bidirectional,
        readout=readout,
    )
    train = TrainSpec(optimizer=Sgd(learning_rate=1.0), dtype=dtype)
    return make_case(model, train, batch=6, ragged=ragged)


@each_raggedness
@each_shape
@each_cell
@each_of_ours
def test_predictions_are_those_of_its_modules(name, cell, depth, bidirectional, readout, ragged, torch):
    case = network_case(cell, depth, bidirectional, readout, ragged)
    modules, rows = TorchModules(torch, case), np.arange(len(case.inputs))
    expected = (modules.predict(rows) * modules.valid(rows)).detach().numpy()
    assert difference(case.start(ours(name)).predict(case.inputs, case.lengths), expected) < LOCKSTEP


@each_raggedness
@each_shape
@each_cell
@each_of_ours
def test_gradients_are_those_of_its_modules(name, cell, depth, bidirectional, readout, ragged, torch):
    case = network_case(cell, depth, bidirectional, readout, ragged)
    modules = TorchModules(torch, case)
    modules.differentiate(case.batches[0])
    assert_close(gradients(ours(name), case), modules.canonical(lambda weight: weight.grad))


@each_raggedness
@each_shape
@each_cell
@pytest.mark.parametrize("name", ["torch", "torch-autograd"])
def test_float32_takes_other_kernels_to_the_same_gradients(
    name, cell, depth, bidirectional, readout, ragged, torch
):
    """By a large step: of a small one, float32 parameters before and after hold but a few digits."""
    case = network_case(cell, depth, bidirectional, readout, ragged, dtype="float32")
    large = replace(case, train=replace(case.train, optimizer=Sgd(learning_rate=1024.0)))
    came = {parameter: step / 1024 for parameter, step in gradients(ours(name), large).items()}
    case = replace(
        case,
        train=replace(case.train, dtype="float64"),
        inputs=case.inputs.astype(np.float64),
        targets=case.targets.astype(np.float64),
        parameters={name: value.astype(np.float64) for name, value in case.parameters.items()},
    )
    modules = TorchModules(torch, case)
    modules.differentiate(case.batches[0])
    for parameter, expected in modules.canonical(lambda weight: weight.grad).items():
        assert difference(came[parameter], expected) < 1e-5, parameter


@each_cell
@pytest.mark.parametrize("name", ["torch", "torch-autograd"])
def test_moments_and_schedules_go_on_where_lengths_come_and_go(name, cell):
    rule = Sgd(learning_rate=Cosine(peak=0.1, updates=20, warm_up=3), momentum=0.9)
    case = network_case(cell, 1, False, "last", ragged=True)
    case = replace(case, train=replace(case.train, optimizer=rule))

    def losses(adapter):
        for lengths in (None, case.lengths, None):
            adapter.load(case.inputs, case.targets, lengths)
            yield from adapter.train(np.concatenate([case.batches] * 3))

    expected = np.array([*losses(case.start(Reference))])
    assert difference(np.array([*losses(case.start(ours(name)))]), expected) < LOCKSTEP


def optimized(torch, case, make, schedule=None, clip=None, before_step=None):
    """What the parameters are after every update of one of its optimizers."""
    modules = TorchModules(torch, case)
    trained = [*modules.weights.values()]
    optimizer = make(trained)
    scheduler = schedule(optimizer) if schedule else None
    for update, rows in enumerate(case.batches, start=1):
        modules.differentiate(rows)
        if clip:
            clip(trained)
        if before_step:
            before_step(optimizer, update)
        optimizer.step()
        if scheduler:
            scheduler.step()
    return modules.canonical(lambda weight: weight)


def long_case(optimizer, **train):
    model = ModelSpec(cell="elman", inputs=3, hidden=4, outputs=2, loss="half_squared_error")
    return make_case(
        model, TrainSpec(optimizer=optimizer, dtype="float64", **train), rows=UPDATES, time_steps=3
    )


@pytest.mark.parametrize("nesterov", [False, True])
@each_of_ours
def test_momentum_is_that_of_its_sgd(name, nesterov, torch):
    case = long_case(Sgd(learning_rate=0.05, momentum=0.9, nesterov=nesterov))
    expected = optimized(
        torch, case, lambda trained: torch.optim.SGD(trained, lr=0.05, momentum=0.9, nesterov=nesterov)
    )
    assert_close(after_training(ours(name), case), expected)


@each_of_ours
def test_rmsprop_is_its_own(name, torch):
    case = long_case(RmsProp(learning_rate=0.01, decay=0.8, epsilon=1e-3))
    expected = optimized(
        torch, case, lambda trained: torch.optim.RMSprop(trained, lr=0.01, alpha=0.8, eps=1e-3)
    )
    assert_close(after_training(ours(name), case), expected)


@pytest.mark.parametrize(("rule", "decay"), [(Adam, {}), (AdamW, {"weight_decay": 0.3})])
@each_of_ours
def test_adams_differ_from_its_own_by_the_place_of_epsilon_alone(name, rule, decay, torch):
    """Inside the bias correction, an epsilon divided by √(1−β₂ᵗ) is one that stands outside."""
    epsilon, beta2 = 1e-4, 0.99
    case = long_case(rule(learning_rate=0.01, beta2=beta2, epsilon=epsilon, **decay))

    def put_epsilon_outside(optimizer, update):
        optimizer.param_groups[0]["eps"] = epsilon / np.sqrt(1 - beta2**update)

    its_own = {Adam: torch.optim.Adam, AdamW: torch.optim.AdamW}[rule]

    def make(trained):
        return its_own(trained, lr=0.01, betas=(0.9, beta2), eps=epsilon, **decay)

    came = after_training(ours(name), case)
    assert_close(came, optimized(torch, case, make, before_step=put_epsilon_outside))
    unmoved = optimized(torch, case, make)
    assert max(difference(came[parameter], unmoved[parameter]) for parameter in unmoved) > 1e-5


@each_of_ours
def test_schedules_are_those_of_its_own(name, torch):
    schedules = torch.optim.lr_scheduler
    warm_up, rest = 5, UPDATES - 5

    def sgd(trained):
        return torch.optim.SGD(trained, lr=0.1)

    def cosine(optimizer):
        up = schedules.LinearLR(optimizer, start_factor=1 / warm_up, total_iters=warm_up - 1)
        down = schedules.CosineAnnealingLR(optimizer, T_max=rest, eta_min=0.01)
        return schedules.SequentialLR(optimizer, [up, down], milestones=[warm_up])

    def exponential(optimizer):
        return schedules.ExponentialLR(optimizer, gamma=0.5 ** (1 / 10))

    for ours_is, its_own in (
        (Cosine(peak=0.1, updates=UPDATES, warm_up=warm_up, floor=0.01), cosine),
        (Exponential(start=0.1, decay=0.5, every=10), exponential),
    ):
        case = long_case(Sgd(learning_rate=ours_is))
        assert_close(after_training(ours(name), case), optimized(torch, case, sgd, its_own))


@each_of_ours
def test_clipping_by_norm_differs_from_its_own_by_what_that_adds_to_the_norm_alone(name, torch):
    limit, added = 0.05, 1e-6
    case = long_case(Sgd(learning_rate=0.1), clip_norm=limit)
    utilities = torch.nn.utils

    def clip(trained, less):
        norm = utilities.get_total_norm([parameter.grad for parameter in trained])
        utilities.clip_grads_with_norm_(trained, limit, norm - less)

    def expected(less):
        return optimized(
            torch,
            case,
            lambda trained: torch.optim.SGD(trained, lr=0.1),
            clip=lambda trained: clip(trained, less),
        )

    came = after_training(ours(name), case)
    assert_close(came, expected(added))
    unmoved = expected(0.0)
    assert max(difference(came[parameter], unmoved[parameter]) for parameter in unmoved) > LOCKSTEP


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize(
    ("cell", "reset"), [("elman", "after"), ("lstm", "after"), ("gru", "after"), ("gru", "before")]
)
def test_the_fastest_form_of_a_layer_on_a_device_is_that_of_its_steps(cell, reset, device, bias, torch):
    """Also where no such device is: what a GPU would run is run on the CPU."""
    from adapters.torch_backend.fused_layers import FASTEST_LAYERS  # noqa: PLC0415 - imports torch
    from adapters.torch_backend.layers import LAYERS, STATE_PARTS  # noqa: PLC0415

    model = ModelSpec(
        cell=cell, inputs=3, hidden=4, outputs=1, loss="half_squared_error", reset=reset, bias=bias
    )
    ((layer,),) = layers(model)
    values = np.random.default_rng(0).normal(size=(1000,))
    shapes_of_all = [*layer.shapes.values(), (5, 6, 3), *[(5, 4)] * STATE_PARTS[cell]]

    def hidden_states_and_gradients(form):
        tensors = [torch.tensor(np.resize(values, shape), requires_grad=True) for shape in shapes_of_all]
        own = dict(zip(layer.shapes, tensors, strict=False))
        inputs, *state = tensors[len(own) :]
        hidden, after = form(model, own, inputs, tuple(state))
        (hidden.square().sum() + sum(part.sum() for part in after)).backward()
        return [hidden, *after, *(tensor.grad for tensor in tensors)]

    key = cell, "tanh", reset
    came, expected = (hidden_states_and_gradients(forms[key]) for forms in (FASTEST_LAYERS[device], LAYERS))
    for ours_is, its_steps in zip(came, expected, strict=True):
        assert difference(ours_is.detach().numpy(), its_steps.detach().numpy()) < LOCKSTEP


def test_torch_compile_is_unsupported_where_there_is_no_compiler(monkeypatch):
    def missing():
        raise RuntimeError("No working C++ compiler found")

    compiled = open_adapter("torch-compile")
    monkeypatch.setattr(inspect.getmodule(compiled), "get_cpp_compiler", missing)
    model = ModelSpec(cell="lstm", inputs=2, hidden=3, outputs=1, loss="half_squared_error")
    case = make_case(model, TrainSpec(optimizer=Sgd(learning_rate=0.1)))
    with pytest.raises(UnsupportedSpec, match="no C\\+\\+ compiler was found, install g\\+\\+"):
        compiled(case.model, case.train, case.parameters)
