"""The data as a person gave it: read, and refused where it is wrong.

Every message names the column and the row; rows count from 1, without a
header.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from mmmflow_native.errors import UserError
from mmmflow_native.model.problem import (
    BoolArray,
    DateArray,
    FloatArray,
    IntArray,
)

READERS: dict[str, Callable[[Path], pa.Table]] = {
    ".parquet": pyarrow.parquet.read_table,
    ".csv": pyarrow.csv.read_csv,
}


@dataclass(frozen=True)
class Table:
    """One row per period, ascending by date.

    `dates` (n,) are days; `rows` (n,) are the rows' numbers in the file.
    """

    source: pa.Table
    dates: DateArray
    rows: IntArray

    def where(self, index: int) -> str:
        """How to name row `index` of the sorted table to a person."""
        return f"row {self.rows[index]} ({self.dates[index]})"

    def numbers(self, column: str, *, negative: bool = True) -> FloatArray:
        """A column as (n,) finite numbers, in the order of the dates.

        Raises `UserError` for text, gaps and infinities, and for numbers
        below zero unless `negative`.
        """
        array = _column(self.source, column)
        if pa.types.is_boolean(array.type):
            array = array.cast(pa.int8())
        if not _is_number(array.type):
            array = self._parsed(column, array)
        in_file = array.cast(pa.float64(), safe=False).to_numpy()
        values: FloatArray = in_file[self.rows - 1]
        self._refuse(column, np.isnan(values), "has no value")
        self._refuse(column, np.isinf(values), "is infinite")
        if not negative:
            self._refuse(column, values < 0, "is negative", values)
        return values

    def names(self, column: str) -> list[str]:
        """A factor's values as text, in the order of the dates."""
        array = _column(self.source, column)
        values = [array[int(row) - 1].as_py() for row in self.rows]
        self._refuse(
            column, np.array([v is None for v in values]), "has no value"
        )
        return [str(value) for value in values]

    def _parsed(self, column: str, array: pa.ChunkedArray) -> pa.ChunkedArray:
        """Numbers that a file holds as text; the first that is none, named."""
        parsed: list[float | None] = []
        for row, value in enumerate(array.to_pylist(), start=1):
            try:
                parsed.append(None if value is None else float(value))
            except (TypeError, ValueError):
                raise UserError(
                    f"column {column!r}, row {row}: {value!r} is not a number",
                    "correct the value; if the column holds names, make it "
                    "a factor",
                ) from None
        return pa.chunked_array([pa.array(parsed, pa.float64())])

    def _refuse(
        self,
        column: str,
        wrong: BoolArray,
        what: str,
        values: FloatArray | None = None,
    ) -> None:
        if not wrong.any():
            return
        first = int(np.flatnonzero(wrong)[0])
        more = int(wrong.sum()) - 1
        value = "" if values is None else f" ({values[first]:g})"
        raise UserError(
            f"column {column!r}, {self.where(first)} {what}{value}"
            + (f", and {more} more rows" if more else ""),
            "correct the data, or leave the column out of the model",
        )


def read_table(path: Path, date_var: str) -> Table:
    """The data in a Parquet or CSV file, sorted by its dates."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(
            f"{path.name} is neither .parquet nor .csv", "convert the data"
        )
    try:
        source = reader(path)
    except FileNotFoundError:
        raise UserError(f"no data at {path}", "name existing data") from None
    except pa.ArrowInvalid as error:
        raise UserError(
            f"{path.name} can't be read: {error}", "correct the file"
        ) from None
    if source.num_rows == 0:
        raise UserError(f"{path.name} holds no rows", "give data with rows")
    dates = _dates(source, date_var)
    order = np.argsort(dates, kind="stable")
    return Table(source, dates[order], order.astype(np.int64) + 1)


def _column(source: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in source.column_names:
        raise UserError(
            f"the data has no column {name!r}; it has "
            + ", ".join(source.column_names),
            "correct the name in the configuration",
        )
    if source.column_names.count(name) > 1:
        raise UserError(
            f"the data has more than one column {name!r}", "rename one of them"
        )
    return source.column(name)


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
    )


def _dates(source: pa.Table, column: str) -> DateArray:
    array = _column(source, column)
    if not (pa.types.is_date(array.type) or pa.types.is_timestamp(array.type)):
        array = _parsed_dates(column, array)
    if array.null_count:
        row = int(np.flatnonzero(pc.is_null(array).to_numpy())[0]) + 1
        raise UserError(
            f"column {column!r}, row {row} has no date", "fill in the date"
        )
    days: DateArray = array.cast(pa.date32(), safe=False).to_numpy()
    return days.astype("M8[D]")


def _parsed_dates(column: str, array: pa.ChunkedArray) -> pa.ChunkedArray:
    parsed: list[np.datetime64] = []
    for row, value in enumerate(array.to_pylist(), start=1):
        try:
            parsed.append(np.datetime64(str(value)[:10], "D"))
        except ValueError:
            raise UserError(
                f"column {column!r}, row {row}: {value!r} is not a date",
                "write dates as 2024-12-31",
            ) from None
    return pa.chunked_array([pa.array(np.array(parsed), pa.date32())])
