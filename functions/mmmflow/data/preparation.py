"""From raw rows to training data: the mapping applied, everything checked.

Nothing is filled in, dropped or guessed: what does not fit is a problem
that names its column and row (the first data row is row 1).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mmmflow.data import resampling
from mmmflow.domain import quality
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.mapping import DataMapping, missing_columns
from mmmflow.domain.quality import Finding, Interval, Profile

_SHOWN = 3
_NUMBER = (int, float, Decimal)


@dataclass(frozen=True)
class Prepared:
    frame: pd.DataFrame
    interval: Interval
    profiles: list[Profile]
    findings: list[Finding]


def read_raw(path: Path) -> pd.DataFrame:
    """The raw rows, labelled by their row number from 1."""
    frame: pd.DataFrame = pq.read_table(path).to_pandas()
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def prepare(raw: pd.DataFrame, mapping: DataMapping, country: str) -> Prepared:
    """The rows of one country with the mapping's columns, oldest first.

    Raises:
        InvalidInputError: with every problem that could be found.
    """
    rows = _rows_of(raw, mapping, country)
    problems: list[Problem] = []
    columns: dict[str, pd.Series] = {}
    for name in mapping.columns:
        try:
            columns[name] = _column(rows[name], mapping)
        except InvalidInputError as invalid:
            problems += invalid.problems
    if problems:
        raise InvalidInputError(problems)
    frame = pd.DataFrame(columns).sort_values(mapping.date, kind="stable")
    days = list(frame[mapping.date].dt.date)
    twice = quality.duplicates(days)
    if twice:
        raise InvalidInputError(twice)
    frame, left_out = resampling.resample(frame, mapping)
    days = list(frame[mapping.date].dt.date)
    profiles = [
        _profile(frame[name], category)
        for name, category in _categories(mapping)
    ]
    drivers = len(mapping.numeric_columns) - len(mapping.goals)
    return Prepared(
        frame.reset_index(drop=True),
        quality.interval(days),
        profiles,
        [*left_out, *quality.findings(profiles, len(frame), drivers)],
    )


def write(prepared: Prepared, mapping: DataMapping, path: Path) -> None:
    """The training data as Parquet; the same frame gives the same bytes."""
    table = pa.Table.from_pandas(prepared.frame, preserve_index=False)
    index = table.schema.get_field_index(mapping.date)
    dates = table.column(index).cast(pa.date32())
    table = table.set_column(index, mapping.date, dates)
    pq.write_table(
        table.replace_schema_metadata(None), path, compression="zstd"
    )


def _rows_of(
    raw: pd.DataFrame, mapping: DataMapping, country: str
) -> pd.DataFrame:
    names = [str(name) for name in raw.columns]
    wrong = [*missing_columns(mapping, names), *_repeated(mapping, names)]
    if wrong:
        raise InvalidInputError(wrong)
    if mapping.country is None or mapping.country not in raw.columns:
        return raw
    rows = raw[raw[mapping.country] == country]
    if rows.empty:
        known = sorted({str(v) for v in raw[mapping.country].dropna()})
        raise InvalidInputError.of(
            f"column {mapping.country!r}",
            f"no row is of {country!r}",
            f"it has {', '.join(known[:20])}",
        )
    return rows


def _repeated(mapping: DataMapping, names: list[str]) -> list[Problem]:
    used = (*mapping.columns, *filter(None, [mapping.country]))
    return [
        Problem(f"column {name!r}", f"it comes {names.count(name)} times")
        for name in used
        if names.count(name) > 1
    ]


def _column(values: pd.Series, mapping: DataMapping) -> pd.Series:
    name = str(values.name)
    if name == mapping.date:
        return _dates(values)
    if name in mapping.numeric_columns:
        spends = {channel.spend for channel in mapping.channels}
        goals = {goal.column for goal in mapping.goals}
        role = "goal" if name in goals else "column"
        return _numbers(values, role, non_negative=name in spends)
    return values.astype("object").where(values.notna(), "na").astype(str)


def _dates(values: pd.Series) -> pd.Series:
    """The dates as they are written, whatever the time zone beside them."""
    parsed = values.astype("object").map(_date)
    _refuse("date", values, parsed.isna(), "is no date", "write 2024-12-31")
    return parsed.astype("datetime64[s]")


def _date(value: Any) -> date | None:
    if pd.isna(value):
        return None
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        return None


def _numbers(values: pd.Series, role: str, *, non_negative: bool) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(values):
        values = values.astype("object").map(_number_or_text)
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    _refuse(role, values, values.isna(), "is empty", "give every row a number")
    _refuse(role, values, numbers.isna(), "is not a number", "numbers only")
    _refuse(
        role, values, numbers.abs() == np.inf, "is infinite", "numbers only"
    )
    if non_negative:
        negative = numbers < 0
        _refuse(role, values, negative, "is negative spend", "0 or more")
    return numbers


def _number_or_text(value: Any) -> float | str | None:
    """Decimals and booleans as numbers; what is none, to be named so."""
    if pd.isna(value):
        return None
    return float(value) if isinstance(value, _NUMBER) else str(value)


def _refuse(
    role: str, values: pd.Series, wrong: pd.Series, what: str, hint: str
) -> None:
    if not wrong.any():
        return
    first = values[wrong].iloc[:_SHOWN]
    examples = ", ".join(f"{v!r} in row {row}" for row, v in first.items())
    more = int(wrong.sum()) - len(first)
    tail = f" and {more} more" if more else ""
    raise InvalidInputError.of(
        f"{role} {str(values.name)!r}", f"{examples}{tail} {what}", hint
    )


def _categories(mapping: DataMapping) -> Iterator[tuple[str, str]]:
    for goal in mapping.goals:
        yield goal.column, "goal"
    for channel in mapping.channels:
        yield channel.spend, "paid_spend"
        if channel.exposure:
            yield channel.exposure, "paid_exposure"
    for variable in mapping.organic:
        yield variable.column, "organic"
    for variable in mapping.context:
        yield variable.column, "context"


def _profile(values: pd.Series, category: str) -> Profile:
    return Profile(
        name=str(values.name),
        category=category,
        nulls=int(values.isna().sum()),
        zeros=int((values == 0).sum()),
        minimum=float(values.min()),
        maximum=float(values.max()),
        mean=float(values.mean()),
    )
