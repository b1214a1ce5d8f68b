"""Cleaning between the raw rows and the periods: each change is said."""

from typing import Any

import pandas as pd

from mmmflow.data import cells
from mmmflow.domain import frequency
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.frequency import Frequency
from mmmflow.domain.mapping import DataMapping, Source
from mmmflow.domain.quality import Cleaning

Cleaned = tuple[pd.DataFrame, list[Cleaning]]


def without_repeats(frame: pd.DataFrame, identity: "pd.Series[int]") -> Cleaned:
    """Rows that are equal in every column of the table came twice."""
    again = identity.duplicated()
    count = int(again.sum())
    if not count:
        return frame, []
    what = "rows equal an earlier one in every column: a repeated delivery"
    return frame[~again], [Cleaning("dropped", "", count, what)]


def refuse_duplicates(frame: pd.DataFrame, mapping: DataMapping) -> None:
    """Raises: InvalidInputError, where the mapping wants one row a date."""
    dates = frame[mapping.date]
    collapse = mapping.preparation.duplicates == "collapse"
    if collapse or not dates.duplicated().any():
        return
    twice = sorted(set(dates[dates.duplicated()].dt.date))
    more = len(twice) - 3
    tail = f" and {more} more dates" if more > 0 else ""
    raise InvalidInputError.of(
        "date",
        f"{', '.join(map(str, twice[:3]))}{tail} has more than one row",
        "one row a period; does the mapping name the country column?",
    )


def filled(
    frame: pd.DataFrame, mapping: DataMapping, step: Frequency
) -> Cleaned:
    """Missing periods added, and empty cells filled by their column's rule.

    Raises:
        InvalidInputError: a cell is empty that has no rule.
    """
    date = mapping.date
    days = list(frame[date].dt.date)
    every = frequency.every(days[0], days[-1], step.interval)
    done = []
    if len(every) > len(days):
        new = len(every) - len(days)
        whole = pd.DataFrame({date: pd.to_datetime(every)})
        whole[date] = whole[date].astype("datetime64[s]")
        frame = whole.merge(frame, on=date, how="left")
        what = f"missing {step.interval}s were added, filled per column"
        done.append(Cleaning("filled", "", new, what))
    problems: list[Problem] = []
    columns: dict[str, Any] = {date: frame[date]}
    for source in mapping.sources:
        values = _by_rule(frame[source.name], source)
        columns[source.name] = values
        count = int((frame[source.name].isna() & values.notna()).sum())
        if count:
            what = f"empty periods became {_in_words(source)}"
            done.append(Cleaning("filled", source.name, count, what))
        left = frame.loc[values.isna(), date]
        if len(left):
            problems.append(
                Problem(
                    f"column {source.name!r}",
                    f"{len(left)} periods are empty, the first"
                    f" {left.iloc[0].date()}",
                    'say "fill": "zero" or "previous" of the column',
                )
            )
    if problems:
        raise InvalidInputError(problems)
    return pd.DataFrame(columns), done


def _by_rule(values: "pd.Series[Any]", source: Source) -> "pd.Series[Any]":
    if source.fill == "previous":
        return values.ffill()
    if source.category == "factor":
        return values.fillna(cells.EMPTY_LEVEL)
    return values.fillna(0.0) if source.fill == "zero" else values


def _in_words(source: Source) -> str:
    if source.fill == "previous":
        return "what stands before them"
    return repr(cells.EMPTY_LEVEL) if source.category == "factor" else "0"


def dated(frame: pd.DataFrame, date: str, step: Frequency) -> Cleaned:
    """Months by their first day, whatever day stands for them."""
    if step.interval != "month":
        return frame, []
    first = frame[date].dt.to_period("M").dt.start_time
    first = first.astype("datetime64[s]")
    moved = int((first != frame[date]).sum())
    if not moved:
        return frame, []
    what = "months are dated by their first day"
    return frame.assign(**{date: first}), [Cleaning("dated", date, moved, what)]


def within(
    frame: pd.DataFrame, date: str, window: tuple[str | None, str | None]
) -> Cleaned:
    """The periods that begin within the window."""
    start, end = window
    inside = pd.Series(True, index=frame.index)
    if start is not None:
        inside &= frame[date] >= pd.Timestamp(start)
    if end is not None:
        inside &= frame[date] <= pd.Timestamp(end)
    left = int((~inside).sum())
    if not left:
        return frame, []
    if int(inside.sum()) < 2:
        raise InvalidInputError.of(
            "window",
            f"{int(inside.sum())} periods begin within {start} … {end}",
            f"the data has {frame[date].iloc[0].date()} …"
            f" {frame[date].iloc[-1].date()}",
        )
    what = f"periods begin outside of the window {start} … {end}"
    done = [Cleaning("dropped", "", left, what)]
    return frame[inside].reset_index(drop=True), done
