"""The data's periods: their length, gaps, and the modelling window."""

from datetime import date

import numpy as np

from mmmflow_native.data.table import Table
from mmmflow_native.errors import UserError
from mmmflow_native.model.problem import DateArray, Interval

DAYS: dict[int, Interval] = {1: "day", 7: "week"}
PER_YEAR: dict[Interval, int] = {"day": 365, "week": 52, "month": 12}


def interval(table: Table) -> Interval:
    """Whether the dates are days, weeks or first days of months.

    Raises `UserError` with the row for a date that comes twice, a period
    that is missing, and dates that are none of the three.
    """
    dates = table.dates
    if len(dates) < 3:
        raise UserError(
            f"the data has {len(dates)} rows", "give at least some 50 periods"
        )
    steps = np.diff(dates).astype(np.int64)
    twice = np.flatnonzero(steps == 0)
    if twice.size:
        raise UserError(
            f"the date {dates[twice[0]]} comes twice: rows "
            f"{table.rows[twice[0]]} and {table.rows[twice[0] + 1]}",
            "give one row per period: add rows up, or choose one market",
        )
    lengths, counts = np.unique(steps, return_counts=True)
    usual = int(lengths[np.argmax(counts)])
    if 28 <= usual <= 31:
        return _months(table)
    if usual not in DAYS:
        raise UserError(
            f"the dates are {usual} days apart",
            "give daily, weekly or monthly data",
        )
    _refuse_gaps(table, steps != usual, f"{DAYS[usual]}s")
    return DAYS[usual]


def _months(table: Table) -> Interval:
    months = table.dates.astype("M8[M]")
    late = np.flatnonzero(table.dates != months.astype("M8[D]"))
    if late.size:
        raise UserError(
            f"{table.where(int(late[0]))} is not the first day of a month",
            "date monthly data by the first day of the month",
        )
    _refuse_gaps(table, np.diff(months).astype(np.int64) != 1, "months")
    return "month"


def _refuse_gaps(
    table: Table, wrong: np.ndarray[tuple[int], np.dtype[np.bool_]], unit: str
) -> None:
    if not wrong.any():
        return
    first = int(np.flatnonzero(wrong)[0])
    days = (table.dates[first + 1] - table.dates[first]).astype(int)
    raise UserError(
        f"{table.where(first + 1)} comes {days} days after "
        f"{table.dates[first]}, but the data are {unit}",
        "fill in the missing periods, with zeros where nothing was spent",
    )


def window(dates: DateArray, start: date | None, end: date | None) -> slice:
    """The rows to model: both ends snapped to the nearest period, as Robyn.

    None is the first or the last period.
    """
    first = 0 if start is None else _nearest(dates, start, "start")
    last = len(dates) - 1 if end is None else _nearest(dates, end, "end")
    if last <= first:
        raise UserError(
            f"the window {start} to {end} holds less than two periods",
            "widen the window",
        )
    return slice(first, last + 1)


def _nearest(dates: DateArray, day: date, which: str) -> int:
    wanted = np.datetime64(day, "D")
    outside = wanted > dates[-1] if which == "start" else wanted < dates[0]
    if outside:
        raise UserError(
            f"the window's {which} {day} is outside of the data, "
            f"{dates[0]} to {dates[-1]}",
            "give a window within the data",
        )
    return int(np.argmin(np.abs((dates - wanted).astype(np.int64))))
