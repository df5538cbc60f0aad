"""Numbers that Keras publishes for its own layers, in float32, reproduced by the reference and NumPy's.

Source: keras-team/keras 3, keras/src/layers/rnn/lstm_test.py and simple_rnn_test.py: constant kernels
(input 0.01, recurrent 0.02, bias 0.03, forget bias 1 unless said otherwise) on sequences of 0, 1, 2, ….
"""

import numpy as np
import pytest

from adapters.interface import Adapter, Array, Cell, ModelSpec, Readout, Sgd, TrainSpec
from adapters.parameters import shapes
from tests.oracle_cases import each_of_ours

INPUT_KERNEL, RECURRENT_KERNEL, BIAS = 0.01, 0.02, 0.03


def counted(sequences: int, time_steps: int, inputs: int) -> Array:
    values = np.arange(sequences * time_steps * inputs, dtype=np.float32)
    return values.reshape(sequences, time_steps, inputs)


def hidden_states(
    adapter_type: type[Adapter],
    cell: Cell,
    inputs: Array,
    hidden: int,
    *,
    bias: bool = True,
    forget_bias: float = 1.0,
    readout: Readout = "last",
) -> Array:
    """What the readout sees, through a readout that changes nothing."""
    model = ModelSpec(
        cell=cell,
        inputs=inputs.shape[-1],
        hidden=hidden,
        outputs=hidden,
        loss="half_squared_error",
        bias=bias,
        readout=readout,
    )
    constants = {"input_kernel": INPUT_KERNEL, "recurrent_kernel": RECURRENT_KERNEL, "bias": BIAS}
    parameters = {
        name: np.full(shape, constants.get(name, 0.0), np.float32) for name, shape in shapes(model).items()
    }
    parameters["readout_kernel"] = np.eye(hidden, dtype=np.float32)
    if cell == "lstm" and bias:
        parameters["bias"][hidden : 2 * hidden] = forget_bias
    train = TrainSpec(optimizer=Sgd(learning_rate=0.1))
    return adapter_type(model, train, parameters).predict(inputs)


@pytest.mark.parametrize(
    ("options", "backwards", "published"),
    [
        ({}, False, [0.6288687, 0.86899155, 0.9460773]),
        ({}, True, [0.35622165, 0.74789524, 0.8872726]),
        ({"forget_bias": BIAS}, False, [0.57019705, 0.8661914, 0.9459622]),
        ({"bias": False}, False, [0.54986924, 0.86226785, 0.9443936]),
    ],
    ids=["forward", "backward", "small-forget-bias", "no-bias"],
)
@each_of_ours
def test_lstm(adapter_type: type[Adapter], options: dict, backwards: bool, published: list[float]):
    inputs = counted(3, 6, 4)[:, :: -1 if backwards else 1]
    came = hidden_states(adapter_type, "lstm", inputs, 3, **options)
    np.testing.assert_allclose(came, np.transpose([published] * 3), rtol=1e-5, atol=1e-5)


@each_of_ours
def test_lstm_carries_its_state(adapter_type: type[Adapter]):
    """Published for a layer that sees the same sequence twice and keeps its state."""
    came = hidden_states(adapter_type, "lstm", np.tile(counted(2, 3, 4), (1, 2, 1)), 4)
    np.testing.assert_allclose(came, np.transpose([[0.3124785, 0.6863672]] * 4), rtol=1e-5, atol=1e-5)


@each_of_ours
def test_lstm_at_every_step(adapter_type: type[Adapter]):
    """Published for masked sequences: the steps before the mask sets in."""
    came = hidden_states(adapter_type, "lstm", counted(2, 4, 3), 2, readout="every")
    np.testing.assert_allclose(came[0, :3, 0], [0.01588910, 0.05552048, 0.11755939], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(came[1, :2, 1], [0.14185596, 0.28556206], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "published"),
    [
        (counted(2, 3, 4), [0.405432, 0.73605347]),
        (counted(2, 3, 4)[:, ::-1], [0.11144729, 0.5528889]),
        (np.tile(counted(2, 3, 4), (1, 2, 1)), [0.40559256, 0.7361247]),
    ],
    ids=["forward", "backward", "state-carried"],
)
@each_of_ours
def test_elman(adapter_type: type[Adapter], inputs: Array, published: list[float]):
    came = hidden_states(adapter_type, "elman", inputs, 4)
    np.testing.assert_allclose(came, np.transpose([published] * 4), rtol=1e-5, atol=1e-5)
