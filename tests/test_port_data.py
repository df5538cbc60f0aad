"""Batches for two programs: files that hold none are refused in a line that says what to do."""

import numpy as np
import pytest

from compare.errors import UsageError
from compare.port.data import check, from_file, same_rows_in_another_order
from compare.port.records.interface import Batch

INPUTS, TARGETS = np.zeros((4, 6, 3)), np.zeros(4, int)


def stored(folder, **arrays):
    path = folder / "batches.npz"
    np.savez(path, **arrays)
    return path


def test_a_file_of_inputs_targets_and_lengths_is_one_batch(tmp_path):
    lengths = np.array([6, 1, 2, 6])
    (batch,) = from_file(stored(tmp_path, inputs=INPUTS, targets=TARGETS, lengths=lengths))
    check([batch], "--data")
    assert np.array_equal(batch.lengths, lengths)


def test_objects_are_never_loaded(tmp_path):
    path = stored(tmp_path, inputs=np.array([object()]), targets=TARGETS)
    with pytest.raises(UsageError, match="Python objects, which are never loaded"):
        from_file(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 half of an archive"])
def test_a_damaged_file_is_refused(content, tmp_path):
    path = tmp_path / "damaged.npz"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read"):
        from_file(path)


def test_half_of_a_file_is_refused(tmp_path):
    path = stored(tmp_path, inputs=INPUTS, targets=TARGETS)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(UsageError, match="cannot be read"):
        from_file(path)


def test_a_single_array_is_refused(tmp_path):
    np.save(tmp_path / "one.npy", INPUTS)
    with pytest.raises(UsageError, match="is one array"):
        from_file(tmp_path / "one.npy")


def test_a_file_without_targets_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no array 'targets'"):
        from_file(stored(tmp_path, inputs=INPUTS))


WRONG = {
    "give one row each": Batch(inputs=INPUTS, targets=TARGETS[:2]),
    "must be numbers": Batch(inputs=INPUTS, targets=np.array(list("abcd"))),
    "no row": Batch(inputs=INPUTS[:0], targets=TARGETS[:0]),
    "not all finite": Batch(inputs=INPUTS * np.nan, targets=TARGETS),
    "whole numbers from 1 to 6": Batch(inputs=INPUTS, targets=TARGETS, lengths=np.array([1, 2, 0, 7])),
}


@pytest.mark.parametrize("says", WRONG)
def test_arrays_that_are_no_batch_are_refused(says):
    with pytest.raises(UsageError, match=says):
        check([WRONG[says]], "--data")


def test_the_same_rows_in_another_order_are_seen():
    random = np.random.default_rng(0)
    first = Batch(inputs=random.normal(size=(4, 6, 3)), targets=TARGETS)
    second = Batch(inputs=first.inputs[::-1], targets=TARGETS)
    assert same_rows_in_another_order([first], [second])
    assert not same_rows_in_another_order([first], [first])
