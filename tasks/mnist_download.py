"""A child process that has tensorflow-datasets build MNIST and leaves it as .npy files.

    python -m tasks.mnist_download FOLDER [ARCHIVES]

It runs on its own so that TensorFlow is never imported where it is timed or not needed, and ends when its
standard input does.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import numpy as np


def download(folder: Path, archives: str | None) -> None:
    """Write images and labels of both splits into `folder`, from the archives where they are given.

    Shapes: images (N, 28, 28) uint8; labels (N,) int64.
    """
    import tensorflow_datasets as tfds  # noqa: PLC0415 - brings TensorFlow

    tfds.disable_progress_bar()
    with TemporaryDirectory(dir=folder) as data:
        builder = tfds.builder("mnist", data_dir=data)
        builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=archives))
        for split in ("train", "test"):
            examples = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1, shuffle_files=False))
            np.save(folder / f"{split}_images.npy", examples["image"][..., 0])
            np.save(folder / f"{split}_labels.npy", examples["label"])


def leave_when_input_ends() -> None:
    """Wait for the end of standard input, then end this process."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    Thread(target=leave_when_input_ends, daemon=True).start()
    download(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
