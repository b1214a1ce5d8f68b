"""What is joined to the periods by date: public holidays, annotations."""

import io
from typing import Any

import pandas as pd
from pyarrow import ArrowException, csv

from mmmflow.data import cells, resampling
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.frequency import Frequency
from mmmflow.domain.preparation import Aggregation, Annotations, Holidays
from mmmflow.domain.quality import Cleaning

_DATE, _COUNTRY = "date", "country"
_FLAG = {0.0, 1.0}


def holidays(
    dates: "pd.Series[Any]", step: Frequency, wanted: Holidays
) -> "pd.Series[float]":
    """How many public holidays each period has.

    The calendars are those of the `holidays` package.

    Raises:
        InvalidInputError: no calendar is known for the country.
    """
    import holidays as calendars

    country, _, part = str(wanted.country).partition("-")
    years = range(dates.iloc[0].year, dates.iloc[-1].year + 2)
    try:
        found = calendars.country_holidays(
            country, subdiv=part or None, years=years
        )
    except NotImplementedError:
        raise InvalidInputError.of(
            "holidays.country",
            f"no holidays are known for {wanted.country!r}",
            "an ISO code as DE, or with a subdivision as DE-BY",
        ) from None
    days = pd.Series(pd.to_datetime(sorted(found)))
    days = days[days >= dates.iloc[0]]
    starts = resampling.period_start(days, step, dates.iloc[0])
    counts = starts.value_counts()
    return dates.map(counts).fillna(0).astype("float64")


def annotations(
    frame: pd.DataFrame,
    date: str,
    step: Frequency,
    wanted: Annotations,
    *,
    content: bytes,
    country: str,
) -> tuple[pd.DataFrame, dict[str, str], list[Cleaning]]:
    """The frame with the file's columns, {column: category}, what was done.

    A number is context, a text a factor; several rows of a period are put
    together by the column's aggregation. Periods without a row are 0 in
    columns of 0 and 1, and "na" in texts; other numbers need one for each,
    unless their `fill` says zero.

    Raises:
        InvalidInputError: with every problem of the file.
    """
    table = _of_country(_read(content, wanted.name), country)
    columns = [name for name in table.columns if name != _DATE]
    _check(frame, columns, wanted)
    kinds = {name: _kind(table[name]) for name in columns}
    how: dict[str, Aggregation] = {
        name: wanted.aggregation.get(
            name, "mean" if kinds[name] == "context" else "mode"
        )
        for name in columns
    }
    _check_names(kinds, how)
    starts = resampling.period_start(table[_DATE], step, frame[date].iloc[0])
    inside = starts.isin(frame[date])
    if not inside.any():
        raise InvalidInputError.of(
            wanted.name,
            "no date of it lies in the data",
            f"{frame[date].iloc[0].date()} … {frame[date].iloc[-1].date()}",
        )
    grouped = resampling.aggregate(
        table[inside], starts[inside], _DATE, how
    ).set_index(_DATE)
    joined = frame.copy()
    done = [_outside(wanted.name, inside)] if not inside.all() else []
    problems: list[Problem] = []
    for name in columns:
        values = frame[date].map(grouped[name])
        empty = int(values.isna().sum())
        rule = _fill(table[name], kinds[name], wanted.fill.get(name))
        if empty and rule is None:
            problems.append(_uncovered(wanted.name, name, empty))
        elif empty:
            values = values.astype("object").where(values.notna(), rule)
            what = f"periods without a row in the annotations became {rule}"
            done.append(Cleaning("filled", name, empty, what))
        joined[name] = (
            values.astype(str)
            if kinds[name] == "factor"
            else values.astype("float64", errors="ignore")
        )
    if problems:
        raise InvalidInputError(problems)
    return joined, kinds, done


def _read(content: bytes, name: str) -> pd.DataFrame:
    """The file's rows, with their dates parsed.

    Raises: InvalidInputError.
    """
    try:
        frame: pd.DataFrame = csv.read_csv(io.BytesIO(content)).to_pandas()
    except (ArrowException, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidInputError.of(name, reason, "CSV in UTF-8") from None
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    repeated = sorted(frame.columns[frame.columns.duplicated()])
    if repeated:
        raise InvalidInputError.of(
            name, f"column {repeated[0]!r} comes more than once"
        )
    if _DATE not in frame.columns or frame.empty:
        raise InvalidInputError.of(
            name, "it has no rows with a column 'date'", "date,column,…"
        )
    frame[_DATE] = cells.dates(frame[_DATE])
    return frame


def _of_country(table: pd.DataFrame, country: str) -> pd.DataFrame:
    if _COUNTRY not in table.columns:
        return table
    of = table[_COUNTRY].astype("object")
    return table[of.isna() | (of == country)].drop(columns=_COUNTRY)


def _kind(values: "pd.Series[Any]") -> str:
    numeric = pd.api.types.is_numeric_dtype(values)
    boolean = pd.api.types.is_bool_dtype(values.dropna().infer_objects())
    return "context" if numeric or boolean else "factor"


def _check(
    frame: pd.DataFrame, columns: list[str], wanted: Annotations
) -> None:
    taken = [name for name in columns if name in frame.columns]
    unknown = sorted({*wanted.aggregation, *wanted.fill} - set(columns))
    problems = [
        Problem(wanted.name, f"the data has a column {name!r} already")
        for name in taken
    ]
    problems += [
        Problem("annotations", f"the file has no column {name!r}")
        for name in unknown
    ]
    if not columns:
        problems.append(Problem(wanted.name, "it has no column but the date"))
    if problems:
        raise InvalidInputError(problems)


def _check_names(kinds: dict[str, str], how: dict[str, Aggregation]) -> None:
    wrong = [
        Problem(
            f"annotations.aggregation.{name}",
            f"a text has no {how[name]}",
            "one of first, last, mode",
        )
        for name, kind in kinds.items()
        if kind == "factor" and how[name] not in ("first", "last", "mode")
    ]
    if wrong:
        raise InvalidInputError(wrong)


def _fill(
    values: "pd.Series[Any]", kind: str, asked: str | None
) -> float | str | None:
    """What a period without a row becomes; None if nothing may be said."""
    if kind == "factor":
        return cells.EMPTY_LEVEL
    flag = set(values.dropna().astype("float64")) <= _FLAG
    return 0.0 if flag or asked == "zero" else None


def _outside(name: str, inside: "pd.Series[bool]") -> Cleaning:
    left = int((~inside).sum())
    what = f"{left} rows of {name} lie outside of the data"
    return Cleaning("dropped", "", left, what)


def _uncovered(file: str, column: str, empty: int) -> Problem:
    return Problem(
        f"{file}, column {column!r}",
        f"{empty} periods have no row",
        'a row for each, or "fill": {"' + column + '": "zero"}',
    )
