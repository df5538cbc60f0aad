"""A table may be larger than memory would hold as windows: these are views, gathered as they are needed."""

import os
import shutil
import subprocess
import sys
from textwrap import dedent

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from compare.jobs.arrays import mapped, release_pages, write_array
from tests.commands import ROOT
from tests.job_files import opened, write_job, write_waves

ROWS, COLUMNS = 5_000_000, 20
TABLE_BYTES = ROWS * COLUMNS * 4

MEASURE = """
    import re
    import sys
    from pathlib import Path

    import numpy, pandas, pyarrow.csv, pyarrow.parquet

    from compare.runner.checked_task import evaluate
    from compare.runner.remote_adapter import RemoteAdapter
    from compare.runner.task_loading import load_task_data
    from compare.runner.worker_process import Limits
    from tasks.interface import DataRequest, TaskReference

    def largest():
        return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

    imported = largest()
    data = load_task_data(TaskReference(name="big.toml"), DataRequest())
    task, dataset = data.task, data.dataset
    remote = RemoteAdapter(sys.argv[1], Limits(threads=1, timeout_seconds=600))
    remote.construct(task.model, task.train, task.initial_parameters(0))
    remote.load_task(data.reference, data.key, dataset.inputs.shape[1], at_once=dataset.sequences_at_once)
    remote.train(task.batches(len(dataset.inputs), 0, 0)[:500])
    evaluate(task, remote.predict, dataset)
    print(len(dataset.inputs), largest() - imported, remote.growth_bytes)
    remote.end()
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)


def test_windows_are_views_of_the_table_on_disk(tmp_path):
    write_waves(tmp_path, 2000)
    _, dataset = opened(write_job(tmp_path, 'file = "load.csv"\nforecast = { window = 500 }'))
    assert dataset.inputs.nbytes > 200 * 2000 * 2 * 4
    assert np.shares_memory(dataset.inputs[0], dataset.inputs[1])
    assert np.shares_memory(dataset.inputs, dataset.held_out_inputs)


def test_pages_that_are_released_are_read_anew(tmp_path):
    write_array(tmp_path / "a.npy", (1000, 3), np.float32, [np.arange(3000).reshape(1000, 3)])
    array = mapped(tmp_path / "a.npy")
    window = np.lib.stride_tricks.sliding_window_view(array, 5, axis=0)
    before = window[100].copy()
    release_pages(window)
    np.testing.assert_array_equal(window[100], before)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A folder with a job on five million rows, and the environment in which it is run."""
    folder = tmp_path_factory.mktemp("large")
    names = [f"c{column}" for column in range(COLUMNS)]
    generator, schema = np.random.default_rng(0), pa.schema([(name, pa.float32()) for name in names])
    with pa.parquet.ParquetWriter(folder / "big.parquet", schema) as writer:
        for _ in range(50):
            part = generator.random((COLUMNS, ROWS // 50), np.float32)
            writer.write_table(pa.table(dict(zip(names, part, strict=True)), schema=schema))
    write_job(folder, 'file = "big.parquet"\nforecast = { window = 48 }', name="big")
    yield folder, {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    shutil.rmtree(folder)


@pytest.mark.exhaustive
@pytest.mark.parametrize("adapter", ["numpy", "torch", "jax", "tensorflow"])
def test_five_million_rows_take_no_more_than_twice_the_table(adapter, large):
    folder, environment = large
    found = subprocess.run(
        [sys.executable, "-c", dedent(MEASURE), adapter],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=environment,
    )
    windows, parent, worker = map(int, found.stdout.split())
    assert windows > 3_900_000
    assert parent < 2 * TABLE_BYTES
    assert worker < 2 * TABLE_BYTES
