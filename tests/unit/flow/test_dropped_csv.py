"""A CSV is understood whole before it is read; what has two readings is not."""

import gzip
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmmflow.data import files
from mmmflow.domain.errors import InvalidInputError


def understood(content: bytes | str, name: str = "t.csv") -> files.File:
    raw = content.encode() if isinstance(content, str) else content
    return files.understand(lambda: io.BytesIO(raw), name)


def columns(content: bytes | str, name: str = "t.csv") -> dict[str, Any]:
    found: dict[str, Any] = pa.Table.from_batches(
        understood(content, name).read()
    ).to_pydict()
    return found


def notes(content: bytes | str) -> Any:
    return understood(content).notes["file"]


def refusal(content: bytes | str, name: str = "t.csv") -> str:
    with pytest.raises(InvalidInputError) as invalid:
        list(understood(content, name).read())
    return str(invalid.value)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_told_from_the_lines(separator: str) -> None:
    rows = [["a", "b", "c"], ["1", "x y", "2"], ["3", '"q, ; | r"', "4"]]
    content = "\n".join(separator.join(row) for row in rows)
    assert columns(content)["c"] == [2, 4]
    assert notes(content)["separator"] == separator


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_told_from_the_bytes(encoding: str, said: str) -> None:
    content = "größe,€\n1,Zürich\n".encode(encoding)
    assert columns(content) == {"größe": [1], "€": ["Zürich"]}
    assert notes(content)["encoding"] == said


def test_a_letter_that_is_not_utf_8_may_come_late() -> None:
    content = b"a,b\n" + b"1,x\n" * 700_000 + "2,ü\n".encode("cp1252")
    assert columns(content)["b"][-1] == "ü"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1234.5", 1234.5),
        ("1,234.5", 1234.5),
        ("1'234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1 234,5", 1234.5),
        ("1\u202f234,5", 1234.5),
        ("0,5", 0.5),
        (".5", 0.5),
        ("-0.5", -0.5),
        ("+1.25", 1.25),
        ("1e-3", 0.001),
        ("1.234.567", 1234567.0),
        ("1,234,567", 1234567.0),
        ("12", 12),
        ("-7", -7),
        ("99999999999999999999", Decimal("99999999999999999999")),
    ],
)
def test_a_number_is_read_in_the_notation_it_is_written_in(
    written: str, value: object
) -> None:
    assert columns(f"a;b\n{written};x\n") == {"a": [value], "b": ["x"]}


def test_the_notation_of_numbers_is_said() -> None:
    assert notes("a;b\n1.234,5;x\n")["columns"] == {
        "a": {"decimal": ",", "thousands": "."}
    }


def test_a_number_that_turns_decimal_late_is_read() -> None:
    content = "a\n" + "1\n" * 1_000_000 + "1.5\n"
    assert columns(content)["a"][-1] == 1.5


def test_a_column_is_text_if_one_value_of_it_is_none_of_a_number() -> None:
    content = "a\n" + "1\n" * 5000 + "n.a.\n"
    assert columns(content)["a"][-2:] == ["1", "n.a."]


def test_1_234_alone_has_two_readings_and_is_refused_with_both() -> None:
    message = refusal("a;b\n1.234;x\n")
    assert "'1.234' may be 1.234 (with '.' as the decimal sign)" in message
    assert "or 1234.0 (with ',' as the decimal sign)" in message
    assert "write 1234.5" in message


def test_other_columns_tell_what_1_234_means() -> None:
    assert columns("a;b\n1.234;0,5\n")["a"] == [1234.0]
    assert columns("a;b\n1.234;0.5\n")["a"] == [1.234]


def test_where_commas_separate_the_point_is_the_decimal_sign() -> None:
    assert columns('a,b\n1.234,"1,234"\n') == {"a": [1.234], "b": [1234.0]}


@pytest.mark.parametrize(
    ("first", "second", "written"),
    [
        ("2024-02-01", "2024-02-13", "%Y-%m-%d"),
        ("2024/2/1", "2024/2/13", "%Y/%m/%d"),
        ("20240201", "20240213", "%Y%m%d"),
        ("01.02.2024", "13.02.2024", "%d.%m.%Y"),
        ("1/2/2024", "13/2/2024", "%d/%m/%Y"),
        ("02/01/2024", "02/13/2024", "%m/%d/%Y"),
        ("01-02-24", "13-02-24", "%d-%m-%y"),
    ],
)
def test_the_format_of_days_is_told_and_said(
    first: str, second: str, written: str
) -> None:
    content = f"day,x\n{first},1\n{second},2\n"
    assert columns(content)["day"] == [date(2024, 2, 1), date(2024, 2, 13)]
    assert notes(content)["columns"]["day"] == {"dates": written}


@pytest.mark.parametrize(
    ("value", "readings"),
    [
        ("01/02/2024", ("2024-02-01 (%d/%m/%Y)", "2024-01-02 (%m/%d/%Y)")),
        ("01.02.24", ("2024-02-01 (%d.%m.%y)", "2024-01-02 (%m.%d.%y)")),
    ],
)
def test_days_that_may_be_months_are_refused_with_both_readings(
    value: str, readings: tuple[str, str]
) -> None:
    message = refusal(f"day,x\n{value},1\n{value},2\n")
    assert f"{value!r} may be {readings[0]} or {readings[1]}" in message
    assert "no day of the column is after the 12th" in message


def test_the_day_that_tells_may_come_last() -> None:
    content = "day\n" + "01/02/2024\n" * 300_000 + "02/13/2024\n"
    assert columns(content)["day"][0] == date(2024, 1, 2)


def test_a_day_that_no_calendar_has_is_refused() -> None:
    assert "2024-02-30" in refusal("day\n2024-02-30\n")


def test_a_time_of_day_stays() -> None:
    content = "day;x\n2024-01-31 7:05;1\n2024-02-01;2\n"
    assert columns(content)["day"] == [
        datetime(2024, 1, 31, 7, 5),
        datetime(2024, 2, 1),
    ]


def test_a_time_of_a_zone_stays_as_it_is_written() -> None:
    written = "2024-01-01T00:00:00+02:00"
    assert columns(f"day\n{written}\n")["day"] == [written]


def test_what_says_nothing_is_null() -> None:
    content = "a,b\n1,x\n,\nNA,NULL\n #N/A , y \n"
    assert columns(content) == {
        "a": [1, None, None, None],
        "b": ["x", None, None, "y"],
    }


def test_a_column_without_a_value_is_text() -> None:
    assert columns("a,b\n1,\n2,\n")["b"] == [None, None]


def test_truths_are_read() -> None:
    assert columns("a\nTRUE\nfalse\n")["a"] == [True, False]


def test_a_line_may_be_broken_within_quotes() -> None:
    assert columns('a,b\n1,"x\ny"\n')["b"] == ["x\ny"]


def test_a_gzipped_file_is_one_whatever_its_name() -> None:
    content = gzip.compress(b"a,b\n1,x\n")
    assert columns(content, "t.csv.gz") == {"a": [1], "b": ["x"]}
    assert columns(content, "t.csv") == {"a": [1], "b": ["x"]}
    assert notes(content)["gzip"] is True


def test_a_parquet_file_is_read_as_it_is() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": list(range(3))}), sink)
    assert columns(sink.getvalue(), "T.PARQUET") == {"a": [0, 1, 2]}
    zipped = gzip.compress(sink.getvalue())
    assert columns(zipped, "t.parquet.gz") == {"a": [0, 1, 2]}


@pytest.mark.parametrize(
    ("content", "name", "what"),
    [
        (b"", "t.csv", "the file is empty"),
        (b"x", "t.pdf", "its ending is not understood"),
        (b"x", "t.XLSX", "a spreadsheet (.xlsx), and those are not read"),
        (b"x", "t.xls", "save its sheet as CSV"),
        (b"x", "t.ods", "save its sheet as CSV"),
        (b"PK\x03\x04x", "t.csv", "a spreadsheet or a ZIP archive"),
        (b"a,b\n1\n", "t.csv", "Expected 2 columns, got 1"),
        (b"a,b\n\x81,1\n", "t.csv", "neither UTF-8, UTF-16 nor Windows-1252"),
        (b"a\0b\n", "t.csv", "binary data"),
        (b"a,a,b\n1,2,3\n", "t.csv", "'a': it comes 2 times"),
        (b"a,,b\n1,2,3\n", "t.csv", "column 2: it has no name"),
        (
            gzip.compress(b"a\n" * 9999, mtime=0)[:-9],
            "t.csv.gz",
            "ended before",
        ),
        (b"no parquet", "t.parquet", "Parquet"),
    ],
)
def test_what_can_not_be_read_is_refused_with_the_reason(
    content: bytes, name: str, what: str
) -> None:
    assert what in refusal(content, name)


def test_a_damaged_parquet_is_refused_with_the_reason() -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": list(range(10_000))}), sink)
    whole = sink.getvalue()
    for content in (whole[:-10], whole[:4] + b"\xff" * 2000 + whole[2004:]):
        assert refusal(content, "t.parquet").startswith("t.parquet")


def test_an_unpacked_file_of_any_size_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mmmflow.data.csv_format.MAX_BYTES", 2**20)
    bomb = gzip.compress(b"a\n" + b"1\n" * 2**20)
    assert "it has more than" in refusal(bomb, "t.csv.gz")


DECIMALS = st.floats(-1e12, 1e12).map(lambda x: round(x, 4))
WHOLE = st.integers(-(10**18) + 1, 10**18 - 1)


@given(
    st.lists(st.none() | DECIMALS, min_size=1)
    | st.lists(st.none() | WHOLE, min_size=1)
)
def test_numbers_come_back_as_they_were(values: list[float | None]) -> None:
    lines = "".join(f"{'' if v is None else repr(v)},x\n" for v in values)
    assert columns(f"a,b\n{lines}")["a"] == values


@given(st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)), min_size=1))
def test_numbers_come_back_from_a_european_notation(
    values: list[float],
) -> None:
    sign = str.maketrans(",.", ".,")
    lines = "".join(f"{v:,.2f};0,5\n".translate(sign) for v in values)
    lines = lines.replace(";0.5", ";0,5")
    assert columns(f"a;b\n{lines}")["a"] == values


@given(
    st.lists(st.dates(date(1971, 1, 1), date(2069, 12, 31)), min_size=1),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%y"]),
)
def test_days_come_back_in_whichever_format_or_are_refused(
    days: list[date], written: str
) -> None:
    lines = "".join(f"{day.strftime(written)},x\n" for day in days)
    content = f"a,b\n{lines}"
    if written != "%Y-%m-%d" and _are_ambiguous(days):
        assert "may be" in refusal(content)
    else:
        assert columns(content)["a"] == days


def _are_ambiguous(days: list[date]) -> bool:
    """All may be read as a month, and not all the same way."""
    return all(day.day <= 12 for day in days) and any(
        day.day != day.month for day in days
    )


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(
            lambda text: f"x{text}y"
        ),
        min_size=1,
    )
)
def test_texts_come_back_as_they_were(values: list[str]) -> None:
    quoted = "".join('"' + v.replace('"', '""') + '",1\n' for v in values)
    assert columns(f"a,b\n{quoted}")["a"] == values


@given(
    st.lists(
        st.datetimes(
            datetime(1971, 1, 1),
            datetime(2200, 1, 1),
        ).map(lambda t: t - timedelta(microseconds=t.microsecond)),
        min_size=1,
    )
)
def test_times_come_back_as_they_were(values: list[datetime]) -> None:
    lines = "".join(f"{value},x\n" for value in values)
    assert columns(f"a,b\n{lines}")["a"] == values
