"""Raw rows become training data, or problems that name column and row."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mmmflow.data import preparation, rows
from mmmflow.data.preparation import Prepared
from mmmflow.domain import mapping
from mmmflow.domain.errors import InvalidInputError

MAPPING = mapping.read(
    {
        "date": "day",
        "country": "market",
        "goals": [{"column": "revenue", "type": "revenue"}],
        "columns": {
            "tv": {"category": "paid_spend", "channel": "tv"},
            "price": {"category": "context"},
            "event": {"category": "factor"},
        },
    }
)
DAYS = ["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22"]


def table(**columns: Any) -> pd.DataFrame:
    """Four weeks; None leaves a column out."""
    all_columns = {
        "day": DAYS,
        "revenue": [100.0, 110.0, 120.0, 130.0],
        "tv": [1.0, 0.0, 2.0, 3.0],
        "price": [9, 8, 9, 9],
        "event": ["none", "sale", "none", "none"],
        "ignored": [1, 2, 3, 4],
        **columns,
    }
    present = {k: v for k, v in all_columns.items() if v is not None}
    return pd.DataFrame(present, index=range(1, len(all_columns["day"]) + 1))


def prepare(country: str = "DE", **columns: Any) -> Prepared:
    return preparation.of_frame(table(**columns), MAPPING, country)


def problems(**columns: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as invalid:
        prepare(**columns)
    return [str(problem) for problem in invalid.value.problems]


def test_the_mappings_columns_stay_in_its_order_and_no_other() -> None:
    frame = prepare().frame
    assert list(frame) == ["day", "revenue", "tv", "price", "event"]


def test_rows_are_sorted_by_date() -> None:
    frame = prepare(day=DAYS[::-1]).frame
    assert list(frame["day"].dt.date) == [date.fromisoformat(d) for d in DAYS]
    assert list(frame["revenue"]) == [130.0, 120.0, 110.0, 100.0]


def test_the_rows_are_those_of_the_country_where_a_column_says_so() -> None:
    both = [*DAYS, *DAYS]
    prepared = preparation.of_frame(
        table(
            day=both,
            market=["DE"] * 4 + ["FR"] * 4,
            revenue=range(8),
            tv=[1] * 8,
            price=[1] * 8,
            event=["x"] * 8,
            ignored=[0] * 8,
        ),
        MAPPING,
        "FR",
    )
    assert list(prepared.frame["revenue"]) == [4, 5, 6, 7]


def test_a_country_without_rows_is_answered_with_those_that_have() -> None:
    (problem,) = problems(market=["FR", "FR", "ES", None])
    assert problem == "column 'market': no row is of 'DE' (it has ES, FR)"


@pytest.mark.parametrize(
    "days",
    [
        DAYS,
        [date.fromisoformat(d) for d in DAYS],
        [datetime.fromisoformat(d) for d in DAYS],
        [f"{d}T00:00:00Z" for d in DAYS],
        [f"{d}T00:00:00+02:00" for d in DAYS],
        [f"{DAYS[0]}T00:00:00+01:00", *(f"{d}T00:00+02:00" for d in DAYS[1:])],
        pd.to_datetime(DAYS).tz_localize("Europe/Berlin"),
    ],
    ids=["text", "date", "time", "utc", "zone", "summer time", "zoned"],
)
def test_dates_are_understood_in_the_forms_that_warehouses_have(
    days: Any,
) -> None:
    prepared = prepare(day=days)
    assert [d.isoformat() for d in prepared.frame["day"].dt.date] == DAYS
    assert prepared.frequency.interval == "week"


def test_what_is_no_date_is_named_by_its_row() -> None:
    (problem,) = problems(day=[DAYS[0], "22.01.24", None, DAYS[3]])
    assert problem == (
        "date 'day': '22.01.24' in row 2, nan in row 3 is no date"
        " (write 2024-12-31)"
    )


@pytest.mark.parametrize(
    "values",
    [
        ["1", "2.5", " 3 ", "4e0"],
        [Decimal("1"), Decimal("2.5"), Decimal("3"), Decimal("4")],
        [1, 2.5, 3, 4],
    ],
    ids=["text", "decimal", "number"],
)
def test_numbers_are_understood_in_the_forms_that_warehouses_have(
    values: list[Any],
) -> None:
    assert list(prepare(price=values).frame["price"]) == [1.0, 2.5, 3.0, 4.0]


@pytest.mark.parametrize(
    ("column", "values", "problem"),
    [
        ("revenue", [1, None, 3, 4], "goal 'revenue': nan in row 2 is empty"),
        ("price", ["1", "a", "3", "4"], "'a' in row 2 is not a number"),
        ("price", ["1", "1,000", "3", "4"], "'1,000' in row 2 is not a number"),
        ("price", [1, 2, 3, float("inf")], "inf in row 4 is infinite"),
        ("tv", [1, -0.5, 3, 4], "-0.5 in row 2 is negative spend"),
        ("price", pd.to_datetime(DAYS), "is not a number"),
    ],
)
def test_what_does_not_fit_is_named_by_column_and_row(
    column: str, values: Any, problem: str
) -> None:
    (found,) = problems(**{column: values})
    assert problem in found


def test_a_driver_may_be_negative_where_it_is_no_spend() -> None:
    assert prepare(price=[-1, 2, 3, 4]).frame["price"].min() == -1


def test_many_mistakes_are_shown_by_the_first_three() -> None:
    (found,) = problems(price=["a", "b", "c", "d"])
    assert "'c' in row 3 and 1 more is not a number" in found


def test_every_columns_problem_is_told() -> None:
    found = problems(price=["a", 1, 1, 1], tv=[-1, 1, 1, 1], day=["x"] * 4)
    assert len(found) == 3


def test_missing_columns_are_all_named() -> None:
    (found,) = problems(tv=None, event=None)
    assert found.startswith("column 'tv', 'event': ")


def test_a_column_that_comes_twice_is_refused() -> None:
    raw = table()
    raw.columns = pd.Index([*list(raw)[:-1], "tv"])
    with pytest.raises(InvalidInputError, match="'tv': it comes 2 times"):
        preparation.of_frame(raw, MAPPING, "DE")


def test_an_empty_factor_is_a_level_of_its_own() -> None:
    frame = prepare(event=["sale", None, 3, True]).frame
    assert list(frame["event"]) == ["sale", "na", "3", "True"]


def test_rows_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "raw.parquet"
    raw = table(market=["FR", "DE", "FR", "DE"])
    pq.write_table(pa.Table.from_pandas(raw, preserve_index=False), path)
    read = rows.read(path, MAPPING, "DE")
    assert list(read.frame.index) == [2, 4]
    assert (read.total, read.countries) == (4, {"DE": 2, "FR": 2})


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    preparation.write(prepare(), first)
    preparation.write(prepare(), second)
    assert first.read_bytes() == second.read_bytes()
    assert pq.read_schema(first).field("day").type == pa.date32()
