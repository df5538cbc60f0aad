"""The tutorials' tasks with the settings that the texts give, run by the recipes alone."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np

from adapters.interface import Adam, Array, Sgd, TrainSpec
from adapters.parameters import Float64, Initializer, forget_ones, normal, uniform
from tasks import published, published_rule
from tasks.interface import Dataset
from tasks.mnist import MnistRows
from tasks.mnist_data import archive_order
from tasks.sine import SineWindow

VALIDATION_IMAGES = 5000


class WindowAsPublished(SineWindow):
    """The windows of tutorial 002 with its own rate, start, order and precision, but the true gradient."""

    name = "sine-window-as-published"
    train = TrainSpec(
        optimizer=Sgd(learning_rate=published_rule.LEARNING_RATE),
        backprop_through=published_rule.BACKPROP_THROUGH,
        clip_value=published_rule.CLIP_VALUE,
        dtype="float64",
    )
    epoch_count = published.EPOCHS

    def initial_parameters(self, seed: int) -> dict[str, Float64]:
        return published_rule.canonical(published_rule.draw(seed))

    def batches(self, sequences: int, seed: int, epoch: int) -> Array:
        return np.arange(sequences, dtype=np.int64)[:, np.newaxis]


class RowsAsPublished(MnistRows):
    """The row-wise MNIST of tutorial 003: its 55,000 training images, its start, its Adam.

    Source: aymericdamien/TensorFlow-Examples; TensorFlow 1's `read_data_sets`, which keeps 5,000 images
    apart, its `BasicLSTMCell`, whose one (D+H, 4·H) kernel is Glorot uniform, and its `AdamOptimizer`.
    """

    name = "mnist-rows-as-published"
    train = TrainSpec(optimizer=Adam(learning_rate=0.001, epsilon=1e-8))
    _kernel = uniform(math.sqrt(6 / (28 + 128 + 4 * 128)))
    initializers: ClassVar[Mapping[str, Initializer]] = {
        "input_kernel": _kernel,
        "recurrent_kernel": _kernel,
        "bias": forget_ones,
        "readout_kernel": normal(1.0),
        "readout_bias": normal(1.0),
    }

    def dataset(self, key: str) -> Dataset:
        """The images, in the order of the original archives where there is one."""
        dataset = super().dataset(key)
        if key != "mnist":
            return dataset
        training = archive_order("train", len(dataset.inputs))[VALIDATION_IMAGES:]
        held_out = archive_order("test", len(dataset.held_out_inputs))
        return replace(
            dataset,
            inputs=dataset.inputs[training],
            targets=dataset.targets[training],
            held_out_inputs=dataset.held_out_inputs[held_out],
            held_out_targets=dataset.held_out_targets[held_out],
        )
