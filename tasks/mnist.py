"""Handwritten digits read row by row, as a sequence of 28 rows of 28 pixels."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from adapters.interface import Adam, Array, ModelSpec, TrainSpec
from adapters.parameters import Initializer, forget_ones, glorot_uniform, orthogonal, zeros
from tasks import mnist_data
from tasks.installed_data import data_file
from tasks.interface import (
    Confusion,
    DataRequest,
    Dataset,
    Evaluation,
    Metric,
    Predict,
    Preset,
    Task,
)

CLASSES = 10
EVALUATION_BATCH = 1000
EPOCHS: dict[str, dict[Preset, int]] = {
    "mnist": {"quick": 1, "standard": 3, "full": 10},
    "digits": {"quick": 10, "standard": 40, "full": 60},
}
SEEDS: dict[Preset, int] = {"quick": 1, "standard": 3, "full": 3}


class MnistRows(Task):
    """Which digit an image shows, from its rows, top to bottom; evaluated on held-out images.

    Where MNIST cannot be had, scikit-learn's digits stand in for it: real handwriting, but few
    images, enlarged.
    """

    name = "mnist-rows"
    summary = "An LSTM reads the image of a handwritten digit row by row and names the digit."
    source = (
        "tutorial 003, “TensorFlow – Recurrent Neural Networks”, "
        "after aymericdamien/TensorFlow-Examples; evaluated on all held-out images, not on 128"
    )
    model = ModelSpec(cell="lstm", inputs=28, hidden=128, outputs=CLASSES, loss="softmax_cross_entropy")
    train = TrainSpec(optimizer=Adam(learning_rate=0.001))
    batch_size = 128
    timeout_seconds = 1800.0
    metrics = (Metric(name="accuracy", better="higher", unit="%", target=95.0),)
    initializers: ClassVar[Mapping[str, Initializer]] = {
        "input_kernel": glorot_uniform,
        "recurrent_kernel": orthogonal,
        "bias": forget_ones,
        "readout_kernel": glorot_uniform,
        "readout_bias": zeros,
    }

    def prepare(self, request: DataRequest) -> str:
        return mnist_data.prepare(request)

    def dataset(self, key: str) -> Dataset:
        return {"mnist": mnist, "digits": digits}[key]()

    def epochs(self, preset: Preset, key: str) -> int:
        return EPOCHS[key][preset]

    def seeds(self, preset: Preset) -> int:
        return SEEDS[preset]

    def evaluate(self, predict: Predict, dataset: Dataset) -> Evaluation:
        images, labels = dataset.held_out_inputs, dataset.held_out_targets
        starts = range(0, len(images), EVALUATION_BATCH)
        logits = np.concatenate([predict(images[start : start + EVALUATION_BATCH]) for start in starts])
        pairs = labels * CLASSES + logits.argmax(axis=1)
        counts = np.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES)
        return Evaluation(
            metrics={"accuracy": float(100 * counts.trace() / counts.sum())},
            picture=Confusion(
                labels=tuple(str(digit) for digit in range(CLASSES)),
                counts=tuple(tuple(row) for row in counts.tolist()),
            ),
        )


def mnist() -> Dataset:
    """60,000 images to train on and 10,000 held out, from the cache that `prepare` filled.

    Units: pixels from 0 (background) to 1.
    """
    arrays = mnist_data.cached_arrays()
    return Dataset(
        name="MNIST",
        inputs=np.divide(arrays["train_images"], 255, dtype=np.float32),
        targets=np.array(arrays["train_labels"]),
        held_out_inputs=np.divide(arrays["test_images"], 255, dtype=np.float32),
        held_out_targets=np.array(arrays["test_labels"]),
    )


def digits() -> Dataset:
    """1,437 images to train on and every fifth, 360, held out: 8×8 enlarged to 24×24, framed to 28×28.

    Units: pixels from 0 (background) to 1.
    Source: scikit-learn's `load_digits`, the test part of the UCI set of Alpaydin & Kaynak 1998. A writer's
    images may lie in both parts, so that these held-out images are easier than MNIST's.
    """
    table = np.loadtxt(
        data_file("sklearn", "datasets", "data", "digits.csv.gz"), delimiter=",", dtype=np.int64
    )
    small, labels = table[:, :-1].reshape(-1, 8, 8), table[:, -1]
    images = np.kron(small, np.ones((3, 3))) / 16
    framed: Array = np.pad(images, ((0, 0), (2, 2), (2, 2))).astype(np.float32)
    held_out = np.arange(len(labels)) % 5 == 0
    return Dataset(
        name="digits stand-in (not MNIST)",
        inputs=framed[~held_out],
        targets=labels[~held_out],
        held_out_inputs=framed[held_out],
        held_out_targets=labels[held_out],
        stands_in_for="MNIST",
    )
