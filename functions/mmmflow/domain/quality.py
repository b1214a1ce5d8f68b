"""What the numbers of a dataset say about its fitness for a model."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

from mmmflow.domain.errors import InvalidInputError, Problem

Interval = Literal["day", "week", "month"]
Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Profile:
    """A numeric column in a few numbers; None where it holds no number."""

    name: str
    category: str
    nulls: int
    zeros: int
    minimum: float | None
    maximum: float | None
    mean: float | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Finding:
    severity: Severity
    column: str
    what: str
    hint: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def interval(dates: Sequence[date]) -> Interval:
    """The distance between rows, which must be the same throughout.

    `dates` are sorted and distinct.

    Raises:
        InvalidInputError: fewer than two rows, a gap, or a mixture.
    """
    if len(dates) < 2:
        raise InvalidInputError.of(
            "data", f"{len(dates)} row(s); a model needs many periods"
        )
    steps = [(later - earlier).days for earlier, later in pairwise(dates)]
    usual = sorted(steps)[len(steps) // 2]
    if usual == 1:
        found: Interval = "day"
    elif usual == 7:
        found = "week"
    elif 28 <= usual <= 31:
        found = "month"
    else:
        raise InvalidInputError.of(
            "date",
            f"rows are {usual} days apart",
            "daily, weekly or monthly rows are understood",
        )
    for earlier, later in pairwise(dates):
        if not _follows(earlier, later, found):
            raise InvalidInputError.of(
                "date",
                f"{found}s are expected, but {earlier} is followed by {later}",
                "add the missing rows, or remove those in between",
            )
    return found


def _follows(earlier: date, later: date, step: Interval) -> bool:
    """Months have the same day, or are cut short by a month's end."""
    if step != "month":
        return later - earlier == timedelta(days=1 if step == "day" else 7)
    months = 12 * (later.year - earlier.year) + later.month - earlier.month
    cut_short = min(earlier, later, key=lambda day: day.day)
    return months == 1 and (
        earlier.day == later.day or _is_last_of_month(cut_short)
    )


def _is_last_of_month(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]


def findings(
    profiles: Iterable[Profile], rows: int, drivers: int
) -> list[Finding]:
    """What a person should know before trusting a model of this data."""
    found = []
    for profile in profiles:
        if profile.minimum == profile.maximum:
            found.append(
                Finding(
                    "warning",
                    profile.name,
                    f"it is constant ({profile.minimum:g})",
                    "it can explain nothing; leave it out of the mapping",
                )
            )
        elif profile.zeros > rows * 0.8:
            found.append(
                Finding(
                    "warning",
                    profile.name,
                    f"{profile.zeros} of {rows} rows are 0",
                    "its effect will be uncertain",
                )
            )
    if rows < 10 * drivers:
        found.append(
            Finding(
                "warning",
                "",
                f"{rows} rows for {drivers} drivers",
                "ten observations per driver are the usual least",
            )
        )
    return found


def duplicates(dates: Sequence[date]) -> list[Problem]:
    """A problem for the first dates that come more than once."""
    twice = sorted({b for a, b in pairwise(dates) if a == b})
    return [
        Problem(
            "date",
            f"{day} has more than one row",
            "one row a period; does the mapping name the country column?",
        )
        for day in twice[:3]
    ]
