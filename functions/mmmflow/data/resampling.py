"""Rows put together: of one date, of a week, of a month; column by column.

A period's row has the date of its first day. Periods that the data do not
cover whole, at its ends, are left out. A week belongs to the month that
holds most of its days, that of its fourth; ISO 8601 assigns weeks to years
by the same rule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.frequency import WEEKDAYS, Frequency
from mmmflow.domain.preparation import Aggregation, Resample
from mmmflow.domain.quality import Cleaning, Finding

Aggregations = Mapping[str, Aggregation]
# What pandas calls a week by: its last day.
_LAST_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MIDDLE = pd.Timedelta(days=3)
_WEEK = pd.Timedelta(days=7)


def collapse(
    frame: pd.DataFrame, date: str, aggregations: Aggregations
) -> tuple[pd.DataFrame, list[Cleaning]]:
    """One row a date, sorted; rows of one date are put together."""
    more = frame.duplicated(date)
    if not more.any():
        return frame.sort_values(date, kind="stable", ignore_index=True), []
    made = aggregate(frame, frame[date], date, aggregations)
    dates = int(frame.loc[more, date].nunique())
    of = "1 date that had" if dates == 1 else f"{dates} dates that had"
    return made, [
        Cleaning(
            "summed" if _adds_up(aggregations) else "aggregated",
            "",
            int(more.sum()) + dates,
            f"rows of {of} several became one row each, by each column's"
            " aggregation",
        )
    ]


@dataclass(frozen=True)
class Resampled:
    """The periods, what was done for them, and what to know of it."""

    frame: pd.DataFrame
    frequency: Frequency
    cleaning: tuple[Cleaning, ...] = ()
    findings: tuple[Finding, ...] = ()


def resample(
    frame: pd.DataFrame,
    date: str,
    wanted: Resample | None,
    present: Frequency,
    aggregations: Aggregations,
) -> Resampled:
    """The wanted periods.

    `frame` has one row a period, sorted and without gaps; it stays as it is
    where nothing is to be put together.

    Raises:
        InvalidInputError: months are to become weeks, or the rows cover no
            period whole.
    """
    if wanted is None or present.interval == wanted.interval:
        other = _other_start(date, wanted, present)
        return Resampled(frame, present, (), other)
    if present.interval == "month":
        raise InvalidInputError.of(
            "resample",
            "months can't be taken apart into weeks",
            "give daily or weekly rows, or leave resample out",
        )
    if present.interval == "day":
        key, whole = _of_days(frame[date], wanted)
    else:
        key, whole = _of_weeks(frame[date])
    if not whole.any():
        raise InvalidInputError.of(
            "resample", f"the rows cover no {wanted.interval} whole"
        )
    made = aggregate(frame[whole], key[whole], date, aggregations)
    done = _said(frame, whole, made, present, wanted)
    start = wanted.week_start if wanted.interval == "week" else None
    found = Frequency(wanted.interval, start)
    return Resampled(made, found, done, _uneven(date, present, key[whole]))


def aggregate(
    frame: pd.DataFrame,
    key: "pd.Series[Any]",
    date: str,
    aggregations: Aggregations,
) -> pd.DataFrame:
    """One row per key, which becomes the date, in its order."""
    groups = frame.groupby(key.rename(None), sort=True)
    columns: dict[str, Any] = {
        name: _HOW[aggregations[name]](groups[name])
        for name in frame.columns
        if name != date
    }
    made = pd.DataFrame(columns)
    made.insert(0, date, pd.DatetimeIndex(made.index).astype("datetime64[s]"))
    return made.reset_index(drop=True)


def period_start(
    dates: "pd.Series[Any]", step: Frequency, first: pd.Timestamp
) -> "pd.Series[Any]":
    """The first day of the period that each date lies in.

    Weeks are counted from `first`, the first period's date.
    """
    if step.interval == "month":
        months: pd.Series[Any] = dates.dt.to_period("M").dt.start_time
        return months
    if step.interval == "week":
        return dates - pd.to_timedelta((dates - first).dt.days % 7, unit="D")
    return dates


def _of_days(
    dates: "pd.Series[Any]", wanted: Resample
) -> tuple["pd.Series[Any]", "pd.Series[bool]"]:
    """Each day's period, and whether all of its days are there."""
    last = _LAST_DAYS[WEEKDAYS.index(wanted.week_start)]
    name = "M" if wanted.interval == "month" else f"W-{last}"
    periods = dates.dt.to_period(name)
    starts, ends = periods.dt.start_time, periods.dt.end_time
    length = (ends.dt.normalize() - starts).dt.days + 1
    return starts, starts.map(starts.value_counts()) == length


def _of_weeks(
    dates: "pd.Series[Any]",
) -> tuple["pd.Series[Any]", "pd.Series[bool]"]:
    """Each week's month, and whether all of the month's weeks are there."""
    months = (dates + _MIDDLE).dt.to_period("M")
    before = (dates.iloc[0] - _WEEK + _MIDDLE).to_period("M")
    after = (dates.iloc[-1] + _WEEK + _MIDDLE).to_period("M")
    whole = (months != before) & (months != after)
    return months.dt.start_time, whole


def _mode(values: "pd.Series[Any]") -> Any:
    """The most frequent value; of several the least."""
    found = values.mode()
    return found.iloc[0] if len(found) else None


# What is empty throughout stays empty: nothing known is not zero.
_HOW: Mapping[Aggregation, Callable[[Any], Any]] = {
    "sum": lambda groups: groups.sum(min_count=1),
    "mean": lambda groups: groups.mean(),
    "max": lambda groups: groups.max(),
    "min": lambda groups: groups.min(),
    "first": lambda groups: groups.first(),
    "last": lambda groups: groups.last(),
    "mode": lambda groups: groups.agg(_mode),
}


def _adds_up(aggregations: Aggregations) -> bool:
    return "sum" in aggregations.values()


def _said(
    frame: pd.DataFrame,
    whole: "pd.Series[bool]",
    made: pd.DataFrame,
    present: Frequency,
    wanted: Resample,
) -> tuple[Cleaning, ...]:
    what = f"{present.interval}s became {len(made)} {wanted.interval}s"
    if wanted.interval == "week":
        what += f" that start on {wanted.week_start.capitalize()}"
    elif present.interval == "week":
        what += ", each week in the month that holds most of its days"
    done = [Cleaning("resampled", "", int(whole.sum()), what)]
    left = int((~whole).sum())
    if left:
        done.append(
            Cleaning(
                "dropped",
                "",
                left,
                f"{left} of {len(frame)} {present.interval}s were left out:"
                f" they are of a {wanted.interval} that the data do not"
                " cover whole",
            )
        )
    return tuple(done)


def _other_start(
    date: str, wanted: Resample | None, present: Frequency
) -> tuple[Finding, ...]:
    if (
        wanted is None
        or wanted.interval != "week"
        or present.week_start in (None, wanted.week_start)
    ):
        return ()
    return (
        Finding(
            "info",
            date,
            f"the weeks start on {str(present.week_start).capitalize()}, not"
            f" on {wanted.week_start.capitalize()} as asked",
            "weekly rows stay as they are; give daily rows for other weeks",
            "frequency",
        ),
    )


def _uneven(
    date: str, present: Frequency, key: "pd.Series[Any]"
) -> tuple[Finding, ...]:
    if present.interval != "week":
        return ()
    weeks = key.value_counts()
    return (
        Finding(
            "warning",
            date,
            f"the months have {weeks.min()} or {weeks.max()} weeks: their sums"
            " differ by a quarter for that alone",
            "model the weeks, or give daily rows",
            "frequency",
        ),
    )
