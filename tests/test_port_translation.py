"""Weights brought from one framework's layout into another's and back, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from compare.errors import UsageError
from compare.port.conversion import convert
from compare.port.records.interface import Layer
from compare.port.translation.keras_names import layers_in_keras, names_in_keras
from compare.port.translation.matching import match, round_trip_holds
from compare.port.translation.named import layers_by_name
from compare.port.translation.plain_names import names_in_canonical, names_in_flax
from compare.port.translation.recognized import read_all, write_all
from compare.port.translation.torch_names import layers_in_torch, names_in_torch
from compare.port.weights_file import content_of, read_weights

GATES = {"elman": 1, "gru": 3, "lstm": 4}
FORMS = {
    "torch": (names_in_torch, layers_in_torch),
    "keras": (names_in_keras, layers_in_keras),
    "jax": (names_in_flax, layers_by_name),
    "canonical": (names_in_canonical, layers_by_name),
}


def stack(cell, inputs, hidden, levels, bidirectional):
    """A stack of recurrent layers with one bias a gate, and a readout."""
    layers, width = [], inputs
    for level in range(levels):
        for direction in ("forward", "reverse")[: 1 + bidirectional]:
            columns = GATES[cell] * hidden
            parts = {
                "input_kernel": (width, columns),
                "recurrent_kernel": (hidden, columns),
                "bias": (columns,),
            }
            settings = {"direction": direction, "reset": "before" if cell == "gru" else None}
            name = f"rnn{level}{'_back' if direction == 'reverse' else ''}"
            layers.append(Layer(name=name, kind=cell, parts=parts, settings=settings))
        width = hidden * (1 + bidirectional)
    return [*layers, Layer(name="head", kind="dense", parts={"kernel": (width, 2), "bias": (2,)})]


@pytest.mark.parametrize("form", FORMS)
@given(
    cell=st.sampled_from(sorted(GATES)),
    inputs=st.integers(1, 4),
    hidden=st.integers(1, 4),
    levels=st.integers(1, 3),
    bidirectional=st.booleans(),
)
def test_there_and_back_is_bit_for_bit(form, cell, inputs, hidden, levels, bidirectional):
    layers = stack(cell, inputs, hidden, levels, bidirectional)
    random = np.random.default_rng(0)
    values = {
        layer.key(part): random.normal(size=shape) for layer in layers for part, shape in layer.parts.items()
    }
    names, recognized = FORMS[form]
    there = recognized(names(layers))
    natives = {name: np.zeros(shape) for name, shape in names(layers).items()}
    named = [(a.name, b.layer.name) for a, b in zip(layers, there, strict=True)]
    matching = match(layers, [each.layer for each in there], named)
    handed = matching.handed_over(values, read_all(there, natives))
    arrays = natives | write_all(there, handed, natives)
    back = matching.common(False, read_all(there, arrays))
    assert back.keys() == values.keys()
    assert all(np.array_equal(back[name], value) for name, value in values.items())


def test_torchs_gates_and_kerass_lie_as_they_say():
    torch, keras = (
        recognized(names(stack("gru", 2, 3, 1, False)))[0]
        for names, recognized in (FORMS["torch"], FORMS["keras"])
    )
    kernel = np.arange(18.0).reshape(9, 2)
    r, z, n = np.split(kernel.T, 3, axis=1)
    native = {"rnn0.weight_ih_l0": kernel}
    assert np.array_equal(
        native["rnn0.weight_ih_l0"].ravel()[torch.layout["input_kernel"][0].places], np.hstack([r, z, n])
    )
    stored = np.hstack([z, r, n])
    assert np.array_equal(stored.ravel()[keras.layout["input_kernel"][0].places], np.hstack([r, z, n]))


GATE_NAMES = {
    "lstm": (
        ("W_{}", "U_{}", "b_{}", "ifgo"),
        ("w_x{}", "w_h{}", "b_{}", "ifco"),
        ("{}_x", "{}_h", "{}_b", "ifco"),
        ("cell/kernel_{}", "cell/recurrent_{}", "cell/bias_{}", ("input", "forget", "cell", "output")),
        ("cell.x2{}", "cell.h2{}", None, "ifgo"),
    ),
    "gru": (
        ("W_x{}", "W_h{}", "b_{}", "rzh"),
        ("W_{}", "U_{}", "b_{}", ("reset", "update", "candidate")),
    ),
}


@pytest.mark.parametrize(
    ("kind", "names"), [(kind, names) for kind, several in GATE_NAMES.items() for names in several]
)
@pytest.mark.parametrize("turned", [False, True])
def test_gates_with_an_array_each_are_a_cell_whatever_their_names(kind, names, turned):
    *patterns, gates = names
    shapes = [shape[::-1] if turned else shape for shape in ((3, 5), (5, 5), (5,))]
    arrays = {
        pattern.format(gate): shape
        for pattern, shape in zip(patterns, shapes, strict=True)
        for gate in sorted(gates)
        if pattern
    }
    (cell,) = layers_by_name(arrays)
    random = np.random.default_rng(0)
    natives = {name: random.normal(size=shape) for name, shape in arrays.items()}
    found = read_all([cell], natives)
    assert cell.layer.kind == kind
    wanted = [natives[patterns[0].format(gate)] for gate in gates]
    assert np.array_equal(
        found[cell.layer.key("input_kernel")], np.hstack([each.T if turned else each for each in wanted])
    )
    assert all(np.array_equal(natives[k], v) for k, v in write_all([cell], found, natives).items())


def arrays_called(*names, shape=(4, 4)):
    return [Layer(name=name, kind="array", parts={"array": shape}) for name in names]


@pytest.mark.parametrize(
    ("ones", "others", "found"),
    [
        (("w", "u"), ("cell.u", "cell.w"), (1, 0)),
        (("w_ih", "w_hh"), ("recurrent", "kernel"), (1, 0)),
        (("w1", "w2", "w3"), ("layer_0", "layer_1", "layer_2"), (0, 1, 2)),
        (("encoder.w", "decoder.w"), ("decoder/w", "encoder/w"), (1, 0)),
    ],
)
def test_arrays_of_one_shape_are_matched_by_their_names(ones, others, found):
    pairs = match(arrays_called(*ones), arrays_called(*others)).pairs
    assert [pair.second.name for pair in pairs] == [others[place] for place in found]


def test_arrays_that_one_side_has_the_other_way_round_are_turned():
    ones = [*arrays_called("w", shape=(4, 3)), *arrays_called("u"), *arrays_called("conv", shape=(2, 4, 5))]
    others = [*arrays_called("v", shape=(3, 4)), *arrays_called("k"), *arrays_called("c", shape=(5, 4, 2))]
    for names in ((), (("u", "k"), ("w", "v"))):
        matching = match(ones, others, names)
        values = {
            each.key("array"): np.random.default_rng(0).normal(size=each.parts["array"]) for each in ones
        }
        own = {each.key("array"): np.zeros(each.parts["array"]) for each in others}
        handed = matching.handed_over(values, own)
        turned = [handed[name].T for name in own]
        assert all(np.array_equal(*each) for each in zip(values.values(), turned, strict=True))
        assert round_trip_holds(matching, values, own)


def test_arrays_whose_names_do_not_say_it_are_refused_with_a_table_to_copy():
    ones, others = arrays_called("alpha", "beta"), arrays_called("one", "two")
    with pytest.raises(UsageError, match="--map FILE") as refused:
        match(ones, others)
    table = [tuple(line.split()) for line in str(refused.value).splitlines()[1:]]
    assert table == [("alpha", "one"), ("beta", "two")]
    assert [pair.second.name for pair in match(ones, others, table[::-1]).pairs] == ["one", "two"]


@pytest.mark.parametrize(
    ("levels", "names"),
    [
        (2, ("rnn_l0", "rnn_l0_reverse", "rnn_l1", "rnn_l1_reverse")),
        (2, ("rnn_l0", "rnn_l0_backward", "rnn_l1", "rnn_l1_backward")),
        (1, ("rnn/forward_layer", "rnn/backward_layer")),
        (1, ("rnn/forward_rnn/cell", "rnn/backward_rnn/cell")),
    ],
)
def test_both_directions_and_all_levels_have_the_names_of_one_torch_module(levels, names):
    layers = [replace(a, name=b) for a, b in zip(stack("lstm", 3, 5, levels, True), names, strict=False)]
    module = torch.nn.LSTM(3, 5, levels, bidirectional=True)
    shapes = {f"rnn.{name}": tuple(value.shape) for name, value in module.state_dict().items()}
    assert names_in_torch(layers) == shapes


@pytest.mark.parametrize("ending", [".npz", ".safetensors", ".weights.h5", ".pt"])
def test_files_hold_what_was_put_into_them(ending, tmp_path):
    arrays = {"layers/lstm/cell/vars/0": np.random.default_rng(0).normal(size=(2, 12)), "b": np.arange(3.0)}
    path = tmp_path / f"weights{ending}"
    path.write_bytes(content_of(path, arrays))
    found = read_weights(path)
    assert found.keys() == arrays.keys()
    assert all(np.array_equal(found[name], value) for name, value in arrays.items())


def test_a_file_goes_through_every_format_and_back(tmp_path):
    """torch -> Keras -> torch: the second bias is folded into the first once, and never again."""
    random = np.random.default_rng(0)
    shapes = {
        "rnn.weight_ih_l0": (20, 3), "rnn.weight_hh_l0": (20, 5),
        "rnn.bias_ih_l0": (20,), "rnn.bias_hh_l0": (20,),
        "head.weight": (4, 5), "head.bias": (4,),
    }  # fmt: skip
    arrays = {name: random.normal(size=shape) for name, shape in shapes.items()}
    path = tmp_path / "old.npz"
    np.savez(path, **arrays)
    for target, name in (("keras", "new.weights.h5"), ("canonical", "new.npz"), ("torch", "new.safetensors")):
        converted = convert(str(path), target, tmp_path / name, timeout_seconds=600)
        path = tmp_path / name
        path.write_bytes(converted.content)
    summed = arrays["rnn.bias_ih_l0"] + arrays["rnn.bias_hh_l0"]
    found = read_weights(path)
    recurrent = next(name for name in found if name.endswith("weight_hh_l0"))
    assert np.array_equal(found[recurrent], arrays["rnn.weight_hh_l0"])
    assert np.array_equal(found[recurrent.replace("weight_hh", "bias_ih")], summed)
    assert not found[recurrent.replace("weight_hh", "bias_hh")].any()
