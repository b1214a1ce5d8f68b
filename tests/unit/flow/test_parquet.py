"""Rows become Parquet batch by batch, in the narrowest exact types."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmmflow.data import parquet
from mmmflow.domain.errors import InvalidInputError


class Sink:
    """Where the file goes; how often it was begun."""

    def __init__(self) -> None:
        self.content = b""
        self.begun = 0

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        self.begun += 1
        buffer = io.BytesIO()
        yield buffer
        self.content = buffer.getvalue()


def written(*batches: pa.RecordBatch) -> pa.Table:
    sink = Sink()
    parquet.write(lambda: iter(batches), sink.opened)
    return pq.read_table(io.BytesIO(sink.content))


def stored(*columns: pa.Array) -> pa.ChunkedArray:
    """The column, of the batches that hold a part of it each."""
    return written(
        *(pa.record_batch({"a": column}) for column in columns)
    ).column("a")


def test_batches_are_written_as_they_come() -> None:
    sink = Sink()
    batches = [pa.record_batch({"a": [1, 2]}), pa.record_batch({"a": [3]})]
    described = parquet.write(lambda: iter(batches), sink.opened)
    assert described == parquet.Described(3, [("a", "int64")])
    assert parquet.describe(io.BytesIO(sink.content)) == described


def test_without_rows_nothing_is_opened() -> None:
    sink = Sink()
    empty = pa.record_batch({"a": pa.array([], pa.int64())})
    with pytest.raises(parquet.NoRowsError):
        parquet.write(lambda: iter([]), sink.opened)
    with pytest.raises(parquet.NoRowsError):
        parquet.write(lambda: iter([empty, empty]), sink.opened)
    assert sink.begun == 0


def test_columns_of_the_same_name_are_all_named() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array([1])] * 3, ["a", "b", "a"])
    with pytest.raises(InvalidInputError, match="'a': it comes 2 times"):
        written(batch)


def test_a_row_group_ends_before_it_is_large() -> None:
    sink = Sink()
    wide = pa.record_batch(
        {f"c{i}": pa.array([0.5] * 5000) for i in range(500)}
    )
    parquet.write(lambda: iter([wide] * 4), sink.opened)
    file = pq.ParquetFile(io.BytesIO(sink.content))
    assert file.metadata.num_row_groups == 4
    assert file.metadata.num_columns == 500


def test_texts_and_days_have_a_dictionary_and_measured_numbers_none() -> None:
    sink = Sink()
    batch = pa.record_batch(
        {"t": ["x"] * 9, "d": [date(2024, 1, 1)] * 9, "f": [0.5] * 9}
    )
    parquet.write(lambda: iter([batch]), sink.opened)
    group = pq.ParquetFile(io.BytesIO(sink.content)).metadata.row_group(0)
    encoded = [group.column(i).has_dictionary_page for i in range(3)]
    assert encoded == [True, True, False]
    assert group.column(0).compression == "ZSTD"


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pa.array([1, None], pa.int8()), "int64"),
        (pa.array([2**63 - 1], pa.uint64()), "int64"),
        (pa.array([2**63], pa.uint64()), "decimal128(38, 0)"),
        (pa.array([Decimal(7)], pa.decimal128(38, 0)), "int64"),
        (pa.array([Decimal(2**63)], pa.decimal128(38, 0)), "decimal128(38, 0)"),
        (pa.array([Decimal("0.10")], pa.decimal128(38, 2)), "double"),
        (
            pa.array([Decimal("12345678901234.56")], pa.decimal128(38, 2)),
            "decimal128(38, 2)",
        ),
        (pa.array([0.5], pa.float32()), "double"),
        (pa.array([None, None]), "string"),
        (pa.array(["Zürich", "東京", "🙂", ""]), "string"),
        (pa.array(["a", "b"]).dictionary_encode(), "string"),
        (pa.array([date(2024, 2, 29)], pa.date64()), "date32[day]"),
        (pa.array([True, None]), "bool"),
        (pa.array([b"\x00\xff"]), "binary"),
        (pa.array([0], pa.timestamp("ns")), "timestamp[us]"),
        (pa.array([1], pa.timestamp("ns")), "timestamp[ns]"),
    ],
    ids=str,
)
def test_a_column_is_stored_as_the_narrowest_type_that_is_exact(
    column: pa.Array, kind: str
) -> None:
    found = stored(column)
    assert str(found.type) == kind
    want = column.to_pylist()
    assert [_plain(v) for v in found.to_pylist()] == [_plain(v) for v in want]


def _plain(value: object) -> object:
    """Numbers of any type as equal decimals."""
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value)) if value not in (True, False) else value
    return value


def test_a_moment_of_any_zone_is_stored_as_the_same_moment_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2024, 1, 1, 0, 30, tzinfo=tokyo)
    column = pa.array([moment, None], pa.timestamp("ns", "Asia/Tokyo"))
    found = stored(column)
    assert str(found.type) == "timestamp[us, tz=UTC]"
    assert found.to_pylist() == [
        datetime(2023, 12, 31, 15, 30, tzinfo=UTC),
        None,
    ]


def test_parts_of_a_column_may_come_in_different_widths() -> None:
    found = stored(pa.array([1], pa.int8()), pa.array([70_000], pa.int32()))
    assert found.to_pylist() == [1, 70_000]


def test_a_value_that_comes_late_and_is_too_large_is_not_lost() -> None:
    small = pa.array([1, 2], pa.int64())
    large = pa.array([Decimal(10**30)], pa.decimal128(38, 0))
    found = stored(small, large)
    assert found.to_pylist() == [Decimal(1), Decimal(2), Decimal(10**30)]


@given(
    st.lists(
        st.none() | st.decimals(-(10**12), 10**12, places=3, allow_nan=False),
        min_size=1,
    )
)
def test_a_decimal_comes_back_as_it_was(values: list[Decimal | None]) -> None:
    found = stored(pa.array(values, pa.decimal128(38, 3)))
    back = [None if v is None else Decimal(str(v)) for v in found.to_pylist()]
    assert back == values


@given(st.lists(st.none() | st.integers(-(10**37), 10**37), min_size=1))
def test_a_whole_number_comes_back_as_it_was(values: list[int | None]) -> None:
    exact = [None if v is None else Decimal(v) for v in values]
    found = stored(pa.array(exact, pa.decimal128(38, 0)))
    assert [None if v is None else int(v) for v in found.to_pylist()] == values


@given(
    st.lists(
        st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)), min_size=1
    )
)
def test_a_time_comes_back_as_it_was(values: list[datetime]) -> None:
    assert stored(pa.array(values, pa.timestamp("us"))).to_pylist() == values


@given(st.lists(st.none() | st.text(), min_size=1))
def test_a_text_comes_back_as_it_was(values: list[str | None]) -> None:
    assert stored(pa.array(values, pa.string())).to_pylist() == values
