"""Tables as Parquet and CSV, the same bytes for the same numbers."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

# By name, columns of one length; numbers that are not defined are nan.
Columns = Mapping[str, NDArray[Any]]


def write_table(folder: Path, name: str, columns: Columns) -> None:
    """Write `name`.parquet and `name`.csv; nan becomes an empty value."""
    table = pa.table(
        {
            column: pa.array(_plain(values), from_pandas=True)
            for column, values in columns.items()
        }
    )
    pyarrow.parquet.write_table(table, folder / f"{name}.parquet")
    pyarrow.csv.write_csv(table, folder / f"{name}.csv")


def from_records(records: list[Any]) -> Columns:
    """Columns of a list of dataclass instances, one row each."""
    return {
        field.name: np.array(
            [getattr(record, field.name) for record in records],
        )
        for field in fields(records[0])
    }


def _plain(values: NDArray[Any]) -> NDArray[Any] | list[Any]:
    # Text in an array of fixed width is written as it is in a list.
    return values.tolist() if values.dtype.kind in "UO" else values
