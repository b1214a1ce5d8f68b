"""Parquet, batch by batch."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from mmmflow.domain.errors import InvalidInputError

# What type a column has is told from the first block alone.
_CSV_BLOCK = 32_000_000


def write(batches: Iterator[pa.RecordBatch], path: Path) -> int:
    """Write the batches as they come; the number of rows."""
    rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches:
            if writer is None:
                writer = pq.ParquetWriter(
                    path, batch.schema, compression="zstd"
                )
            writer.write_batch(batch)
            rows += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def describe(path: Path) -> tuple[int, list[tuple[str, str]]]:
    """(rows, [(column, type)]) from the file's footer."""
    file = pq.ParquetFile(path)
    schema = file.schema_arrow
    return file.metadata.num_rows, [(f.name, str(f.type)) for f in schema]


def read_file(path: Path, name: str) -> Iterator[pa.RecordBatch]:
    """The rows of a CSV or Parquet file, told apart by its name's ending.

    Raises:
        InvalidInputError: it can't be read as such, or is neither.
    """
    try:
        if name.lower().endswith(".parquet"):
            yield from pq.ParquetFile(path).iter_batches()
        elif name.lower().endswith(".csv"):
            yield from _csv(path, name)
        else:
            raise InvalidInputError.of(
                name, "its ending is not understood", ".csv or .parquet"
            )
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInputError.of(name, reason) from None


def _csv(path: Path, name: str) -> Iterator[pa.RecordBatch]:
    reader = csv.open_csv(path, csv.ReadOptions(block_size=_CSV_BLOCK))
    for field in reader.schema:
        if pa.types.is_binary(field.type):
            raise InvalidInputError.of(
                f"{name}, column {field.name!r}",
                "it holds bytes that are not UTF-8",
                "save the file as UTF-8",
            )
    yield from reader
