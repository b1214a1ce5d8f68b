"""Parquet, written batch by batch: memory is bounded whatever the size."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from mmmflow.data.columns import Columns, TooNarrowError

# A row group is held in memory until it is full.
_GROUP_ROWS = 65_536
_GROUP_BYTES = 16 * 1024 * 1024

Read = Callable[[], Iterator[pa.RecordBatch]]


class NoRowsError(Exception):
    """There is nothing to write."""


@dataclass(frozen=True)
class Described:
    """How many rows, and (name, type) of each column."""

    rows: int
    columns: list[tuple[str, str]]


def write(
    read: Read, opened: Callable[[], AbstractContextManager[BinaryIO]]
) -> Described:
    """Write all rows to what is opened, in the types of `Columns`.

    `read` begins anew at each call: where a value needs a wider type than
    its column was begun with, all is written again to what is opened anew.

    Raises:
        NoRowsError: nothing was opened.
        InvalidInputError: two columns have the same name.
    """
    columns = Columns()
    while True:
        batches = (batch for batch in read() if batch.num_rows)
        first = next(batches, None)
        if first is None:
            raise NoRowsError
        try:
            head = columns.convert(first)
            with opened() as sink:
                return _write(head, batches, sink, columns)
        except TooNarrowError as narrow:
            columns.widen(narrow.columns)


def _write(
    head: pa.RecordBatch,
    batches: Iterator[pa.RecordBatch],
    sink: BinaryIO,
    columns: Columns,
) -> Described:
    rows = 0
    schema = head.schema
    writer = pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        use_dictionary=[f.name for f in schema if _repeats(f.type)],
    )
    with writer:
        waiting = [head]
        for batch in batches:
            if _is_full(waiting):
                rows += _write_group(writer, waiting)
                waiting = []
            waiting.append(columns.convert(batch))
        rows += _write_group(writer, waiting)
    return Described(rows, [(f.name, str(f.type)) for f in schema])


def _repeats(kind: pa.DataType) -> bool:
    """A dictionary pays: texts and days repeat, measured numbers do not."""
    tests = (types.is_floating, types.is_decimal, types.is_boolean)
    return not any(test(kind) for test in tests)


def _is_full(waiting: list[pa.RecordBatch]) -> bool:
    rows: int = sum(batch.num_rows for batch in waiting)
    size: int = sum(batch.nbytes for batch in waiting)
    return rows >= _GROUP_ROWS or size >= _GROUP_BYTES


def _write_group(
    writer: pq.ParquetWriter, waiting: list[pa.RecordBatch]
) -> int:
    table = pa.Table.from_batches(waiting)
    writer.write_table(table, row_group_size=_GROUP_ROWS)
    return int(table.num_rows)


def describe(source: io.BufferedIOBase) -> Described:
    """From the file's footer."""
    file = pq.ParquetFile(source)
    columns = [(f.name, str(f.type)) for f in file.schema_arrow]
    return Described(file.metadata.num_rows, columns)
