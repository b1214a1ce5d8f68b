"""Holidays of a country, or of a file, brought to the data's periods."""

import csv
from datetime import date
from pathlib import Path

import numpy as np

from mmmflow_native.errors import UserError
from mmmflow_native.model.problem import DateArray, Interval

# The first day of a period, and the names of the holidays in it.
Holidays = list[tuple[np.datetime64, str]]
FILE_COLUMNS = ("ds", "holiday", "country", "year")


def country_holidays(country: str, dates: DateArray) -> Holidays:
    """The public holidays of the years of `dates`, by day."""
    # The package holds every country's calendar; few runs ask for one.
    import holidays as calendars

    years = range(_year(dates[0]), _year(dates[-1]) + 1)
    try:
        found = calendars.country_holidays(country, years=years)
    except NotImplementedError:
        raise UserError(
            f"prophet.country: no holidays are known for {country!r}",
            "give an ISO code such as DE, put a holidays.csv beside the "
            'configuration, or leave "holiday" out of the components',
        ) from None
    return sorted((np.datetime64(day, "D"), found[day]) for day in found)


def file_holidays(path: Path, country: str) -> Holidays:
    """The holidays of a country in a CSV file with Robyn's columns."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        absent = set(FILE_COLUMNS) - set(reader.fieldnames or ())
        if absent:
            raise UserError(
                f"{path.name} has no column {', '.join(sorted(absent))}",
                f"give the columns {', '.join(FILE_COLUMNS)}",
            )
        found = [
            (_day(path, row, entry["ds"]), entry["holiday"])
            for row, entry in enumerate(reader, start=1)
            if entry["country"] == country
        ]
    if not found:
        raise UserError(
            f"{path.name} holds no holiday of {country!r}",
            "correct prophet.country, or the file",
        )
    return sorted(found)


def by_period(
    holidays: Holidays, dates: DateArray, interval: Interval
) -> Holidays:
    """Holidays by the first day of their period.

    A week starts on the weekday of the first row. Names are joined per
    period and calendar year, so that each combination is, as in Robyn, a
    holiday of its own.
    """
    if interval == "day":
        return holidays
    joined: dict[tuple[np.datetime64, int], list[str]] = {}
    for day, name in holidays:
        start = _period_start(day, dates[0], interval)
        joined.setdefault((start, _year(day)), []).append(name)
    return [(start, ", ".join(names)) for (start, _), names in joined.items()]


def _period_start(
    day: np.datetime64, first: np.datetime64, interval: Interval
) -> np.datetime64:
    if interval == "month":
        return np.datetime64(f"{np.datetime_as_string(day, 'M')}-01", "D")
    after = (day - first).astype(np.int64) % 7
    return day - np.timedelta64(int(after), "D")


def _year(day: np.datetime64) -> int:
    return int(day.astype("M8[Y]").astype(int)) + 1970


def _day(path: Path, row: int, text: str) -> np.datetime64:
    try:
        return np.datetime64(date.fromisoformat(text), "D")
    except ValueError:
        raise UserError(
            f"{path.name}, row {row}: {text!r} is not a date",
            "write dates as 2024-12-31",
        ) from None
