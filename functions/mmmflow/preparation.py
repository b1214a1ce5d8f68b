"""From raw rows to training data: the mapping applied, everything checked.

Nothing is filled in, dropped or guessed: what does not fit is a problem
that names its column and row (the first data row is row 1).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mmmflow.domain import quality
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.mapping import DataMapping, missing_columns
from mmmflow.domain.quality import Finding, Interval, Profile

_SHOWN = 3


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
    profiles = [
        _profile(frame[name], category)
        for name, category in _categories(mapping)
    ]
    drivers = len(mapping.numeric_columns) - len(mapping.goals)
    return Prepared(
        frame.reset_index(drop=True),
        quality.interval(days),
        profiles,
        quality.findings(profiles, len(frame), drivers),
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
    missing = missing_columns(mapping, map(str, raw.columns))
    if missing:
        raise InvalidInputError(missing)
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
    if pd.api.types.is_datetime64_any_dtype(values):
        parsed = values.dt.tz_localize(None)
    else:
        text = values.astype("object").map(_as_text)
        parsed = pd.to_datetime(text, format="ISO8601", errors="coerce")
    _refuse("date", values, parsed.isna(), "is no date", "write 2024-12-31")
    days: pd.Series = parsed.dt.normalize().astype("datetime64[s]")
    return days


def _as_text(value: object) -> str | None:
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]


def _numbers(values: pd.Series, role: str, *, non_negative: bool) -> pd.Series:
    if values.dtype == "object":
        values = values.map(lambda v: v if isinstance(v, str) else _number(v))
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


def _number(value: object) -> float | None:
    """Decimals and booleans as numbers."""
    return None if value is None else float(value)  # type: ignore[arg-type]


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
