"""Files that anybody may have written are read as they claim or refused in a line; never a traceback."""

import gzip
import hashlib
import io
import json
import os
import resource
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compare.cli.plan import check_settings
from compare.errors import UsageError
from compare.records.block import Snapshot
from compare.records.results import Results
from compare.storage.checkpoint import SNAPSHOT_FILE, read_snapshot, write_snapshot
from compare.storage.results import UnreadableRun, load
from compare.storage.resume import stored_results, stored_settings
from tasks import mnist_data
from tasks.interface import DataUnavailable
from tasks.mnist_archives import check_archives, registered_archives
from tests.commands import assert_refused, command

REFERENCE = Path(__file__).parents[1] / "reports" / "reference" / "results.json"
LABELS = registered_archives()[1].name
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def small_results():
    """What a stored run of one cell looks like, with all that a run can go on from."""
    stored = json.loads(REFERENCE.read_text())
    run = stored["runs"][0] | {"epochs": stored["runs"][0]["epochs"][:1]}
    request = {
        "tasks": ["sine-online"],
        "adapters": ["numpy"],
        "preset": "quick",
        "seeds": 1,
        "epochs": 1,
        "threads": 1,
        "data": {"choice": "auto", "mnist_archives": None},
        "out": "reports/one",
        "overwrite": False,
    }
    return (
        stored
        | {"runs": [run], "tasks": stored["tasks"][:1], "proofs": [], "tutorials": None}
        | {
            "request": request,
            "interrupted": True,
        }
    )


SMALL = small_results()
BYTES = json.dumps(SMALL).encode()


def places(value, path=()):
    """Every place in plain data, as the keys that lead there."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


PLACES = [path for path in places(SMALL) if path and len(path) < 6]


def read(folder):
    """What a command does with a stored run before it does anything else; None where it is refused."""
    try:
        results = load(folder)
    except UnreadableRun:
        return None
    try:
        check_settings(stored_settings(folder, {}))
        stored_results(folder)
    except UsageError:
        pass
    return results


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzzed")


def test_what_is_fuzzed_can_be_read(folder):
    (folder / "results.json").write_bytes(BYTES)
    assert isinstance(read(folder), Results)
    check_settings(stored_settings(folder, {}))


@given(place=st.sampled_from(PLACES), value=JSON)
def test_results_with_anything_anywhere_are_read_or_refused(folder, place, value):
    changed = json.loads(BYTES)
    *way, last = place
    inner = changed
    for key in way:
        inner = inner[key]
    inner[last] = value
    (folder / "results.json").write_text(json.dumps(changed))
    assert read(folder) is None or isinstance(read(folder), Results)


@given(start=st.integers(0, len(BYTES)), length=st.integers(0, 30), new=st.binary(max_size=30))
def test_results_with_any_bytes_changed_are_read_or_refused(folder, start, length, new):
    (folder / "results.json").write_bytes(BYTES[:start] + new + BYTES[start + length :])
    assert read(folder) is None or isinstance(read(folder), Results)


@given(content=st.binary(max_size=200))
def test_a_journal_of_any_bytes_is_read_as_far_as_it_goes(folder, content):
    (folder / "results.json").write_bytes(BYTES)
    (folder / "running.jsonl").write_bytes(content)
    assert stored_results(folder).runs[:1] == load(folder).runs


def test_a_pipe_in_place_of_a_journal_or_a_snapshot_is_no_such_thing(tmp_path):
    (tmp_path / "results.json").write_bytes(BYTES)
    os.mkfifo(tmp_path / "running.jsonl")
    os.mkfifo(tmp_path / SNAPSHOT_FILE)
    assert stored_results(tmp_path).runs == load(tmp_path).runs
    assert read_snapshot(tmp_path) is None


@pytest.fixture(scope="module")
def snapshot(folder):
    """The bytes of a valid one."""
    states = {"numpy": {"parameters": np.arange(6.0), "step": np.array(3)}}
    write_snapshot(folder, Snapshot(task="sine-lstm", seed=0, epochs=2, states=states))
    assert read_snapshot(folder).states["numpy"]["step"] == 3
    return (folder / SNAPSHOT_FILE).read_bytes()


@given(start=st.integers(0, 2000), length=st.integers(0, 30), new=st.binary(max_size=30))
def test_a_snapshot_with_any_bytes_changed_is_read_or_is_none(folder, snapshot, start, length, new):
    (folder / SNAPSHOT_FILE).write_bytes(snapshot[:start] + new + snapshot[start + length :])
    found = read_snapshot(folder)
    assert found is None or isinstance(found, Snapshot)


def archive(**entries):
    """An archive of entries, each packed as tight as it goes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(f"{name}.npy", content)
    return stream.getvalue()


def bomb():
    """An archive of few bytes that holds a hundred megabytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file, file.open("0 step.npy", "w") as entry:
        for _ in range(100):
            entry.write(bytes(10**6))
    return stream.getvalue()


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


HEADING = npy(np.array(["sine-lstm", "0", "2", "numpy"]))


@pytest.mark.parametrize(
    "content",
    {
        "more than fits": bomb,
        "an array that claims more than it has": lambda: archive(
            heading=HEADING, **{"0 step": npy(np.zeros(10)).replace(b"(10,)", b"(10000000000000,)")}
        ),
        "a pickle": lambda: archive(
            heading=HEADING, **{"0 step": npy(np.array([{}], dtype=object), allow_pickle=True)}
        ),
        "an adapter that it does not name": lambda: archive(heading=HEADING, **{"7 step": npy(np.zeros(1))}),
        "no heading": lambda: archive(**{"0 step": npy(np.zeros(1))}),
    }.items(),
    ids=lambda pair: pair[0],
)
def test_a_hostile_snapshot_is_none(content, tmp_path):
    (tmp_path / SNAPSHOT_FILE).write_bytes(content[1]())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert read_snapshot(tmp_path) is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


HOSTILE = {
    "empty": b"",
    "no JSON": b"\x80\x04pickle",
    "no Unicode": b'{"schema": 1, "x": "\xff"}',
    "half": BYTES[: len(BYTES) // 2],
    "nested": b'{"schema": ' + b"[" * 200_000,
    "another schema": b'{"schema": 99}',
    "a huge schema": b'{"schema": ' + b"9" * 400 + b"}",
    "a task elsewhere": BYTES.replace(b'["sine-online"]', b'["../../sine"]'),
    "no such adapter": BYTES.replace(b'["numpy"]', b'["nmupy"]'),
    "an adapter elsewhere": BYTES.replace(b'["numpy"]', b'["../x:Y\\u0000"]'),
    "endless seeds": BYTES.replace(b'"seeds": 1', b'"seeds": 99999999999999999999'),
    "no threads": BYTES.replace(b'"request": {', b'"request": {"x": 1, ').replace(
        b'"threads": 1, "data"', b'"threads": -1, "data"'
    ),
    "another work": BYTES.replace(b'"batch_size": 1', b'"batch_size": 7'),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_stored_run_is_refused_in_one_line(content, tmp_path):
    assert content != BYTES
    (tmp_path / "results.json").write_bytes(content)
    assert_refused(command("run", "--resume", tmp_path), "")
    assert (tmp_path / "results.json").read_bytes() == content


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("line", [("report",), ("diff", REFERENCE.parent), ("run", "--resume")])
def test_only_a_file_is_read(line, make, tmp_path):
    make(tmp_path / "results.json")
    place = tmp_path / "results.json"
    says = f"error: {place}: not a file that can be read: expected the results of a run\n"
    assert_refused(command(*line, tmp_path), says)


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Four files with the names of the archives."""
    folder = tmp_path_factory.mktemp("archives")
    for archive in registered_archives():
        (folder / archive.name).write_bytes(b"")
    return folder


def idx(*sizes, kind=8):
    """An IDX header that claims sizes, without the data."""
    return struct.pack(f">HBB{len(sizes)}I", 0, kind, len(sizes), *sizes)


@given(
    name=st.sampled_from([archive.name for archive in registered_archives()]),
    content=st.binary(max_size=300) | st.lists(st.integers(0, 2**32 - 1), max_size=4).map(lambda s: idx(*s)),
    packed=st.booleans(),
)
def test_an_archive_of_any_bytes_is_refused(archives, name, content, packed):
    (archives / name).write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(DataUnavailable, match="expected"):
        check_archives(archives)


def test_an_archive_that_claims_two_billion_images_is_an_error_and_no_allocation(tmp_path):
    first = registered_archives()[0]
    claim = gzip.compress(idx(2**31, 28, 28))
    (tmp_path / first.name).write_bytes(claim + bytes(first.bytes - len(claim)))
    refused = command("run", "sine-online", "--mnist-archives", tmp_path, "--out", tmp_path / "out")
    assert_refused(refused, f"error: --mnist-archives: {tmp_path / first.name} has SHA-256 ")


def test_a_folder_in_an_archives_place_is_said(tmp_path):
    (tmp_path / registered_archives()[0].name).mkdir()
    with pytest.raises(DataUnavailable, match=r"ubyte\.gz is no file: expected"):
        check_archives(tmp_path)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A valid cache of small arrays."""
    monkeypatch.setattr(mnist_data, "user_cache_path", tmp_path.joinpath)
    folder = mnist_data.cache_folder()
    folder.mkdir(parents=True)
    for name in mnist_data.ARRAYS:
        np.save(folder / f"{name}.npy", np.zeros(10, np.uint8))
    sign(folder)
    assert mnist_data.cache_is_valid()
    return folder


def sign(folder):
    sums = {
        name: hashlib.sha256((folder / f"{name}.npy").read_bytes()).hexdigest() for name in mnist_data.ARRAYS
    }
    (folder / "manifest.json").write_text(json.dumps(sums))


def test_a_cached_array_that_claims_more_than_it_has_is_not_valid(cache):
    path = cache / "train_images.npy"
    path.write_bytes(path.read_bytes().replace(b"(10,)", b"(10000000000000,)"))
    sign(cache)
    assert not mnist_data.cache_is_valid()


def test_a_cached_pickle_is_never_opened(cache):
    np.save(cache / "test_labels.npy", np.array([{}], dtype=object), allow_pickle=True)
    sign(cache)
    assert not mnist_data.cache_is_valid()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_a_cached_array_of_any_bytes_is_not_valid(cache, content):
    (cache / "test_images.npy").write_bytes(b"\x93NUMPY\x01\x00" + content)
    sign(cache)
    assert not mnist_data.cache_is_valid()


def test_a_damaged_cache_is_called_damaged(cache, monkeypatch):
    (cache / "test_images.npy").write_bytes(b"")
    monkeypatch.setattr(mnist_data, "reachable", lambda url: False)
    with pytest.raises(DataUnavailable, match=f"MNIST is damaged in {cache} and .* cannot be reached"):
        mnist_data.prepare(mnist_data.DataRequest(choice="mnist"))


def test_a_cache_that_cannot_be_kept_says_where_else_it_could(cache, monkeypatch):
    shutil.rmtree(cache)
    cache.write_text("a file where the folder should be")
    with pytest.raises(
        DataUnavailable, match="name another place in XDG_CACHE_HOME, or choose --data digits"
    ):
        mnist_data.fill_cache(None)
