"""Columns of a CSV, Parquet or NPZ file, read in pieces that are small beside the whole."""

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from adapters.interface import Array
from compare.errors import UsageError, check_choice
from compare.jobs.arrays import read_npz
from compare.jobs.files import ending, opened

BLOCK_BYTES = 4 * 2**20
ROWS = 65_536


class Piece(NamedTuple):
    """Some rows: the number of the first, those columns that hold numbers, and others as they are.

    Shapes: numbers (rows, columns) float64, NaN where there is none; others (rows,) each.
    """

    first: int
    numbers: Array
    others: dict[str, Array]


Read = Callable[[Sequence[str], Sequence[str]], Iterator[Piece]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The names of a table's columns, and `read`, which takes those of numbers and those of anything."""

    path: Path
    names: tuple[str, ...]
    read: Read

    def check_column(self, name: str) -> None:
        """Raise unless there is such a column.

        Raises: UsageError with the near matches.
        """
        check_choice(f"column of {self.path}", name, self.names)


def open_table(path: Path, separator: str) -> Table:
    """The table in a file, of which the names are read.

    Raises: UsageError for a file that is not what its name says, or has no names.
    """
    opening = {".csv": _csv, ".csv.gz": _csv, ".parquet": _parquet, ".npz": _npz}[ending(path)]
    table = opening(path, separator)
    twice = next((name for name in table.names if name and table.names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{path}: two columns are named {twice!r}: rename one of them")
    if not table.names:
        raise UsageError(f"{path} has no columns: name a file with data")
    return table


def _csv(path: Path, separator: str) -> Table:
    with opened(path) as stream:
        first = stream.readline(BLOCK_BYTES)
    try:
        header = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}, row 1: not text in UTF-8: save it as UTF-8") from error
    parsed = (
        pa.csv.read_csv(
            pa.BufferReader(header.encode() + b"\n"),
            read_options=pa.csv.ReadOptions(autogenerate_column_names=True),
            parse_options=pa.csv.ParseOptions(delimiter=separator),
            convert_options=pa.csv.ConvertOptions(null_values=[]),
        )
        if header.strip()
        else pa.table({})
    )
    names = tuple(str(column[0].as_py()) for column in parsed.columns)
    other = next((each for each in ";\t|" if len(names) == 1 and each in header), None)
    if other:
        raise UsageError(
            f"{path}, row 1: one column, {header!r}: is it separated by {other!r}? say separator = {other!r}"
        )

    def read(numbers: Sequence[str], others: Sequence[str]) -> Iterator[Piece]:
        types = {name: pa.float64() for name in numbers} | {name: pa.string() for name in others}
        try:
            with opened(path) as stream:
                reader = pa.csv.open_csv(
                    stream,
                    read_options=pa.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
                    parse_options=pa.csv.ParseOptions(delimiter=separator),
                    convert_options=pa.csv.ConvertOptions(
                        include_columns=[*types], column_types=types, strings_can_be_null=True
                    ),
                )
                yield from _pieces(reader, 2, numbers, others)
        except pa.ArrowInvalid as error:
            raise UsageError(f"{path}, {_in_words(str(error), names, separator)}") from error

    return Table(path=path, names=names, read=read)


def _parquet(path: Path, separator: str) -> Table:
    try:
        file = pa.parquet.ParquetFile(path, pre_buffer=False)
    except (pa.ArrowInvalid, OSError) as error:
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
            yield from _pieces(file.iter_batches(ROWS, columns=wanted), 1, numbers, others)
        except (pa.ArrowInvalid, OSError) as error:
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
            if len(array) != (length := len(next(iter(arrays.values())))):
                raise UsageError(
                    f"{path}: {name} has {len(array):,} rows, others have {length:,}: they must agree"
                )
        for name in numbers:
            if arrays[name].dtype.kind not in "iufb":
                raise UsageError(
                    f"{path}, row 1, column {name!r} holds {arrays[name].dtype}: name one of numbers"
                )
        table = pa.table({name: pa.array(array) for name, array in arrays.items()})
        yield from _pieces(table.to_batches(ROWS), 1, numbers, others)

    return Table(path=path, names=names, read=read)


def _pieces(
    batches: Iterator[Any] | list[Any], first: int, numbers: Sequence[str], others: Sequence[str]
) -> Iterator[Piece]:
    for batch in batches:
        values = np.empty((batch.num_rows, len(numbers)))
        for place, name in enumerate(numbers):
            values[:, place] = batch.column(name).to_numpy(zero_copy_only=False)
        kept = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in others}
        yield Piece(first, values, kept)
        first += batch.num_rows


def _in_words(error: str, names: Sequence[str], separator: str) -> str:
    """pyarrow's message on a CSV file, with the row and the column's name, and what to do."""
    text = " ".join(error.split())
    if found := re.fullmatch(r"In CSV column #(\d+): Row #(\d+): CSV conversion error to (\w+): (.*)", text):
        column, row, kind, what = found.groups()
        if kind == "string":
            return f"row {row}, column {names[int(column)]!r}: not text in UTF-8: save the file as UTF-8"
        value = what.removeprefix("invalid value ")
        comma = "; write decimals with a point" if re.fullmatch(r"'-?\d+,\d+'", value) else ""
        return (
            f"row {row}, column {names[int(column)]!r} holds {value[:80]}, which is no number: "
            f"correct it, or name other columns{comma}"
        )
    if found := re.match(r"CSV parse error: Row #(\d+): Expected (\d+) columns, got (\d+)", text):
        row, expected, got = found.groups()
        return f"row {row} has {got} values, and there are {expected} columns: correct it" + (
            "; decimals are written with a point, or with another separator" if separator == "," else ""
        )
    return f"{text[:200]}: correct it"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].rstrip(".")
