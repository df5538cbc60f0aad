"""Where MNIST comes from: tensorflow-datasets, from archives or the network, kept as checked .npy files."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from platformdirs import user_cache_path

from adapters.interface import Array
from tasks.idx import existing, read_idx
from tasks.interface import DataRequest, DataUnavailable
from tasks.mnist_archives import as_they_come, check_archives, reachable, registered_archives, sha256

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
MANIFEST = "manifest.json"
BUILDING = "building-"
DOWNLOAD_LIMIT_SECONDS = 1200
ABANDONED_SECONDS = 2 * DOWNLOAD_LIMIT_SECONDS
WAY_OUT = "give --mnist-archives DIR or choose --data digits"


def prepare(request: DataRequest) -> str:
    """Make the data ready and return their key, "mnist" or "digits".

    Archives that were given are checked even where the cache could do without them.

    Raises: DataUnavailable.
    """
    if request.choice == "digits":
        if request.mnist_archives is not None:
            raise DataUnavailable("--data digits needs no MNIST archives: leave out --mnist-archives")
        return "digits"
    archives = request.mnist_archives
    if archives is not None:
        check_archives(archives)
    if cache_is_valid():
        return "mnist"
    if archives is None and not reachable(url := registered_archives()[0].url):
        if request.choice == "auto":
            return "digits"
        found = "is damaged" if (cache_folder() / MANIFEST).exists() else "is not"
        raise DataUnavailable(f"MNIST {found} in {cache_folder()} and {url} cannot be reached: {WAY_OUT}")
    fill_cache(archives)
    return "mnist"


def cached_arrays() -> dict[str, Array]:
    """The arrays in the cache, by name; not in memory yet, as a header may claim more than its file has.

    Shapes: images (N, 28, 28) uint8; labels (N,) int64.
    """
    folder = cache_folder()
    return {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}


def cache_folder() -> Path:
    return user_cache_path("lockstep") / "mnist"


def cache_is_valid() -> bool:
    """Whether every array has the checksum that the manifest holds of it, and as many bytes as it claims."""
    folder = cache_folder()
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return bool(manifest == checksums(folder) and cached_arrays())
    except (OSError, ValueError, RecursionError):
        return False


def checksums(folder: Path) -> dict[str, str]:
    return {name: sha256(folder / f"{name}.npy") for name in ARRAYS}


def fill_cache(archives: Path | None) -> None:
    """Build the arrays aside and move them into the cache one by one, the manifest last.

    Two processes may do so at once: they build the same bytes, and what either leaves half-done
    fails its checksum.

    Raises: DataUnavailable.
    """
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_abandoned(folder)
        with TemporaryDirectory(dir=folder, prefix=BUILDING) as name:
            building = Path(name)
            if archives is None or as_they_come(archives):
                run_download(building, archives)
            else:
                unpack(building, archives)
            manifest = checksums(building)
            (building / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
            for file in (*(f"{array}.npy" for array in ARRAYS), MANIFEST):
                os.replace(building / file, folder / file)
    except OSError as error:
        raise DataUnavailable(
            f"MNIST cannot be kept in {folder} ({error}): "
            "name another place in XDG_CACHE_HOME, or choose --data digits"
        ) from error


def remove_abandoned(folder: Path) -> None:
    """Remove what builds left behind that were killed long ago."""
    for building in folder.glob(f"{BUILDING}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - building.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(building, ignore_errors=True)


def unpack(folder: Path, archives: Path) -> None:
    """Write what `run_download` does, from archives that were unpacked or packed anew.

    Raises: DataUnavailable where one of them cannot be read.
    """
    for split, prefix in (("train", "train"), ("test", "t10k")):
        for kind, axes in (("images", 3), ("labels", 1)):
            values = read_idx(existing(archives / f"{prefix}-{kind}-idx{axes}-ubyte.gz"), axes)
            ordered = np.empty(values.shape, np.uint8 if kind == "images" else np.int64)
            ordered[archive_order(split, len(values))] = values
            np.save(folder / f"{split}_{kind}.npy", ordered)


def run_download(folder: Path, archives: Path | None) -> None:
    """Run `tasks.mnist_download`, which imports TensorFlow, in a process that ends with this one.

    Raises: DataUnavailable with the last line that it wrote, where it fails.
    """
    command = [sys.executable, "-m", "tasks.mnist_download", str(folder.absolute())]
    read_end, write_end = os.pipe()
    try:
        subprocess.run(
            command if archives is None else [*command, str(archives.absolute())],
            stdin=read_end,
            cwd=Path(__file__).parents[1],
            env={
                **os.environ,
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "CUDA_VISIBLE_DEVICES": "-1",
                "PYTHONSAFEPATH": "",
            },
            check=True,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=DOWNLOAD_LIMIT_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [f"exit status {error.returncode}"]
        raise DataUnavailable(
            f"tensorflow-datasets could not build MNIST ({lines[-1]}): {WAY_OUT}"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise DataUnavailable(
            f"tensorflow-datasets did not build MNIST in {DOWNLOAD_LIMIT_SECONDS} s: {WAY_OUT}"
        ) from error
    finally:
        os.close(read_end)
        os.close(write_end)


def archive_order(split: str, count: int) -> Array:
    """Where the images of the original archive, in its order, lie among the cached ones.

    Shapes: (count,), count being the size of the whole split.
    Source: tensorflow-datasets keeps a split sorted by the MD5 hash of its name and the example's number.
    """
    hashes = [hashlib.md5(f"{split}{index}".encode()).digest() for index in range(count)]
    places = np.empty(count, np.int64)
    places[sorted(range(count), key=hashes.__getitem__)] = np.arange(count)
    return places
