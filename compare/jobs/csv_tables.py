"""CSV files as tables, gzipped or not."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv

from compare.errors import UsageError
from compare.jobs.files import opened
from compare.jobs.table import Piece, Table, pieces
from compare.text import counted

BLOCK_BYTES = 4 * 2**20
SEPARATORS = ",;\t|"
"""What a file of one column may be separated by in truth."""


def csv_table(path: Path, separator: str) -> Table:
    """The table in a CSV file.

    Raises: UsageError where row 1 does not name columns.
    """
    names = _names(path, separator)

    def read(numbers: Sequence[str], others: Sequence[str]) -> Iterator[Piece]:
        types = {name: pa.float64() for name in numbers} | {name: pa.string() for name in others}
        try:
            with opened(path) as stream:
                content = _Content(stream)
                reader = pa.csv.open_csv(
                    content,
                    read_options=pa.csv.ReadOptions(
                        use_threads=False, block_size=BLOCK_BYTES, column_names=names, skip_rows=1
                    ),
                    parse_options=pa.csv.ParseOptions(
                        delimiter=separator, newlines_in_values=True, ignore_empty_lines=False
                    ),
                    convert_options=pa.csv.ConvertOptions(include_columns=[*types], column_types=types),
                )
                yield from pieces(reader, 2, numbers, others)
                if content.quotes % 2:
                    raise UsageError(f"{path} has an odd number of quotes: one is not closed, correct it")
        except pa.ArrowException as error:
            text = " ".join(str(error).split())
            if not text.startswith("Could not skip initial"):  # there is a header, and nothing else
                raise UsageError(f"{path}, {_in_words(text, names, separator)}") from error

    return Table(path=path, names=names, read=read)


class _Content(io.RawIOBase):
    """A stream without the empty lines at its end, while those before are rows without values.

    `quotes` are those that were read.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._ends, self.quotes = stream, b"", 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        while found := self._stream.read(max(1, size - len(self._ends))):
            self.quotes += found.count(b'"')
            whole = self._ends + found
            kept = whole.rstrip(b"\r\n")
            self._ends = whole[len(kept) :]
            if kept:
                return kept
        return b""


def _names(path: Path, separator: str) -> tuple[str, ...]:
    """What row 1 names.

    Raises: UsageError.
    """
    with opened(path) as stream:
        first = stream.readline(BLOCK_BYTES)
    try:
        header = re.split("[\r\n]", first.decode("utf-8-sig"), maxsplit=1)[0]
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}, row 1: not text in UTF-8: save it as UTF-8") from error
    if not header.strip():
        raise UsageError(f"{path}, row 1 is empty: it must name the columns")
    try:
        names = tuple(name.strip() for name in next(csv.reader([header], delimiter=separator, strict=True)))
    except csv.Error as error:
        raise UsageError(f"{path}, row 1: {error}: correct it, a name has one line") from error
    other = next((each for each in SEPARATORS if each in header and each != separator), None)
    if other and len(names) == 1:
        raise UsageError(
            f"{path}, row 1: one column, {header!r}: is it separated by {other!r}? say separator = {other!r}"
        )
    return names


def _in_words(text: str, names: Sequence[str], separator: str) -> str:
    """pyarrow's message on a CSV file, with the row and the column's name, and what to do."""
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
        decimals = "; decimals have a point, or values another separator" if separator == "," else ""
        values, columns = counted(int(got), "value"), counted(int(expected), "column")
        return f"row {row} has {values}, and row 1 names {columns}: correct it{decimals}"
    if text.startswith("straddling object"):
        return f"a row has more than {BLOCK_BYTES:,} bytes: is a quote not closed? correct it"
    return f"{text[:200]}: correct it"
