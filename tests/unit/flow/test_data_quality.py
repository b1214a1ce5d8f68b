"""Rows stand at equal distances, and what may mislead a model is said."""

import calendar
from datetime import date, timedelta

import pytest
from mmmflow.domain import quality
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.quality import Profile

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


def profile(
    *, zeros: int = 0, minimum: float = 0, maximum: float = 9
) -> Profile:
    return Profile("tv", "paid_spend", 0, zeros, minimum, maximum, 1.0)


def test_days_and_weeks_are_told_by_their_distance() -> None:
    assert quality.interval(every(1)) == "day"
    assert quality.interval(every(7)) == "week"


@pytest.mark.parametrize("day", [1, 15, 28, 29, 30, 31])
def test_months_may_stand_on_any_day_up_to_their_last(day: int) -> None:
    assert quality.interval(monthly(day)) == "month"


@pytest.mark.parametrize("start", range(12))
def test_months_at_their_ends_may_start_in_any_month(start: int) -> None:
    assert quality.interval(monthly(31)[start:]) == "month"


def refusal(dates: list[date]) -> str:
    with pytest.raises(InvalidInputError) as invalid:
        quality.interval(dates)
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


def test_a_period_with_more_than_one_row_is_named() -> None:
    dates = sorted([*every(7), FIRST, FIRST])
    (problem,) = quality.duplicates(dates)
    assert "2023-01-02 has more than one row" in str(problem)
    assert not quality.duplicates(every(7))


def test_a_constant_column_is_warned_of() -> None:
    (finding,) = quality.findings([profile(minimum=3, maximum=3)], 100, 5)
    assert (finding.severity, finding.column) == ("warning", "tv")
    assert finding.what == "it is constant (3)"


def test_a_column_of_mostly_zeros_is_warned_of() -> None:
    (finding,) = quality.findings([profile(zeros=81)], 100, 5)
    assert finding.what == "81 of 100 rows are 0"
    assert not quality.findings([profile(zeros=80)], 100, 5)


def test_too_few_rows_for_the_drivers_are_warned_of() -> None:
    (finding,) = quality.findings([profile()], 49, 5)
    assert finding.what == "49 rows for 5 drivers"
    assert not quality.findings([profile()], 50, 5)
