"""Results that are kept as they grow: all is on disk, however large the file has become."""

from dataclasses import replace

import pytest

from compare.storage import journal
from compare.storage.journal import ResultsStore
from compare.storage.results import JOURNAL_FILE, load, save
from tests.example_results import example_results

SEEDS = 5


def grown(results):
    """The results of so many blocks, one more each time."""
    first = [run for run in results.runs if run.seed == 0]
    for seeds in range(1, SEEDS + 1):
        yield replace(results, runs=[replace(run, seed=seed) for seed in range(seeds) for run in first])


@pytest.fixture
def slow(monkeypatch):
    """Writing all takes too long to be done for every block."""
    monkeypatch.setattr(journal, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(journal, "LARGEST_SHARE", 0.0)


def test_each_block_is_on_disk_once_it_is_kept(tmp_path, slow):
    store = ResultsStore(tmp_path)
    for results in grown(example_results()):
        store.keep(results)
        assert load(tmp_path).runs == results.runs
    assert len((tmp_path / JOURNAL_FILE).read_bytes().splitlines()) == SEEDS - 1
    save(results, tmp_path)
    assert not (tmp_path / JOURNAL_FILE).exists()
    assert load(tmp_path) == results


def test_half_a_line_is_none_and_a_block_that_stands_there_twice_counts_once(tmp_path, slow):
    store = ResultsStore(tmp_path)
    for results in grown(example_results()):
        store.keep(results)
    path = tmp_path / JOURNAL_FILE
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[0] + b"".join(lines[1:-1]) + lines[-1][:50])
    assert load(tmp_path).runs == [run for run in results.runs if run.seed < SEEDS - 1]


def test_what_is_soon_written_is_written_whole(tmp_path):
    store = ResultsStore(tmp_path)
    for results in grown(example_results()):
        store.keep(results)
    assert not (tmp_path / JOURNAL_FILE).exists()
    assert load(tmp_path).runs == results.runs
