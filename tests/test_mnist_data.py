"""Where MNIST comes from, what is checked on the way, and what a user reads when it cannot be had."""

import gzip
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from urllib.error import URLError

import numpy as np
import pytest

from adapters.validation import check_data
from tasks import TASKS, mnist_archives, mnist_data
from tasks.interface import DataRequest, DataUnavailable
from tasks.mnist_archives import check_archives, reachable, registered_archives

ARCHIVES = Path(__file__).parents[2] / "shared" / "data" / "mnist"
needs_archives = pytest.mark.skipif(
    not ARCHIVES.is_dir(), reason="the MNIST archives are not on this machine"
)
builds_mnist = pytest.mark.exhaustive  # half a minute in tensorflow-datasets
TRAIN_IMAGES = "train-images-idx3-ubyte.gz"
MNIST = TASKS["mnist-rows"]


@pytest.fixture(scope="session")
def filled_cache(tmp_path_factory):
    """A cache that tensorflow-datasets filled from the archives."""
    folder = tmp_path_factory.mktemp("filled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mnist_data, "user_cache_path", folder.joinpath)
        assert MNIST.prepare(DataRequest(mnist_archives=ARCHIVES)) == "mnist"
    return folder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setattr(mnist_data, "user_cache_path", tmp_path.joinpath)
    return tmp_path / "lockstep" / "mnist"


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr(mnist_data, "reachable", lambda url: False)


@pytest.fixture
def downloads(monkeypatch):
    """A network, and small arrays in place of a download; the list of the archives it was given."""
    calls = []

    def run_download(folder, archives):
        calls.append(archives)
        for number, name in enumerate(mnist_data.ARRAYS):
            np.save(folder / f"{name}.npy", np.full(1000, number, dtype=np.uint8))

    monkeypatch.setattr(mnist_data, "reachable", lambda url: True)
    monkeypatch.setattr(mnist_data, "run_download", run_download)
    return calls


@pytest.fixture
def archives(tmp_path):
    """A copy of the archives, to be damaged."""
    return Path(shutil.copytree(ARCHIVES, tmp_path / "archives", copy_function=shutil.copyfile))


def test_digits_are_digits_whatever_the_network(cache, downloads):
    assert MNIST.prepare(DataRequest(choice="digits")) == "digits"
    assert not downloads


def test_archives_contradict_digits(cache):
    with pytest.raises(DataUnavailable, match="leave out --mnist-archives"):
        MNIST.prepare(DataRequest(choice="digits", mnist_archives=Path("anywhere")))


@pytest.mark.usefixtures("offline")
def test_without_a_network_auto_means_digits(cache):
    assert MNIST.prepare(DataRequest()) == "digits"


@pytest.mark.usefixtures("offline")
def test_without_a_network_mnist_is_refused_in_one_line_that_says_what_to_do(cache):
    with pytest.raises(DataUnavailable) as refusal:
        MNIST.prepare(DataRequest(choice="mnist"))
    message = str(refusal.value)
    assert "cannot be reached: give --mnist-archives DIR or choose --data digits" in message
    assert "\n" not in message


@pytest.mark.parametrize("choice", ["auto", "mnist"])
def test_a_network_fills_the_cache_once(choice, cache, downloads):
    request = DataRequest(choice=choice)
    assert [MNIST.prepare(request), MNIST.prepare(request)] == ["mnist", "mnist"]
    assert downloads == [None]
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        [*(f"{name}.npy" for name in mnist_data.ARRAYS), "manifest.json"]
    )


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("train_images.npy", flip_a_byte),
        ("test_labels.npy", Path.unlink),
        ("train_labels.npy", lambda path: path.write_bytes(b"")),
        ("manifest.json", Path.unlink),
        ("manifest.json", lambda path: path.write_text("{")),
        ("manifest.json", lambda path: path.write_text("{}")),
    ],
)
def test_a_damaged_cache_is_built_again(file, damage, cache, downloads):
    MNIST.prepare(DataRequest())
    damage(cache / file)
    assert not mnist_data.cache_is_valid()
    assert MNIST.prepare(DataRequest()) == "mnist"
    assert len(downloads) == 2
    assert mnist_data.cache_is_valid()


def test_a_failed_build_leaves_nothing_behind(cache, downloads, monkeypatch):
    def fail(folder, archives):
        (folder / "train_images.npy").write_bytes(b"half")
        raise DataUnavailable("the line went dead")

    monkeypatch.setattr(mnist_data, "run_download", fail)
    with pytest.raises(DataUnavailable, match="the line went dead"):
        MNIST.prepare(DataRequest())
    assert list(cache.iterdir()) == []


def test_two_may_fill_the_cache_at_once(cache, downloads):
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: mnist_data.fill_cache(None), range(8)))
    assert len(keys) == len(downloads) == 8
    assert mnist_data.cache_is_valid()


def test_a_cache_that_cannot_be_written_is_named(cache, downloads):
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataUnavailable, match=f"MNIST cannot be kept in {cache}"):
        MNIST.prepare(DataRequest())


def test_a_failing_download_is_told_by_its_last_line(tmp_path):
    with pytest.raises(DataUnavailable) as failure:
        mnist_data.run_download(tmp_path / "missing", None)
    message = str(failure.value)
    assert message.startswith("tensorflow-datasets could not build MNIST (FileNotFoundError: ")
    assert message.endswith("give --mnist-archives DIR or choose --data digits")
    assert "\n" not in message


def test_the_registered_archives_are_read_without_importing_their_package():
    program = (
        "import sys; from tasks.mnist_archives import registered_archives;"
        "print(len(registered_archives()), 'tensorflow_datasets' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["4", "False"]
    images = next(archive for archive in registered_archives() if archive.name == TRAIN_IMAGES)
    assert images.bytes == 9_912_422
    assert images.sha256.startswith("440fcabf73cc")
    assert images.url.endswith("/mnist/train-images-idx3-ubyte.gz")


def test_missing_tensorflow_datasets_is_said(monkeypatch):
    monkeypatch.setattr(mnist_archives, "find_spec", lambda name: None)
    with pytest.raises(DataUnavailable, match="tensorflow-datasets is not installed"):
        registered_archives()


def test_a_network_that_hangs_is_given_up_in_seconds(monkeypatch):
    assert mnist_archives.PROBE_LIMIT_SECONDS < 10
    monkeypatch.setattr(mnist_archives, "PROBE_LIMIT_SECONDS", 0.1)
    given_up = Event()

    def hang(*request, timeout):
        given_up.wait()
        raise URLError("too late")

    monkeypatch.setattr(mnist_archives, "urlopen", hang)
    assert not reachable("https://hangs.invalid/")
    given_up.set()


def test_a_network_that_refuses_is_given_up_at_once(monkeypatch):
    def refuse(*request, timeout):
        raise URLError("no route")

    monkeypatch.setattr(mnist_archives, "urlopen", refuse)
    assert not reachable("https://refuses.invalid/")


def test_an_archive_folder_must_exist(cache, downloads, tmp_path):
    with pytest.raises(DataUnavailable, match="nowhere is not a folder"):
        MNIST.prepare(DataRequest(mnist_archives=tmp_path / "nowhere"))


def test_a_missing_archive_is_named_with_what_was_expected(tmp_path):
    first = registered_archives()[0]
    with pytest.raises(DataUnavailable) as refusal:
        check_archives(tmp_path)
    assert str(refusal.value) == (
        f"--mnist-archives: {tmp_path / first.name} is missing: "
        f"expected {first.bytes:,} bytes with SHA-256 {first.sha256[:12]}…"
    )


@needs_archives
def test_a_truncated_archive_is_named_with_its_size(archives):
    path = archives / TRAIN_IMAGES
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataUnavailable, match=f"{TRAIN_IMAGES} has 1,000 bytes: expected 9,912,422 bytes"):
        check_archives(archives)


@needs_archives
def test_a_corrupt_archive_is_named_with_its_checksum(archives):
    flip_a_byte(archives / TRAIN_IMAGES)
    with pytest.raises(
        DataUnavailable, match=rf"{TRAIN_IMAGES} has SHA-256 \w{{12}}…: .* SHA-256 440fcabf73cc…"
    ):
        check_archives(archives)


REPACKED = {
    "unpacked": ("-", "", bytes),
    "unpacked and dotted": (".", "", bytes),
    "dotted": (".", ".gz", None),
    "packed anew": ("-", ".gz", lambda content: gzip.compress(content, 1)),
}


@needs_archives
@pytest.mark.parametrize(("mark", "ending", "pack"), REPACKED.values(), ids=REPACKED)
def test_archives_count_by_what_is_in_them(mark, ending, pack, tmp_path, cache, downloads):
    for archive in registered_archives():
        packed = (ARCHIVES / archive.name).read_bytes()
        name = archive.name.removesuffix(".gz").replace("-idx", f"{mark}idx") + ending
        (tmp_path / name).write_bytes(pack(gzip.decompress(packed)) if pack else packed)
    check_archives(tmp_path)
    assert MNIST.prepare(DataRequest(mnist_archives=tmp_path)) == "mnist"
    assert downloads == []
    arrays = mnist_data.cached_arrays()
    packed = gzip.decompress((ARCHIVES / "t10k-labels-idx1-ubyte.gz").read_bytes())
    order = mnist_data.archive_order("test", 10_000)
    np.testing.assert_array_equal(arrays["test_labels"][order], np.frombuffer(packed, np.uint8, offset=8))
    assert arrays["train_images"].shape == (60_000, 28, 28)


@needs_archives
def test_an_archive_that_cannot_be_read_is_named(archives, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(mnist_archives, "sha256", refuse)
    with pytest.raises(DataUnavailable, match=r"gz cannot be read \(Permission denied\)$"):
        check_archives(archives)


@needs_archives
def test_bad_archives_are_an_error_even_beside_a_filled_cache(archives, cache, downloads):
    MNIST.prepare(DataRequest())
    flip_a_byte(archives / TRAIN_IMAGES)
    with pytest.raises(DataUnavailable, match=TRAIN_IMAGES):
        MNIST.prepare(DataRequest(mnist_archives=archives))


@needs_archives
@builds_mnist
@pytest.mark.usefixtures("offline")
def test_the_real_archives_become_mnist(filled_cache, monkeypatch):
    monkeypatch.setattr(mnist_data, "user_cache_path", filled_cache.joinpath)
    monkeypatch.setattr(mnist_data, "run_download", None)  # what is in the cache is not fetched again
    assert MNIST.prepare(DataRequest()) == "mnist"

    data = MNIST.dataset("mnist")
    check_data(MNIST.model, MNIST.train, data.inputs, data.targets)
    assert data.name == "MNIST"
    assert data.inputs.shape == (60000, 28, 28)
    assert data.held_out_inputs.shape == (10000, 28, 28)
    assert data.inputs.dtype == np.float32
    assert data.targets.dtype == np.int64
    assert (data.inputs.min(), data.inputs.max()) == (0.0, 1.0)
    assert data.inputs.mean() == pytest.approx(0.1307, abs=1e-4)
    assert np.bincount(data.held_out_targets).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip


@needs_archives
@builds_mnist
@pytest.mark.parametrize(("split", "prefix"), [("train", "train"), ("test", "t10k")])
def test_no_image_and_no_label_was_lost_on_the_way(split, prefix, filled_cache):
    with gzip.open(ARCHIVES / f"{prefix}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)
    with gzip.open(ARCHIVES / f"{prefix}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    folder = filled_cache / "lockstep" / "mnist"
    kept = np.load(folder / f"{split}_images.npy").reshape(-1, 784)
    kept_labels = np.load(folder / f"{split}_labels.npy")
    original = sorted(zip(map(bytes, images), labels.tolist(), strict=True))
    assert sorted(zip(map(bytes, kept), kept_labels.tolist(), strict=True)) == original
