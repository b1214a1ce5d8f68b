"""The rows of one country out of a raw table, with their numbers.

Read batch by batch: of a table of any size only the country's rows and the
mapping's columns stay in memory.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.mapping import DataMapping, missing_columns

Source = Path | BinaryIO
Hashes = npt.NDArray[np.uint64]
Parts = Iterable[tuple[pd.DataFrame, Hashes]]

_BATCH = 50_000
_SHOWN = 20
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Rows:
    """`frame` has the mapping's source columns, labelled by row from 1.

    `identity` is a hash of each row over every column of the table, so that
    rows that are equal throughout are known as such. `countries` counts the
    rows of each country in the table; {} where the table does not name them.
    """

    frame: pd.DataFrame
    identity: "pd.Series[int]"
    countries: dict[str, int]
    total: int


def read(source: Source, mapping: DataMapping, country: str) -> Rows:
    """The country's rows of a Parquet file.

    Raises:
        InvalidInputError: columns are missing or repeated, or no row is of
            the country.
    """
    file = pq.ParquetFile(source)
    _check(mapping, list(file.schema_arrow.names))
    parts = (
        (_decoded(batch), batch.columns)
        for batch in file.iter_batches(batch_size=_BATCH)
    )
    return _gather(_numbered(parts), mapping, country)


def countries(source: Source, mapping: DataMapping) -> list[str]:
    """The countries in a Parquet file; [] where the table names none."""
    file = pq.ParquetFile(source)
    if mapping.country not in file.schema_arrow.names:
        return []
    column = file.read([mapping.country]).column(0)
    return sorted({str(v) for v in column.unique().to_pylist() if v})


def of_frame(raw: pd.DataFrame, mapping: DataMapping, country: str) -> Rows:
    """The country's rows of a table in memory, labelled by row from 1.

    Raises: as `read`.
    """
    _check(mapping, [str(name) for name in raw.columns])
    columns = [_as_array(raw.iloc[:, j]) for j in range(raw.shape[1])]
    return _gather([(raw, _identity(columns))], mapping, country)


def _check(mapping: DataMapping, names: list[str]) -> None:
    wrong = [*missing_columns(mapping, names), *_repeated(mapping, names)]
    if wrong:
        raise InvalidInputError(wrong)


def _decoded(batch: pa.RecordBatch) -> pd.DataFrame:
    """Dictionaries as what they stand for: batches differ in theirs."""
    columns = [
        column.dictionary_decode()
        if pa.types.is_dictionary(column.type)
        else column
        for column in batch.columns
    ]
    frame: pd.DataFrame = pa.RecordBatch.from_arrays(
        columns, names=batch.schema.names
    ).to_pandas()
    return frame


def _numbered(parts: Iterable[tuple[pd.DataFrame, list[pa.Array]]]) -> Parts:
    before = 0
    for frame, columns in parts:
        frame.index = pd.RangeIndex(before + 1, before + len(frame) + 1)
        before += len(frame)
        yield frame, _identity(columns)


def _gather(parts: Parts, mapping: DataMapping, country: str) -> Rows:
    needed = list(dict.fromkeys(mapping.needed))
    kept: list[pd.DataFrame] = []
    hashes: list[pd.Series[int]] = []
    countries: Counter[str] = Counter()
    total = 0
    for frame, identity in parts:
        total += len(frame)
        rows = frame
        if mapping.country is not None and mapping.country in frame.columns:
            of = frame[mapping.country]
            for name, count in of.value_counts().items():
                countries[str(name)] += int(count)
            rows = frame[of.astype("object") == country]
        if len(rows):
            kept.append(rows[needed])
            known = pd.Series(identity, index=frame.index)
            hashes.append(known.loc[rows.index])
    if countries and country not in countries:
        raise InvalidInputError.of(
            f"column {mapping.country!r}",
            f"no row is of {country!r}",
            f"it has {', '.join(sorted(countries)[:_SHOWN])}",
        )
    if not kept:
        raise InvalidInputError.of("data", "it has no rows")
    known_countries = dict(sorted(countries.items()))
    return Rows(pd.concat(kept), pd.concat(hashes), known_countries, total)


def _identity(columns: Iterable[pa.Array]) -> Hashes:
    """(rows,) a hash of each row over its columns, whatever their types.

    What is equal in value is equal in hash, in every batch of the table:
    empty cells are hashed apart from values, not as another type.
    """
    found: Hashes | None = None
    for column in columns:
        values = _hashed(column) ^ _hashed(column.is_null())
        found = values if found is None else found * _MIX + values
    return np.zeros(0, dtype=np.uint64) if found is None else found


def _hashed(column: pa.Array) -> Hashes:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        column = column.cast(pa.string())
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        values = column.fill_null(0).to_numpy(zero_copy_only=False)
    else:
        texts = column.cast(pa.string()).fill_null("")
        values = texts.to_numpy(zero_copy_only=False)
    found: Hashes = pd.util.hash_array(values)
    return found


def _as_array(values: "pd.Series[Any]") -> pa.Array:
    """A column of one type, or of texts where its values have several."""
    try:
        found = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        found = pa.array(values.astype(str), from_pandas=True)
    chunked = isinstance(found, pa.ChunkedArray)
    return found.combine_chunks() if chunked else found


def _repeated(mapping: DataMapping, names: list[str]) -> list[Problem]:
    used = (*mapping.needed, *filter(None, [mapping.country]))
    return [
        Problem(f"column {name!r}", f"it comes {names.count(name)} times")
        for name in dict.fromkeys(used)
        if names.count(name) > 1
    ]
