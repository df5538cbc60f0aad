"""Weights brought from one framework's layout into another's and back, bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.port.conversion import convert
from compare.port.records.interface import Layer
from compare.port.translation.keras_names import layers_in_keras, names_in_keras
from compare.port.translation.matching import match
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
        converted = convert(str(path), target, tmp_path / name, timeout_seconds=60)
        path = tmp_path / name
        path.write_bytes(converted.content)
    summed = arrays["rnn.bias_ih_l0"] + arrays["rnn.bias_hh_l0"]
    found = read_weights(path)
    recurrent = next(name for name in found if name.endswith("weight_hh_l0"))
    assert np.array_equal(found[recurrent], arrays["rnn.weight_hh_l0"])
    assert np.array_equal(found[recurrent.replace("weight_hh", "bias_ih")], summed)
    assert not found[recurrent.replace("weight_hh", "bias_hh")].any()
