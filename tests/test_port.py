"""A user's two programs: verdicts, causes, and the story of the guide."""

import contextlib
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from compare.port import assert_same_training
from compare.port.comparison import compare
from compare.port.request import PortRequest
from compare.report.port_page import port_markdown
from tests.commands import assert_refused, command
from tests.port_in_process import in_process
from tests.port_programs import torch_programs

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / "tests" / "port_programs"
GUIDE = ROOT / "compare" / "port" / "README.md"
SLOW_TO_START = ("keras", "jax")


def cases(found, apiece=100):
    """Frameworks that are slow to start, and more than so many of a kind, are left to `make test-all`."""
    seen = Counter()
    for each in found:
        slow = any(str(name).startswith(SLOW_TO_START) for name in each)
        seen[each[0]] += not slow
        left = slow or seen[each[0]] > apiece
        yield pytest.param(*each, marks=pytest.mark.exhaustive if left else (), id="-".join(each))


@pytest.fixture(scope="session")
def batches(tmp_path_factory):
    """Files of one batch, for each kind of program."""
    folder, random = tmp_path_factory.mktemp("batches"), np.random.default_rng(0)
    lengths = np.array([12, 5, 8, 12, 3, 7])
    inputs = random.normal(size=(6, 12, 3))
    classes = random.integers(0, 4, 6)
    padded = inputs * (np.arange(12) < lengths[:, np.newaxis])[..., np.newaxis]
    arrays = {
        "classes": {"inputs": inputs, "targets": classes},
        "padded": {"inputs": padded, "targets": classes, "lengths": lengths},
        "every": {"inputs": inputs, "targets": random.integers(0, 4, (6, 12))},
        "padded_every": {"inputs": padded, "targets": random.integers(0, 4, (6, 12)), "lengths": lengths},
        "number": {"inputs": inputs, "targets": random.normal(size=(6, 1))},
        "stack": {"inputs": random.normal(size=(6, 12, 5)), "targets": classes},
        "words": {"inputs": random.integers(0, 9, (6, 12)), "targets": classes},
    }
    for name, given in arrays.items():
        np.savez(folder / f"{name}.npz", **given)
    return folder


def program(name):
    framework, function = name.split(".")
    return f"{PROGRAMS / f'{framework}_programs.py'}:{function}"


def compared(a, b, data, updates=6):
    request = PortRequest(first=program(a), second=program(b), data=data, updates=updates)
    slow = any(name.startswith(SLOW_TO_START) for name in (a, b))
    with contextlib.nullcontext() if slow else in_process():
        return compare(request)


CLEAN = [
    ("torch.lstm", "torch.cell_by_hand", "classes"),
    ("torch.lstm", "torch.gates_by_hand", "classes"),
    ("torch.lstm", "torch.arrays_by_hand", "classes"),
    ("torch.lstm", "torch.gates_apart", "classes"),
    ("torch.elman", "torch.turned_arrays", "classes"),
    ("torch.turned_arrays", "numpy.elman", "classes"),
    ("torch.padded_every", "torch.padded_every_unmasked", "padded_every"),
    ("torch.lstm", "torch.tuple_outputs", "classes"),
    ("torch.number", "torch.flat_outputs", "number"),
    ("torch.lstm", "spec.lstm", "classes"),
    ("torch.gru", "torch.gru", "classes"),
    ("torch.bidirectional", "spec.bidirectional", "classes"),
    ("torch.padded", "spec.lstm", "padded"),
    ("torch.elman", "numpy.elman", "classes"),
    ("numpy.elman", "torch.elman", "classes"),
    ("torch.lstm", "jax.plain", "classes"),
    ("torch.lstm", "keras.lstm", "classes"),
    ("torch.lstm", "keras.cell_by_hand", "classes"),
    ("torch.gru", "keras.gru", "classes"),
    ("torch.elman", "keras.elman", "classes"),
    ("torch.hidden", "keras.hidden", "classes"),
    ("torch.every", "keras.time_distributed", "every"),
    ("torch.number", "keras.number", "number"),
    ("torch.bidirectional", "keras.bidirectional", "classes"),
    ("torch.padded", "keras.padded", "padded"),
    ("torch.padded_bidirectional", "keras.padded_bidirectional", "padded"),
    ("torch.stack", "keras.stack", "stack"),
    ("torch.words", "keras.words", "words"),
    ("torch.nesterov", "keras.nesterov", "classes"),
    ("torch.decayed", "keras.decayed", "classes"),
    ("torch.clip_value", "keras.clip_value", "classes"),
    ("torch.schedule", "keras.schedule", "classes"),
    ("torch.lstm", "jax.lstm", "classes"),
    ("torch.lstm", "jax.split_lstm", "classes"),
    ("torch.elman", "jax.elman", "classes"),
    ("torch.adam", "jax.adam", "classes"),
    ("torch.adamw", "jax.adamw", "classes"),
    ("torch.weight_decay", "jax.coupled", "classes"),
    ("torch.rmsprop", "jax.rmsprop_outside", "classes"),
    ("torch.schedule", "jax.schedule", "classes"),
]


@pytest.mark.parametrize(("a", "b", "data"), [*cases(CLEAN)])
def test_programs_that_are_ports_of_each_other_are_the_same(a, b, data, batches):
    result = compared(a, b, batches / f"{data}.npz")
    assert (result.verdict, result.causes, result.first) == ("same", (), None)


def drawn(folder, framework, seed):
    """A file with one of the programs that are drawn at random."""
    path = folder / f"{framework}_{seed}.py"
    path.write_text(
        f"from tests.port_programs.drawn_{framework} import drawn_program\n"
        "from tests.port_programs.drawn import drawn_data\n"
        f"def program():\n    return drawn_program({seed})\n"
        f"def data():\n    return drawn_data({seed})\n"
    )
    return f"{path}:program"


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in [0, *range(2, 40)])]
)
def test_clean_pairs_drawn_at_random_raise_no_alarm(seed, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    other = ("keras", "jax")[seed % 2]
    request = PortRequest(
        first=drawn(tmp_path, "torch", seed), second=drawn(tmp_path, other, seed), updates=30
    )
    result = compare(request)
    assert (result.verdict, result.causes, result.first) == ("same", (), None)


FAULTS = [
    ("gate-order", "outputs", "torch.lstm", "torch.gate_order", "classes"),
    ("gate-order", "outputs", "torch.lstm", "torch.gates_by_hand_in_another_order", "classes"),
    ("gate-order", "outputs", "torch.arrays_by_hand_in_another_order", "torch.gates_by_hand", "classes"),
    ("gate-order", "outputs", "torch.arrays_by_hand", "torch.arrays_by_hand_in_another_order", "classes"),
    ("gate-order", "outputs", "torch.lstm", "keras.gate_order", "classes"),
    ("gate-order", "outputs", "torch.lstm", "jax.gate_order", "classes"),
    ("transposed-kernel", "outputs", "torch.lstm", "torch.transposed_kernel", "classes"),
    ("transposed-kernel", "outputs", "torch.elman", "numpy.transposed_kernel", "classes"),
    ("transposed-kernel", "outputs", "torch.lstm", "keras.transposed_kernel", "classes"),
    ("transposed-kernel", "outputs", "torch.lstm", "jax.transposed_kernel", "classes"),
    ("transposed-kernel", "outputs", "torch.elman", "torch.turned_arrays_but_one", "classes"),
    ("transposed-kernel", "outputs", "torch.turned_arrays_but_one", "numpy.elman", "classes"),
    ("missing-bias", "setup", "torch.lstm", "torch.missing_bias", "classes"),
    ("missing-bias", "setup", "torch.lstm", "keras.missing_bias", "classes"),
    ("missing-bias", "outputs", "torch.lstm", "jax.missing_bias", "classes"),
    ("two-biases", "setup", "torch.two_biases", "keras.lstm", "classes"),
    ("two-biases", "setup", "torch.lstm", "torch.two_biases", "classes"),
    ("two-biases", "setup", "spec.lstm", "torch.two_biases", "classes"),
    ("forget-bias", "outputs", "torch.lstm", "torch.forget_bias", "classes"),
    ("forget-bias", "outputs", "torch.gates_apart", "torch.gates_apart_with_a_forget_bias", "classes"),
    ("forget-bias", "outputs", "torch.lstm", "keras.forget_bias", "classes"),
    ("forget-bias", "outputs", "torch.lstm", "jax.forget_bias", "classes"),
    ("activation", "outputs", "torch.lstm", "torch.hard_sigmoid", "classes"),
    ("activation", "outputs", "torch.lstm", "torch.relu", "classes"),
    ("activation", "outputs", "torch.hidden", "torch.hidden_tanh", "classes"),
    ("activation", "outputs", "numpy.relu", "torch.elman", "classes"),
    ("activation", "outputs", "torch.hidden_tanh", "keras.hidden", "classes"),
    ("activation", "outputs", "torch.lstm", "keras.hard_sigmoid", "classes"),
    ("activation", "outputs", "torch.lstm", "keras.relu", "classes"),
    ("activation", "outputs", "torch.lstm", "keras.softmax", "classes"),
    ("activation", "outputs", "torch.lstm", "jax.hard_sigmoid", "classes"),
    ("reset-gate", "setup", "spec.gru", "spec.reset_gate", "classes"),
    ("reset-gate", "setup", "torch.gru", "keras.reset_gate", "classes"),
    ("direction-order", "outputs", "torch.bidirectional", "torch.direction_order", "classes"),
    ("direction-order", "outputs", "torch.bidirectional", "keras.direction_order", "classes"),
    ("direction-padding", "outputs", "torch.padded_bidirectional", "torch.direction_padding", "padded"),
    ("direction-padding", "outputs", "torch.direction_padding", "keras.padded_bidirectional", "padded"),
    ("layer-order", "outputs", "torch.stack", "torch.layer_order", "stack"),
    ("layer-order", "outputs", "torch.layer_order", "keras.stack", "stack"),
    ("layer-order", "outputs", "torch.two_hidden", "torch.two_hidden_exchanged", "classes"),
    ("readout-step", "outputs", "torch.lstm", "torch.readout_step", "classes"),
    ("readout-step", "outputs", "torch.lstm", "keras.readout_step", "classes"),
    ("readout-step", "outputs", "torch.lstm", "jax.readout_step", "classes"),
    ("padding", "outputs", "torch.padded", "torch.padding", "padded"),
    ("padding", "outputs", "torch.padded", "keras.padding", "padded"),
    ("padding", "loss", "torch.padded_every", "torch.padded_every_all_counted", "padded_every"),
    ("padding", "loss", "torch.padded_every_all_counted", "torch.padded_every_unmasked_all_counted",
     "padded_every"),
    ("padding", "gradient", "torch.words", "torch.padding_row", "words"),
    ("loss-reduction", "loss", "torch.lstm", "torch.loss_reduction", "classes"),
    ("loss-reduction", "loss", "torch.lstm", "keras.loss_reduction", "classes"),
    ("loss-reduction", "loss", "torch.lstm", "jax.loss_reduction", "classes"),
    ("loss-over-time", "loss", "torch.every", "torch.loss_over_time", "every"),
    ("loss-over-time", "loss", "torch.every", "spec.every", "every"),
    ("loss-over-time", "loss", "torch.every", "keras.loss_over_time", "every"),
    ("loss-broadcast", "loss", "torch.number", "torch.loss_broadcast", "number"),
    ("loss-broadcast", "loss", "torch.number", "keras.loss_broadcast", "number"),
    ("softmax-twice", "outputs", "torch.lstm", "torch.softmax_twice", "classes"),
    ("softmax-twice", "loss", "torch.lstm", "torch.softmax_in_the_loss", "classes"),
    ("softmax-twice", "outputs", "torch.lstm", "jax.softmax_twice", "classes"),
    ("label-smoothing", "loss", "torch.lstm", "torch.label_smoothing", "classes"),
    ("label-smoothing", "loss", "torch.lstm", "keras.label_smoothing", "classes"),
    ("label-smoothing", "loss", "torch.lstm", "jax.label_smoothing", "classes"),
    ("epsilon-value", "setup", "torch.adam", "torch.epsilon_value", "classes"),
    ("epsilon-value", "setup", "torch.adam", "keras.epsilon_value", "classes"),
    ("epsilon-value", "outputs", "torch.words", "torch.norm_epsilon", "words"),
    ("epsilon-value", "outputs", "torch.norm_and_activation", "keras.norm_and_activation", "classes"),
    ("epsilon-place", "setup", "torch.adam", "keras.adam", "classes"),
    ("epsilon-place", "update", "torch.adam", "jax.epsilon_place", "classes"),
    ("betas", "setup", "torch.adam", "torch.betas", "classes"),
    ("betas", "setup", "torch.adam", "jax.betas", "classes"),
    ("learning-rate", "setup", "torch.lstm", "torch.learning_rate", "classes"),
    ("learning-rate", "setup", "torch.lstm", "jax.learning_rate", "classes"),
    ("learning-rate", "update", "torch.elman", "numpy.learning_rate", "classes"),
    ("weight-decay", "setup", "torch.adamw", "torch.weight_decay", "classes"),
    ("weight-decay", "setup", "torch.adam", "keras.weight_decay", "classes"),
    ("weight-decay", "update", "torch.adamw", "torch.decay_of_kernels_only", "classes"),
    ("weight-decay", "update", "torch.elman", "numpy.weight_decay", "classes"),
    ("weight-decay", "setup", "torch.adamw", "jax.coupled", "classes"),
    ("momentum", "setup", "torch.dampening", "torch.momentum", "classes"),
    ("momentum", "setup", "torch.nesterov", "keras.momentum", "classes"),
    ("momentum", "setup", "torch.momentum", "jax.nesterov", "classes"),
    ("rmsprop-form", "update", "torch.rmsprop", "keras.rmsprop", "classes"),
    ("rmsprop-form", "update", "torch.rmsprop", "jax.rmsprop", "classes"),
    ("clip", "setup", "torch.lstm", "torch.clip_norm", "classes"),
    ("clip", "setup", "torch.clip_norm", "keras.clip_each_norm", "classes"),
    ("clip", "update", "torch.clip_norm", "jax.clip_norm", "classes"),
    ("clip", "update", "numpy.clip_value", "torch.elman", "classes"),
    ("sparse-gradient", "update", "torch.clipped_words", "keras.clipped_words", "words"),
    ("schedule", "update", "torch.schedule", "torch.schedule_off_by_one", "classes"),
    ("schedule", "update", "torch.schedule_off_by_one", "keras.schedule", "classes"),
    ("schedule", "curve", "torch.schedule", "keras.schedule_by_epoch", "classes"),
    ("dropout", "setup", "torch.lstm", "torch.dropout", "classes"),
    ("dropout", "setup", "torch.lstm", "torch.functional_dropout", "classes"),
    ("dropout", "setup", "torch.lstm", "keras.dropout", "classes"),
    ("dropout", "setup", "torch.lstm", "jax.dropout", "classes"),
    ("frozen-parameter", "setup", "torch.lstm", "torch.frozen_parameter", "classes"),
    ("frozen-parameter", "setup", "torch.lstm", "keras.frozen_parameter", "classes"),
    ("frozen-parameter", "update", "torch.lstm", "jax.frozen_parameter", "classes"),
    ("frozen-parameter", "update", "torch.elman", "numpy.frozen_parameter", "classes"),
    ("frozen-parameter", "gradient", "torch.lstm", "torch.detached", "classes"),
    ("dtype", "outputs", "torch.lstm", "torch.dtype", "classes"),
    ("dtype", "setup", "torch.lstm", "keras.dtype", "classes"),
    ("dtype", "outputs", "torch.lstm", "jax.dtype", "classes"),
    ("state-carried", "outputs", "torch.lstm", "torch.state_carried", "classes"),
    ("state-carried", "outputs", "torch.lstm", "keras.state_carried", "classes"),
    ("state-carried", "outputs", "numpy.state_carried", "torch.elman", "classes"),
    ("data-order", "outputs", "torch.lstm", "torch.data_order", "classes"),
    ("data-order", "outputs", "numpy.data_order", "torch.elman", "classes"),
    ("batch-axis", "outputs", "torch.lstm", "torch.batch_axis", "classes"),
    ("batch-axis", "outputs", "torch.lstm", "jax.batch_axis", "classes"),
]  # fmt: skip


@pytest.mark.parametrize(("slug", "stage", "a", "b", "data"), [*cases(FAULTS, apiece=1)])
def test_a_planted_fault_is_named(slug, stage, a, b, data, batches):
    result = compared(a, b, batches / f"{data}.npz")
    assert (result.verdict, result.first.stage) == ("different", stage)
    named = {cause.slug for cause in result.causes}
    default = {"epsilon-value", "epsilon-place"} if "keras" in b else set()  # unlike, whatever was planted
    assert {slug} <= named <= {slug} | default
    assert all(cause.mend for cause in result.causes)


def test_two_faults_at_once_are_both_named(batches):
    result = compared("torch.lstm", "torch.two_mistakes", batches / "classes.npz")
    assert {cause.slug for cause in result.causes} == {"gate-order", "forget-bias"}


def test_a_cause_says_what_was_done_and_on_which_side(batches):
    (cause,) = compared("torch.bidirectional", "torch.direction_order", batches / "classes.npz").causes
    assert cause.sentence == "in B, rnn_l0: the second direction's states come first"


@pytest.mark.parametrize(
    ("a", "b"), [*cases([("torch.lstm", "torch.odd"), ("keras.residual", "torch.hidden")])]
)
def test_what_no_known_mistake_explains_is_unknown(a, b, batches):
    result = compared(a, b, batches / "classes.npz")
    assert [cause.slug for cause in result.causes] == ["unknown"]
    assert result.first.stage == "outputs"


def test_a_program_without_float64_is_held_against_what_float32_explains(batches):
    result = compared("torch.elman", "numpy.single", batches / "classes.npz")
    assert (result.verdict, result.dtype, result.causes) == ("rounding", "float32", ())


@pytest.fixture(scope="session")
def guide(tmp_path_factory):
    """The programs of the guide, as files."""
    folder = tmp_path_factory.mktemp("guide")
    blocks = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    for name, text in blocks:
        (folder / name).write_text(text)
    assert {name for name, _ in blocks} == {"old.py", "new.py"}
    return folder


FREEZE = ("model = Net()", "model = Net()\n    model.lstm.bias_hh_l0.requires_grad_(False).zero_()")
SAME_EPSILON = ("parameters(), 0.01)", "parameters(), 0.01, eps=1e-7)")


WIDEST = 1e-3
"""How far, at least, the guide's curves part at first, and no longer once two causes are mended."""


@pytest.mark.parametrize(
    ("changes", "causes", "stage"),
    [
        pytest.param((), ("two-biases", "epsilon-value", "epsilon-place"), "setup", id="at first"),
        pytest.param(
            (FREEZE, SAME_EPSILON), ("epsilon-place",), "update", id="mended", marks=pytest.mark.exhaustive
        ),
    ],
)
def test_the_guides_story_goes_as_it_is_written(changes, causes, stage, guide, tmp_path):
    """Two biases, then epsilon's value, then its place."""
    text, old, out = (guide / "old.py").read_text(), tmp_path / "old.py", tmp_path / "out"
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    old.write_text(text)
    ended = command("port", f"{old}:program", f"{guide / 'new.py'}:program", "--out", out, "--updates", 30)
    assert ended.code == 1, ended
    stored = json.loads((out / "port.json").read_text())
    assert tuple(stored["causes"]) == causes
    assert (stored["verdict"], stored["first_difference"]) == ("different", stage)
    assert stored.keys() == {"verdict", "first_difference", "where", "causes", "largest"}
    assert len(ended.out.splitlines()) <= 20
    assert all(len(line) <= 80 for line in ended.out.splitlines())
    assert {"README.md", "report.html"} <= {path.name for path in out.iterdir()}
    assert (out / "figures" / "curves.png").exists()
    assert (stored["largest"]["curve"] > WIDEST) == (not changes)


@pytest.mark.parametrize("other", ["torch.lstm", "torch.two_mistakes"])
def test_markdown_for_a_pull_request_is_the_page_without_files(other, batches):
    result = compared("torch.lstm", other, batches / "classes.npz")
    text = port_markdown(result)
    assert text.startswith(f"# Port: {result.verdict}")
    assert all(f"**{cause.slug}**" in text for cause in result.causes)
    assert "## Gradient by parameter" in text
    assert "](" not in text


def test_a_test_of_ones_own_passes_where_two_programs_train_the_same_and_says_why_not(batches):
    same, other = program("torch.gates_apart"), program("torch.two_mistakes")
    data = batches / "classes.npz"
    with in_process():
        assert_same_training(torch_programs.lstm, same, data=data, updates=3, names=[("rnn", "cell")])
        with pytest.raises(AssertionError, match="gate-order"):
            assert_same_training(torch_programs.lstm, other, data=data, updates=3)


def written(folder, name, text):
    path = folder / f"{name}.py"
    path.write_text(text)
    return f"{path}:program"


TORCH = "import torch\nfrom compare.port import TorchProgram\n"
WRONG = {
    "does not import": "import no_such_module\n",
    "has no function 'program'": "x = 1\n",
    "returned a int": "def program():\n    return 1\n",
    "raised ValueError": "def program():\n    raise ValueError('no')\n",
}


@pytest.mark.parametrize("says", WRONG)
def test_a_file_that_is_no_program_is_refused_in_a_line(says, tmp_path):
    bad = written(tmp_path, "bad", WRONG[says])
    assert_refused(command("port", bad, bad), says)


def test_a_name_without_a_function_is_refused(tmp_path):
    assert_refused(command("port", "old.py", "new.py"), "names no function")


def test_layers_without_a_counterpart_are_refused_with_their_names(tmp_path, batches):
    other = (
        f"{TORCH}from torch import nn, optim\ndef program():\n"
        "    m = nn.Sequential(nn.Flatten(), nn.Linear(36, 4))\n"
        "    return TorchProgram(m, nn.functional.cross_entropy, optim.SGD(m.parameters(), 0.1))\n"
    )
    data = batches / "classes.npz"
    with in_process():
        ended = command("port", program("torch.lstm"), written(tmp_path, "other", other), "--data", data)
    assert ended.code == 2
    assert "has no counterpart" in ended.err
    assert "rnn  1" in " ".join(ended.err.split("\n")[1:])


def test_chance_that_cannot_be_switched_off_is_refused_with_its_layer(batches):
    noise, data = program("torch.noise"), batches / "classes.npz"
    with in_process():
        ended = command("port", program("torch.lstm"), noise, "--data", data)
    assert_refused(ended, "before layer head draws random numbers")


def test_a_program_that_ends_its_process_is_said_of_its_side(tmp_path, batches):
    ending = written(tmp_path, "ending", f"{TORCH}import os\ndef program():\n    os._exit(3)\n")
    ended = command("port", program("torch.lstm"), ending, "--data", batches / "classes.npz")
    assert ended.code == 1
    assert "B (" in ended.err
    assert "exited with code 3" in ended.err


def test_a_loss_that_is_no_number_from_the_start_is_said(tmp_path, batches):
    nan = written(
        tmp_path,
        "nan",
        f"{TORCH}from {PROGRAMS.parent.name}.port_programs import torch_programs as t\n"
        "def program():\n    return t.lstm(loss=lambda o, y: o.sum() * float('nan'))\n",
    )
    with in_process():
        ended = command("port", program("torch.lstm"), nan, "--data", batches / "classes.npz")
    assert ended.code == 1
    assert "its loss is nan from the start" in " ".join(ended.err.split())
