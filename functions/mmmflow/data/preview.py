"""The first rows of a Parquet file, as JSON can hold them."""

import base64
import io
import math
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq

Cell = str | float | int | bool | None


@dataclass(frozen=True)
class Preview:
    """(name, type) of each column, the first rows, and how many there are."""

    columns: list[tuple[str, str]]
    rows: list[list[Cell]]
    total: int


def first_rows(source: io.BufferedReader, most: int) -> Preview:
    """Reads no more of the file than those rows need."""
    file = pq.ParquetFile(source)
    columns = [(f.name, str(f.type)) for f in file.schema_arrow]
    batch = next(file.iter_batches(batch_size=most), None)
    values = [] if batch is None else [c.to_pylist() for c in batch.columns]
    rows = [[_cell(v) for v in row] for row in zip(*values, strict=True)]
    return Preview(columns, rows, file.metadata.num_rows)


def _cell(value: Any) -> Cell:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return float(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return str(value)
