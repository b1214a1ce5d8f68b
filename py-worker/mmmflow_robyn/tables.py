"""Between Parquet and the CSV that R reads and writes, without R's Arrow."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from mmmflow_native.errors import UserError
from mmmflow_native.write.tables import Columns, write_table
from numpy.typing import NDArray

from mmmflow_robyn.columns import TABLES, Type, types_of


class NotATableError(UserError):
    """A table that a result should hold is missing, or has other columns."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "see robyn_console.log")


def write_csv(parquet: Path, target: Path) -> None:
    """Write a Parquet file as CSV: dates as 2024-12-31, flags as 0 and 1."""
    table = pyarrow.parquet.read_table(parquet)
    columns = [_plain(column) for column in table.columns]
    pyarrow.csv.write_csv(pa.table(columns, names=table.column_names), target)


def convert(source: Path, target: Path) -> None:
    """Write every table of R's result as Parquet and CSV to `target`.

    Raises `NotATableError` if one is missing or its columns are not those of
    columns.py.
    """
    found = {path.stem: path for path in sorted(source.glob("*.csv"))}
    missing = sorted(set(TABLES) - set(found))
    if missing:
        raise NotATableError(f"R wrote no table {', '.join(missing)}")
    for name, path in found.items():
        write_table(target, name, read(path))


def read(path: Path) -> Columns:
    """The table that R wrote, as typed columns; an empty value is nan."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    header, body = rows[0], rows[1:]
    types = types_of(path.stem, header)
    if types is None:
        raise NotATableError(
            f"{path.name} has other columns than it should: {header}"
        )
    return {
        name: _READERS[type_]([row[i] for row in body])
        for i, (name, type_) in enumerate(zip(header, types, strict=True))
    }


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = pc.cast(column, kind.value_type)
        kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return pc.strftime(pc.cast(column, pa.timestamp("s")), "%Y-%m-%d")
    if pa.types.is_boolean(kind):
        return pc.cast(column, pa.int8())
    if pa.types.is_decimal(kind):
        return pc.cast(column, pa.float64())
    return column


def _texts(values: list[str]) -> NDArray[Any]:
    return np.array([value or None for value in values], dtype=object)


def _numbers(values: list[str]) -> NDArray[Any]:
    return np.array(
        [float(value) if value else np.nan for value in values],
        dtype=np.float64,
    )


def _integers(values: list[str]) -> NDArray[Any]:
    return np.array([int(value) for value in values], dtype=np.int64)


def _flags(values: list[str]) -> NDArray[Any]:
    return np.array([value == "true" for value in values], dtype=np.bool_)


def _dates(values: list[str]) -> NDArray[Any]:
    return np.array(values, dtype="M8[D]")


_READERS: Mapping[Type, Callable[[list[str]], NDArray[Any]]] = {
    "text": _texts,
    "number": _numbers,
    "integer": _integers,
    "flag": _flags,
    "date": _dates,
}
