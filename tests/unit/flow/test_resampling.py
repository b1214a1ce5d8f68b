"""Daily rows are put together into whole weeks or months, if so mapped."""

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from mmmflow import schema
from mmmflow.data import preparation
from mmmflow.data.preparation import Prepared
from mmmflow.domain import mapping
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.frequency import WEEKDAYS

MONDAY = date(2024, 1, 1)


def document(**resample: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "date": "day",
        "goals": [{"column": "revenue", "type": "revenue"}],
        "columns": {
            "tv": {"category": "paid_spend", "channel": "tv"},
            "price": {"category": "context"},
            "event": {"category": "factor"},
        },
        "resample": {"interval": "week", **resample},
    }


def prepare(
    days: int, start: date = MONDAY, step: int = 1, **resample: Any
) -> Prepared:
    """Row d has revenue d, tv 1, price d and a sale on every third day."""
    asked = document(**resample)
    schema.require("mapping.json", asked)
    rows = range(days)
    table = pd.DataFrame(
        {
            "day": [start + timedelta(days=step * d) for d in rows],
            "revenue": [float(d) for d in rows],
            "tv": [1.0] * days,
            "price": [float(d) for d in rows],
            "event": ["sale" if d % 3 == 0 else "none" for d in rows],
        },
        index=range(1, days + 1),
    )
    return preparation.of_frame(table, mapping.read(asked), "DE")


def refusal(**asked: Any) -> str:
    with pytest.raises(InvalidInputError) as refused:
        prepare(**asked)
    return str(refused.value)


def test_what_adds_up_is_added_and_context_is_averaged() -> None:
    frame = prepare(14).frame
    assert list(frame["revenue"]) == [21.0, 70.0]
    assert list(frame["tv"]) == [7.0, 7.0]
    assert list(frame["price"]) == [3.0, 10.0]
    assert list(frame["event"]) == ["none", "none"]


def test_a_periods_row_has_the_date_of_its_first_day() -> None:
    prepared = prepare(14)
    days = list(prepared.frame["day"].dt.date)
    assert days == [MONDAY, MONDAY + timedelta(days=7)]
    assert prepared.frequency.interval == "week"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("sum", [21.0, 70.0]),
        ("mean", [3.0, 10.0]),
        ("max", [6.0, 13.0]),
        ("min", [0.0, 7.0]),
        ("first", [0.0, 7.0]),
        ("last", [6.0, 13.0]),
        ("mode", [0.0, 7.0]),
    ],
)
def test_each_column_may_be_put_together_in_its_own_way(
    how: str, expected: list[float]
) -> None:
    frame = prepare(14, aggregation={"price": how}).frame
    assert list(frame["price"]) == expected


def test_a_factor_keeps_one_of_its_names() -> None:
    frame = prepare(14, aggregation={"event": "first"}).frame
    assert list(frame["event"]) == ["sale", "none"]


def test_months_are_put_together_by_the_calendar() -> None:
    prepared = prepare(60, interval="month")
    assert list(prepared.frame["tv"]) == [31.0, 29.0]
    assert prepared.frequency.interval == "month"


def test_periods_that_are_not_whole_are_left_out_and_it_is_said() -> None:
    prepared = prepare(19, start=MONDAY + timedelta(days=3))
    assert list(prepared.frame["tv"]) == [7.0, 7.0]
    (left,) = [c for c in prepared.cleaning if "left out:" in c.what]
    assert left.count == 5
    assert left.what.startswith("5 of 19 days were left out")


def test_weeks_stay_weeks() -> None:
    assert len(prepare(8, step=7).frame) == 8


def test_a_week_belongs_to_the_month_that_holds_most_of_its_days() -> None:
    """Of the week of 29 July to 4 August four days are in August."""
    prepared = prepare(18, start=date(2024, 5, 6), step=7, interval="month")
    assert [str(d) for d in prepared.frame["day"].dt.date] == [
        "2024-06-01",
        "2024-07-01",
        "2024-08-01",
    ]
    assert list(prepared.frame["tv"]) == [4.0, 4.0, 5.0]


def test_months_of_four_and_five_weeks_are_warned_of() -> None:
    prepared = prepare(18, start=date(2024, 5, 6), step=7, interval="month")
    (finding,) = prepared.findings
    assert "4 or 5 weeks" in finding.what


def test_days_that_cover_no_period_whole_are_refused() -> None:
    assert "cover no month whole" in refusal(days=20, interval="month")


def test_a_column_that_is_not_mapped_has_no_aggregation() -> None:
    text = refusal(days=14, aggregation={"x": "sum", "event": "mean"})
    assert "resample.aggregation.x: the mapping has no such column" in text
    assert "resample.aggregation.event: a factor has no mean" in text


@pytest.mark.parametrize("weekday", range(7))
def test_weeks_start_on_the_day_that_is_chosen(weekday: int) -> None:
    name = WEEKDAYS[weekday]
    prepared = prepare(21, week_start=name)
    first = prepared.frame["day"].iloc[0].date()
    assert first.weekday() == weekday
    assert list(prepared.frame["tv"]) == [7.0] * len(prepared.frame)
    assert prepared.frequency.week_start == name


def test_weeks_cross_the_years_end() -> None:
    prepared = prepare(21, start=date(2020, 12, 21))
    days = [d.isoformat() for d in prepared.frame["day"].dt.date]
    assert days == ["2020-12-21", "2020-12-28", "2021-01-04"]


def test_a_year_of_53_weeks_has_53() -> None:
    """2020 in ISO weeks: from 30 December 2019 to 3 January 2021."""
    prepared = prepare(53 * 7, start=date(2019, 12, 30))
    assert len(prepared.frame) == 53
    assert prepared.frame["day"].iloc[-1].date() == date(2020, 12, 28)


@pytest.mark.parametrize(("year", "february"), [(2023, 28.0), (2024, 29.0)])
def test_february_has_its_leap_day(year: int, february: float) -> None:
    start = date(year, 1, 1)
    days = (date(year, 4, 1) - start).days
    prepared = prepare(days, start=start, interval="month")
    assert list(prepared.frame["tv"]) == [31.0, february, 31.0]


def test_the_week_of_a_leap_day_is_whole() -> None:
    prepared = prepare(14, start=date(2024, 2, 26))
    assert list(prepared.frame["tv"]) == [7.0, 7.0]


def test_weeks_that_begin_on_another_day_than_asked_stay_and_it_is_said() -> (
    None
):
    prepared = prepare(8, step=7, week_start="sunday")
    assert len(prepared.frame) == 8
    (finding,) = prepared.findings
    assert "start on Monday, not on Sunday" in finding.what


def test_months_can_not_be_taken_apart_into_weeks() -> None:
    columns = [date(2024, month, 1) for month in range(1, 9)]
    table = pd.DataFrame(
        {
            "day": columns,
            "revenue": range(8),
            "tv": range(8),
            "price": range(8),
            "event": ["a", "b"] * 4,
        },
        index=range(1, 9),
    )
    with pytest.raises(InvalidInputError, match="taken apart"):
        preparation.of_frame(table, mapping.read(document()), "DE")


def test_the_weeks_of_a_month_at_the_years_end_are_those_of_most_days() -> None:
    """The week of 30 December 2024 has three days of it in December."""
    prepared = prepare(22, start=date(2024, 10, 7), step=7, interval="month")
    months = [d.isoformat() for d in prepared.frame["day"].dt.date]
    assert months == ["2024-11-01", "2024-12-01", "2025-01-01", "2025-02-01"]
    assert list(prepared.frame["tv"]) == [4.0, 4.0, 5.0, 4.0]
