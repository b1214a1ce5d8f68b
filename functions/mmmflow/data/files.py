"""Files that people drop, read batch by batch: CSV or Parquet, or gzipped.

A CSV is read three times: for its encoding, for what its columns mean, and
for its rows. So nothing is guessed from its first lines alone, and no more
than a few blocks of it are in memory.
"""

import gzip
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from mmmflow.data import csv_format, csv_kinds, parquet
from mmmflow.data.csv_format import Format, Opened
from mmmflow.data.csv_kinds import Kind, Reading
from mmmflow.data.parquet import Read
from mmmflow.domain import spreadsheets
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Json

_BLOCK = 2 * 1024 * 1024
_ROWS = 50_000
_CSV = (".csv", ".tsv", ".txt")
_GZIP = b"\x1f\x8b"
_BROKEN = (pa.ArrowException, OSError, EOFError, zlib.error)


@dataclass(frozen=True)
class File:
    """How to read the rows, from the begin at each call; and as what.

    `notes` go into the dataset's marker: how a CSV was understood.
    """

    read: Read
    notes: Json


def understand(opened: Opened, name: str) -> File:
    """Tell what the file is by its name's ending and its content.

    `opened` opens it anew at each call.

    Raises:
        InvalidInputError: with everything that is wrong with it; `read`
            raises it as well.
    """
    plain = name.lower().removesuffix(".gz")
    with _said(name):
        with opened() as file:
            begin = file.read(4)
        zipped = begin.startswith(_GZIP)
        if zipped:
            opened = partial(_unzipped, opened)
        if plain.endswith(".parquet"):
            return File(partial(_parquet, opened, name), {})
        workbook = spreadsheets.refusal(plain, begin)
        if workbook is not None:
            raise InvalidInputError.of(name, workbook, spreadsheets.HINT)
        if not plain.endswith(_CSV):
            raise InvalidInputError.of(
                name,
                "its ending is not understood",
                ".csv, .tsv, .txt or .parquet, each also with .gz",
            )
        found = csv_format.detect(opened, name)
        return _csv(opened, name, found, zipped=zipped)


@contextmanager
def as_parquet(path: Path) -> Iterator[Path]:
    """A file on this machine, in the types that a dataset would have.

    Raises: InvalidInputError: it is none, or it has no rows.
    """
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.parquet"
        file = understand(lambda: path.open("rb"), path.name)
        try:
            parquet.write(file.read, lambda: raw.open("wb"))
        except parquet.NoRowsError:
            raise InvalidInputError.of(path.name, "it has no rows") from None
        yield raw


@contextmanager
def _said(name: str) -> Iterator[None]:
    """What can't be read is a problem of the file."""
    try:
        yield
    except _BROKEN as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InvalidInputError.of(name, reason) from None


def _unzipped(opened: Opened) -> BinaryIO:
    return cast(BinaryIO, gzip.GzipFile(fileobj=opened()))


def _parquet(opened: Opened, name: str) -> Iterator[pa.RecordBatch]:
    with _said(name), opened() as file:
        yield from pq.ParquetFile(file).iter_batches(_ROWS)


def _csv(opened: Opened, name: str, found: Format, *, zipped: bool) -> File:
    readings = {column: Reading() for column in found.names}
    for batch in _texts(opened, found):
        for column, reading in readings.items():
            reading.see(batch.column(column))
    kinds = _decided(readings, found, name)
    digits = {column: reading.digits for column, reading in readings.items()}
    columns = {c: said for c, k in kinds.items() if (said := _said_of(k))}
    notes = {
        "encoding": found.encoding,
        "separator": found.separator,
        "gzip": zipped,
        "columns": columns,
    }
    read = partial(_rows, opened, name, found, kinds, digits)
    return File(read, {"file": notes})


def _texts(opened: Opened, found: Format) -> Iterator[pa.RecordBatch]:
    """The rows as they are written."""
    text = dict.fromkeys(found.names, pa.string())
    with opened() as file:
        reader = csv.open_csv(
            file,
            csv.ReadOptions(block_size=_BLOCK, encoding=found.encoding),
            csv.ParseOptions(
                delimiter=found.separator, newlines_in_values=True
            ),
            csv.ConvertOptions(column_types=text, strings_can_be_null=False),
        )
        yield from reader


def _rows(
    opened: Opened,
    name: str,
    found: Format,
    kinds: Mapping[str, Kind | None],
    digits: Mapping[str, int],
) -> Iterator[pa.RecordBatch]:
    for batch in _texts(opened, found):
        arrays = []
        for column, kind in kinds.items():
            with _said(f"{name}, column {column!r}"):
                texts = batch.column(column)
                arrays.append(csv_kinds.convert(texts, kind, digits[column]))
        yield pa.RecordBatch.from_arrays(arrays, names=list(kinds))


def _decided(
    readings: Mapping[str, Reading], found: Format, name: str
) -> dict[str, Kind | None]:
    """The kind of each column.

    A decimal sign that other columns leave no doubt of is the file's; where
    commas separate the columns, it is the point.

    Raises:
        InvalidInputError: columns that can be read in two ways.
    """
    left = {column: reading.kinds() for column, reading in readings.items()}
    sure = {
        kinds[0].decimal
        for kinds in left.values()
        if len(kinds) == 1 and kinds[0].form == "number"
    }
    if not sure and found.separator == ",":
        sure = {"."}
    decided: dict[str, Kind | None] = {}
    problems: list[Problem] = []
    for column, kinds in left.items():
        told = len(kinds) > 1 and len(sure) == 1 and kinds[0].form == "number"
        meant = [k for k in kinds if k.decimal in sure] if told else kinds
        decided[column] = meant[0] if meant else None
        if len(meant) > 1:
            example = readings[column].example
            problems.append(
                _ambiguous(f"{name}, column {column!r}", meant, example)
            )
    if problems:
        raise InvalidInputError(problems)
    return decided


def _ambiguous(where: str, kinds: list[Kind], example: str) -> Problem:
    readings = [_meaning(example, kind) for kind in kinds]
    what = f"{example!r} may be {readings[0]} or {readings[1]}"
    if kinds[0].form == "number":
        return Problem(where, what, "write 1234.5, without thousands signs")
    return Problem(
        where,
        f"{what}: no day of the column is after the 12th",
        "write days as 2024-12-31",
    )


def _meaning(example: str, kind: Kind) -> str:
    """The example as the kind reads it, and in which notation."""
    value = csv_kinds.convert(pa.array([example]), kind, len(example))[0]
    how = kind.says or f"with {kind.decimal!r} as the decimal sign"
    return f"{value} ({how})"


def _said_of(kind: Kind | None) -> Json:
    """What is worth saying of how a column was read."""
    if kind is None or kind.form in ("integer", "truth"):
        return {}
    if kind.form != "number":
        return {"dates": kind.says}
    if (kind.decimal, kind.thousands) == (".", ""):
        return {}
    thousands = {"thousands": kind.thousands[0]} if kind.thousands else {}
    return {"decimal": kind.decimal, **thousands}
