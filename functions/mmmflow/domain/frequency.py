"""How far a table's rows lie apart: days, weeks or months, nothing between."""

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal, get_args

from mmmflow.domain.errors import InvalidInputError, Problem

Interval = Literal["day", "week", "month"]
Weekday = Literal[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_SHOWN = 3
# So large a share of another distance is another frequency, not gaps.
_MIXED = 0.1


@dataclass(frozen=True)
class Frequency:
    """`week_start` is the weekday of weekly rows, else None."""

    interval: Interval
    week_start: Weekday | None = None


@dataclass(frozen=True)
class Gap:
    """Two dates that follow each other, and how many are missing between."""

    before: date
    after: date
    missing: int


def detect(dates: Sequence[date]) -> tuple[Frequency, list[Gap]]:
    """The frequency of sorted, distinct dates, and its gaps.

    Weeks may start on any day, but all on the same; months stand on the same
    day, or are cut short by a month's end.

    Raises:
        InvalidInputError: fewer than two rows, a mixture, or a distance that
            is none of the three.
    """
    if len(dates) < 2:
        raise InvalidInputError.of(
            "data", f"{len(dates)} row(s); a model needs many periods"
        )
    steps = [(later - earlier).days for earlier, later in pairwise(dates)]
    usual = Counter(_class(step) for step in steps).most_common(1)[0][0]
    if usual is None:
        often = Counter(steps).most_common(1)[0][0]
        raise InvalidInputError.of(
            "date",
            f"rows are {often} days apart",
            "daily, weekly or monthly rows are understood",
        )
    _refuse_mixture(dates, steps, usual)
    start = WEEKDAYS[dates[0].weekday()] if usual == "week" else None
    gaps = [
        Gap(before, after, missing)
        for before, after in pairwise(dates)
        if (missing := _missing(before, after, usual))
    ]
    return Frequency(usual, start), gaps


def refuse_gaps(frequency: Frequency, gaps: Sequence[Gap]) -> None:
    """Raises: InvalidInputError that names the gaps, if there are any."""
    if not gaps:
        return
    unit = f"{frequency.interval}s"
    missing = sum(gap.missing for gap in gaps)
    shown = "; ".join(
        f"{gap.before} is followed by {gap.after}" for gap in gaps[:_SHOWN]
    )
    more = len(gaps) - _SHOWN
    tail = f"; and {more} more gaps" if more > 0 else ""
    raise InvalidInputError(
        [
            Problem(
                "date",
                f"{unit} are expected, but {shown}{tail}:"
                f" {missing} of them missing",
                'add the missing rows; or say "gaps": "fill" in the mapping,'
                " and per column how",
            )
        ]
    )


def every(first: date, last: date, step: Interval) -> list[date]:
    """All periods from the first to the last, both included."""
    days = [first]
    while days[-1] < last:
        days.append(_next(days[-1], first.day, step))
    return days


def _class(step: int) -> Interval | None:
    if step == 1:
        return "day"
    if step == 7:
        return "week"
    return "month" if 28 <= step <= 31 else None


def _next(day: date, wanted: int, step: Interval) -> date:
    if step != "month":
        return day + timedelta(days=1 if step == "day" else 7)
    year, month = day.year + day.month // 12, day.month % 12 + 1
    return date(year, month, min(wanted, monthrange(year, month)[1]))


def _missing(before: date, after: date, step: Interval) -> int:
    if step == "day":
        return (after - before).days - 1
    if step == "week":
        return (after - before).days // 7 - 1
    return _months(before, after) - 1


def _months(before: date, after: date) -> int:
    return 12 * (after.year - before.year) + after.month - before.month


def _refuse_mixture(
    dates: Sequence[date], steps: Sequence[int], usual: Interval
) -> None:
    others: dict[Interval, int] = {}
    for step in steps:
        found = _class(step)
        if found is not None and found != usual:
            others[found] = others.get(found, 0) + 1
    for other, count in others.items():
        if count >= max(2, _MIXED * len(steps)):
            first = [_class(step) for step in steps].index(other)
            raise InvalidInputError.of(
                "date",
                f"a mixture: {usual}s, and from {dates[first]} on {other}s",
                "give the same distance throughout; days can be put together"
                " into weeks before they are stored",
            )
    for before, after in pairwise(dates):
        if not _in_step(before, after, usual):
            raise InvalidInputError.of(
                "date",
                f"{usual}s are expected, but {before} is followed by"
                f" {after}{_days_of(before, after, usual)}",
                "move or remove the row that is out of step",
            )


def _days_of(before: date, after: date, step: Interval) -> str:
    if step != "week":
        return ""
    return (
        f" (a {WEEKDAYS[before.weekday()].capitalize()} by a"
        f" {WEEKDAYS[after.weekday()].capitalize()})"
    )


def _in_step(before: date, after: date, step: Interval) -> bool:
    if step == "day":
        return True
    if step == "week":
        return (after - before).days % 7 == 0
    short = min(before, after, key=lambda day: day.day)
    return _months(before, after) >= 1 and (
        before.day == after.day
        or short.day == monthrange(short.year, short.month)[1]
    )
