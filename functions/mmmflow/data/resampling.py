"""Daily rows put together into whole weeks or months, column by column.

Weeks begin on Monday; a period's row has the date of its first day. Periods
that the data do not cover whole, at its ends, are left out.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd

from mmmflow.domain import quality
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.mapping import Aggregation, DataMapping
from mmmflow.domain.quality import Finding

_PERIODS = {"week": "W-SUN", "month": "M"}


def resample(
    frame: pd.DataFrame, mapping: DataMapping
) -> tuple[pd.DataFrame, list[Finding]]:
    """The mapping's periods, and what was left out to have whole ones.

    `frame` has one row a period, sorted; it stays as it is where nothing is
    to be put together.

    Raises:
        InvalidInputError: the rows are no days, or cover no period whole.
    """
    wanted = mapping.resample
    dates = frame[mapping.date]
    if wanted is None:
        return frame, []
    present = quality.interval(list(dates.dt.date))
    if present == wanted.interval:
        return frame, []
    if present != "day":
        raise InvalidInputError.of(
            "resample",
            f"{present}s can't be put together into {wanted.interval}s",
            "give daily rows, or leave resample out of the mapping",
        )
    periods = dates.dt.to_period(_PERIODS[wanted.interval])
    days = periods.map(periods.value_counts())
    whole = days == _length(periods)
    if not whole.any():
        raise InvalidInputError.of(
            "resample", f"the rows cover no {wanted.interval} whole"
        )
    kept, key = frame[whole], periods[whole]
    columns: dict[str, Any] = {
        name: kept[name]
        .groupby(key)
        .agg(_HOW.get(aggregation := wanted.of(name), aggregation))
        for name in mapping.columns
        if name != mapping.date
    }
    made = pd.DataFrame(columns)
    starts = pd.PeriodIndex(made.index).start_time.astype("datetime64[s]")
    made.insert(0, mapping.date, starts)
    return made.reset_index(drop=True), _left_out(frame, mapping, whole)


def _length(periods: "pd.Series[Any]") -> "pd.Series[int]":
    """How many days the period of each row has."""
    first, last = periods.dt.start_time, periods.dt.end_time
    days: pd.Series[int] = (last.dt.normalize() - first).dt.days + 1
    return days


def _mode(values: "pd.Series[Any]") -> Any:
    """The most frequent value; of several the least."""
    return values.mode().iloc[0]


_HOW: dict[Aggregation, Callable[["pd.Series[Any]"], Any]] = {"mode": _mode}


def _left_out(
    frame: pd.DataFrame, mapping: DataMapping, whole: "pd.Series[bool]"
) -> list[Finding]:
    days = int((~whole).sum())
    if not days or mapping.resample is None:
        return []
    interval = mapping.resample.interval
    return [
        Finding(
            "info",
            mapping.date,
            f"{days} of {len(frame)} days were left out",
            f"they are of a {interval} that the data do not cover whole",
        )
    ]
