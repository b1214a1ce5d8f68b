"""What type a column is stored as: narrower than its source's where exact.

| source | stored | if a value does not fit |
|---|---|---|
| whole numbers, DECIMAL(p, 0) | int64 | decimal128(38, 0) |
| DECIMAL(p, s) | float64, of values of at most 15 digits | decimal128(38, s) |
| float32, float64 | float64 | |
| timestamps without a zone | timestamp[us] | timestamp[ns] |
| timestamps with a zone | timestamp[us, UTC] | timestamp[ns, UTC] |
| time of day | time64[us] | time64[ns] |
| nothing but nulls, any text | string | |

A decimal of at most 15 digits comes back from its nearest float64 as it was
(IEEE 754: DBL_DIG). What does not fit is known when it comes: the writer
begins again with the wider type, for whatever reads the rows can read them
again.
"""

import decimal
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from mmmflow.domain.errors import InvalidInputError, Problem

_MAX_DIGITS = 38
_FLOAT_DIGITS = 15


class TooNarrowError(Exception):
    """Values do not fit the types that these columns are stored as."""

    def __init__(self, columns: Sequence[int]) -> None:
        super().__init__(f"columns {list(columns)}")
        self.columns = columns


class Columns:
    """The stored types, told by the first batch; each can be widened."""

    def __init__(self) -> None:
        self._wide: set[int] = set()
        self.schema: pa.Schema | None = None

    def widen(self, columns: Sequence[int]) -> None:
        """Store them as the wider type, from the next first batch on."""
        self._wide |= set(columns)
        self.schema = None

    def convert(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch in the stored types.

        Raises:
            TooNarrowError: some values need the wider type.
            InvalidInputError: two columns have the same name.
        """
        if self.schema is None:
            self.schema = self._told_by(batch.schema)
        converted: list[pa.Array] = []
        narrow: list[int] = []
        for index, field in enumerate(self.schema):
            try:
                converted.append(_to(batch.column(index), field.type))
            except pa.ArrowInvalid:
                if index in self._wide:
                    raise
                narrow.append(index)
        if narrow:
            raise TooNarrowError(narrow)
        return pa.RecordBatch.from_arrays(converted, schema=self.schema)

    def _told_by(self, source: pa.Schema) -> pa.Schema:
        _refuse_repeated(source.names)
        stored = [stored_types(field.type) for field in source]
        chosen = [
            wide if index in self._wide else narrow
            for index, (narrow, wide) in enumerate(stored)
        ]
        return pa.schema(list(zip(source.names, chosen, strict=True)))


def _refuse_repeated(names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidInputError(
            [
                Problem(
                    f"column {name!r}",
                    f"it comes {names.count(name)} times",
                    "give each column a name of its own: SELECT … AS …",
                )
                for name in repeated
            ]
        )


def stored_types(source: pa.DataType) -> tuple[pa.DataType, pa.DataType]:
    """(the narrow type, the wide one); the same where there is one."""
    if types.is_dictionary(source):
        return stored_types(source.value_type)
    if types.is_integer(source):
        return pa.int64(), pa.decimal128(_MAX_DIGITS, 0)
    if types.is_decimal(source):
        narrow = pa.float64() if source.scale > 0 else pa.int64()
        return narrow, pa.decimal128(_MAX_DIGITS, max(0, source.scale))
    if types.is_timestamp(source):
        zone = "UTC" if source.tz else None
        return pa.timestamp("us", zone), pa.timestamp("ns", zone)
    if types.is_time(source):
        return pa.time64("us"), pa.time64("ns")
    one = _plain(source)
    return one, one


def _plain(source: pa.DataType) -> pa.DataType:
    if types.is_floating(source):
        return pa.float64()
    if types.is_date(source):
        return pa.date32()
    texts = (types.is_null, types.is_large_string, types.is_string_view)
    if any(is_one(source) for is_one in texts):
        return pa.string()
    return source


def _to(values: pa.Array, target: pa.DataType) -> pa.Array:
    """Raises: pa.ArrowInvalid: a value would not come back as it was."""
    if values.type == target:
        return values
    if types.is_dictionary(values.type):
        return _to(values.dictionary_decode(), target)
    if types.is_decimal(values.type) and types.is_floating(target):
        return _floats(values)
    return values.cast(target)


def _floats(values: pa.Array) -> pa.Array:
    """The nearest float64 of each decimal.

    Arrow's own cast multiplies by a power of ten that has been rounded, and
    is off by one bit for many values: whole numbers below 2**53 divided by
    an exact power of ten are not.
    """
    scale = values.type.scale
    values = values.cast(pa.decimal128(_MAX_DIGITS, scale))
    bounds = pc.min_max(values).as_py()
    limit = decimal.Decimal(10) ** (_FLOAT_DIGITS - scale)
    if any(b is not None and abs(b) >= limit for b in bounds.values()):
        raise pa.ArrowInvalid(f"more than {_FLOAT_DIGITS} digits")
    words = np.frombuffer(values.buffers()[1], dtype="<i8").reshape(-1, 2)
    low = words[values.offset : values.offset + len(values), 0]
    return pa.array(low / 10.0**scale, mask=np.asarray(values.is_null()))
