"""The table in a CSV, Parquet or NPZ file."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from compare.errors import UsageError
from compare.jobs.arrays import read_npz
from compare.jobs.csv_tables import csv_table
from compare.jobs.files import ending
from compare.jobs.table import ROWS, Piece, Table, pieces
from compare.text import one_line


def open_table(path: Path, separator: str) -> Table:
    """The table in a file, of which the names are read.

    Raises: UsageError for a file that is not what its name says, or has no names.
    """
    opening = {".csv": csv_table, ".csv.gz": csv_table, ".parquet": _parquet, ".npz": _npz}[ending(path)]
    table = opening(path, separator)
    twice = next((name for name in table.names if name and table.names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{path}: two columns are named {twice!r}: rename one of them")
    if not table.names:
        raise UsageError(f"{path} has no columns: name a file with data")
    return table


def _parquet(path: Path, separator: str) -> Table:
    try:
        file = pa.parquet.ParquetFile(path, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise UsageError(
            f"{path} is not what its name says: {_line(error)}: convert or fetch it anew"
        ) from error
    schema = file.schema_arrow

    def read(numbers: Sequence[str], others: Sequence[str]) -> Iterator[Piece]:
        for name in numbers:
            kind = schema.field(name).type
            if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
                raise UsageError(f"{path}, row 1, column {name!r} holds {kind}: name a column of numbers")
        try:
            wanted = [*dict.fromkeys((*numbers, *others))]
            yield from pieces(file.iter_batches(ROWS, columns=wanted), 1, numbers, others)
        except (pa.ArrowException, OSError) as error:
            raise UsageError(
                f"{path}: it cannot be read to its end: {_line(error)}: fetch it anew"
            ) from error

    return Table(path=path, names=tuple(schema.names), read=read)


def _npz(path: Path, separator: str) -> Table:
    try:
        with zipfile.ZipFile(path) as archive:
            names = tuple(name.removesuffix(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError) as error:
        raise UsageError(f"{path} is not what its name says: {_line(error)}: fetch it anew") from error

    def read(numbers: Sequence[str], others: Sequence[str]) -> Iterator[Piece]:
        arrays = read_npz(path, dict.fromkeys((*numbers, *others)))
        for name, array in arrays.items():
            if array.ndim != 1:
                raise UsageError(f"{path}: {name} has shape {array.shape}: a column has one axis")
        length = max(len(array) for array in arrays.values())
        for name, array in arrays.items():
            if len(array) < length:
                raise UsageError(
                    f"{path}: {name} has {len(array):,} rows, others have {length:,}: they must agree"
                )
        for name, array in arrays.items():
            kinds, what = ("iufb", "numbers") if name in numbers else ("iufbUSM", "numbers, text or dates")
            if array.dtype.kind not in kinds:
                raise UsageError(f"{path}, row 1, column {name!r} holds {array.dtype}: name one of {what}")
        for first in range(0, length, ROWS):
            rows = slice(first, first + ROWS)
            values = np.stack([arrays[name][rows].astype(np.float64) for name in numbers], axis=1)
            yield Piece(first + 1, values, {name: arrays[name][rows] for name in others})

    return Table(path=path, names=names, read=read)


def _line(error: BaseException) -> str:
    return one_line(error)[:200].rstrip(".")
