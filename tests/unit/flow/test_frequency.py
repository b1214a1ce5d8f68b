"""Days, weeks and months are told by their distance; nothing between."""

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmmflow.domain import frequency
from mmmflow.domain.errors import InvalidInputError

FIRST = date(2023, 1, 2)


def every(days: int, count: int = 20) -> list[date]:
    return [FIRST + timedelta(days=days * n) for n in range(count)]


def monthly(day: int) -> list[date]:
    """Every month of two years on that day, or on its last one before."""
    return [
        date(year, month, min(day, calendar.monthrange(year, month)[1]))
        for year in (2023, 2024)
        for month in range(1, 13)
    ]


def interval(dates: list[date]) -> frequency.Interval:
    """Of dates without gaps."""
    found, gaps = frequency.detect(dates)
    frequency.refuse_gaps(found, gaps)
    return found.interval


def test_days_and_weeks_are_told_by_their_distance() -> None:
    assert interval(every(1)) == "day"
    assert interval(every(7)) == "week"


@pytest.mark.parametrize("day", [1, 15, 28, 29, 30, 31])
def test_months_may_stand_on_any_day_up_to_their_last(day: int) -> None:
    assert interval(monthly(day)) == "month"


@pytest.mark.parametrize("start", range(12))
def test_months_at_their_ends_may_start_in_any_month(start: int) -> None:
    assert interval(monthly(31)[start:]) == "month"


def refusal(dates: list[date]) -> str:
    with pytest.raises(InvalidInputError) as invalid:
        interval(dates)
    return str(invalid.value)


@pytest.mark.parametrize("days", [1, 7])
def test_a_gap_is_named_by_the_rows_around_it(days: int) -> None:
    dates = every(days)
    gone = dates.pop(5)
    before, after = gone - timedelta(days=days), gone + timedelta(days=days)
    assert f"{before} is followed by {after}" in refusal(dates)


def test_a_missing_month_is_a_gap() -> None:
    dates = monthly(31)
    del dates[5]
    assert "2023-05-31 is followed by 2023-07-31" in refusal(dates)


def test_a_month_on_another_day_is_out_of_step() -> None:
    dates = monthly(15)
    dates[7] += timedelta(days=1)
    assert "2023-07-15 is followed by 2023-08-16" in refusal(dates)


def test_other_distances_are_not_understood() -> None:
    assert "rows are 14 days apart" in refusal(every(14))


@pytest.mark.parametrize("count", [0, 1])
def test_a_model_needs_more_than_one_row(count: int) -> None:
    assert f"{count} row(s)" in refusal(every(7, count))


@pytest.mark.parametrize("weekday", range(7))
def test_weeks_may_start_on_any_day(weekday: int) -> None:
    days = [day + timedelta(days=weekday) for day in every(7)]
    found, gaps = frequency.detect(days)
    assert found.interval == "week"
    assert found.week_start == frequency.WEEKDAYS[weekday]
    assert gaps == []


def test_weeks_that_change_their_start_are_refused() -> None:
    days = [*every(7, 10), *(d - timedelta(days=1) for d in every(7)[10:])]
    text = refusal(days)
    assert "2023-03-06 is followed by 2023-03-12" in text
    assert "a Monday by a Sunday" in text


def test_a_mixture_of_days_and_weeks_is_refused_with_where_it_begins() -> None:
    daily = [FIRST + timedelta(days=n) for n in range(28)]
    weekly = [daily[-1] + timedelta(days=7 * n) for n in range(1, 9)]
    assert f"a mixture: days, and from {daily[-1]} on weeks" in refusal(
        daily + weekly
    )


def test_a_mixture_of_weeks_and_months_is_refused() -> None:
    weekly = every(7, 10)
    months = [date(2023, month, 6) for month in range(4, 9)]
    assert "a mixture" in refusal(weekly + months)


def test_every_gap_is_found_with_how_much_is_missing() -> None:
    days = every(1, 30)
    del days[20:22], days[5]
    found, gaps = frequency.detect(days)
    assert found.interval == "day"
    assert [gap.missing for gap in gaps] == [1, 2]
    assert "3 of them missing" in refusal(days)


def test_weeks_cross_years_of_53_weeks() -> None:
    days = [date(2020, 12, 21) + timedelta(weeks=n) for n in range(6)]
    assert interval(days) == "week"


def test_days_cross_a_leap_day() -> None:
    days = [date(2024, 2, 27) + timedelta(days=n) for n in range(5)]
    assert interval(days) == "day"
    del days[2]
    assert "2024-02-28 is followed by 2024-03-01" in refusal(days)


@given(
    first=st.dates(date(1990, 1, 1), date(2060, 1, 1)),
    step=st.sampled_from(["day", "week", "month"]),
    count=st.integers(2, 120),
)
def test_what_is_made_of_a_frequency_is_found_again(
    first: date, step: frequency.Interval, count: int
) -> None:
    last = first
    for _ in range(count - 1):
        last += timedelta(days={"day": 1, "week": 7, "month": 31}[step])
    days = frequency.every(first, last, step)
    found, gaps = frequency.detect(days)
    assert found.interval == step
    assert gaps == []


@given(
    step=st.sampled_from(["day", "week", "month"]),
    gone=st.sets(st.integers(1, 58), min_size=1, max_size=10),
)
def test_as_many_are_missing_as_were_taken_out(
    step: frequency.Interval, gone: set[int]
) -> None:
    days = frequency.every(FIRST, date(2028, 1, 2), step)[:60]
    left = [day for n, day in enumerate(days) if n not in gone]
    _, gaps = frequency.detect(left)
    assert sum(gap.missing for gap in gaps) == len(gone)
