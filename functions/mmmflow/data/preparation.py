"""From raw rows to training data: the mapping applied, everything checked.

Nothing is filled in, dropped or put together but by a rule of the mapping,
and each of these is in `Prepared.cleaning`. What does not fit is a problem
that names its column and row (the first data row is row 1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mmmflow.data import (
    cells,
    cleaning,
    joins,
    resampling,
    rows,
    variation,
)
from mmmflow.data.rows import Rows
from mmmflow.domain import frequency, preparation
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.frequency import Frequency
from mmmflow.domain.mapping import DataMapping
from mmmflow.domain.preparation import Aggregation, Preparation
from mmmflow.domain.quality import Cleaning, Finding

# (name, generation) → the content of an object of the data bucket.
ReadObject = Callable[[str, str], bytes]


@dataclass(frozen=True)
class Prepared:
    """Training data, and all that was done to have it.

    `frame` has a row a period, the oldest first, with `mapping`'s columns:
    the mapping as it came, and what was joined, {column: category}.
    `left_out` are the columns that don't vary, each with the reason: they
    stay in the data, but in no model. `unmodellable` says per goal why no
    model of it can be trained. `nulls` are the empty cells of the raw
    columns, `countries` the rows of each country in the table.
    """

    frame: pd.DataFrame
    mapping: DataMapping
    frequency: Frequency
    joined: Mapping[str, str]
    left_out: Mapping[str, str]
    unmodellable: Mapping[str, str]
    nulls: Mapping[str, int]
    countries: Mapping[str, int]
    raw_rows: int
    cleaning: tuple[Cleaning, ...]
    findings: tuple[Finding, ...]


def prepare(
    raw: Rows,
    mapping: DataMapping,
    country: str,
    read_object: ReadObject | None = None,
) -> Prepared:
    """The periods of one country, with the mapping's columns.

    `read_object` reads the annotations, where the mapping has any.

    Raises:
        InvalidInputError: with every problem that could be found.
    """
    how = _for_country(mapping, country)
    date = mapping.date
    aggregations: dict[str, Aggregation] = {
        source.name: source.aggregation for source in mapping.sources
    }
    frame, done = _parsed(raw.frame, mapping)
    frame, said = cleaning.without_repeats(frame, raw.identity)
    done += said
    cleaning.refuse_duplicates(frame, mapping)
    frame, said = resampling.collapse(frame, date, aggregations)
    done += said
    step, gaps = frequency.detect(list(frame[date].dt.date))
    if how.gaps == "refuse":
        frequency.refuse_gaps(step, gaps)
    frame, said = cleaning.dated(frame, date, step)
    done += said
    frame, said = cleaning.filled(frame, mapping, step)
    done += said
    made = resampling.resample(frame, date, how.resample, step, aggregations)
    frame, step = made.frame, made.frequency
    done += made.cleaning
    frame, said = cleaning.within(frame, date, how.window)
    done += said
    frame = _with_sums(frame, mapping)
    frame, joined, said = _joined(
        frame, mapping, how, step, country=country, read_object=read_object
    )
    done += said
    meant = mapping.joined_by(joined)
    left_out = variation.left_out(frame, meant)
    variation.refuse_negative(frame, meant)
    done += [
        Cleaning("dropped", name, 1, f"left out of the model: {reason}")
        for name, reason in left_out.items()
    ]
    return Prepared(
        frame=frame[list(meant.columns)],
        mapping=meant,
        frequency=step,
        joined=joined,
        left_out=left_out,
        unmodellable=variation.unmodellable(frame, meant),
        nulls={n: int(raw.frame[n].isna().sum()) for n in raw.frame.columns},
        countries=raw.countries,
        raw_rows=raw.total,
        cleaning=tuple(done),
        findings=tuple(made.findings),
    )


def write(prepared: Prepared, path: Path) -> None:
    """The training data as Parquet; the same frame gives the same bytes."""
    table = pa.Table.from_pandas(prepared.frame, preserve_index=False)
    date = prepared.mapping.date
    index = table.schema.get_field_index(date)
    table = table.set_column(index, date, table.column(index).cast(pa.date32()))
    pq.write_table(
        table.replace_schema_metadata(None), path, compression="zstd"
    )


def of_frame(raw: pd.DataFrame, mapping: DataMapping, country: str) -> Prepared:
    """As `prepare`, of a table in memory that is labelled by row from 1."""
    return prepare(rows.of_frame(raw, mapping, country), mapping, country)


def _for_country(mapping: DataMapping, country: str) -> Preparation:
    how, why_not = preparation.of_country(mapping.preparation, country)
    if why_not is not None:
        raise InvalidInputError.of(
            "holidays.country", why_not, 'add "country": "DE" to holidays'
        )
    return how


def _parsed(
    raw: pd.DataFrame, mapping: DataMapping
) -> tuple[pd.DataFrame, list[Cleaning]]:
    """Every column in its type; raises with the problems of all."""
    problems: list[Problem] = []
    columns: dict[str, Any] = {}
    done: list[Cleaning] = []
    try:
        columns[mapping.date] = cells.dates(raw[mapping.date])
    except InvalidInputError as invalid:
        problems += invalid.problems
    for source in mapping.sources:
        values = raw[source.name]
        try:
            if source.category == "factor":
                columns[source.name] = (
                    values.astype("object").where(values.notna(), None)
                    if source.fill == "previous"
                    else cells.names(values)
                )
            else:
                columns[source.name], mended = cells.numbers(values, source)
                done += mended
        except InvalidInputError as invalid:
            problems += invalid.problems
    if problems:
        raise InvalidInputError(problems)
    return pd.DataFrame(columns), done


def _with_sums(frame: pd.DataFrame, mapping: DataMapping) -> pd.DataFrame:
    sums = {d.name: frame[list(d.parts)].sum(axis=1) for d in mapping.derived}
    return frame.assign(**sums)


def _joined(
    frame: pd.DataFrame,
    mapping: DataMapping,
    how: Preparation,
    step: Frequency,
    *,
    country: str,
    read_object: ReadObject | None,
) -> tuple[pd.DataFrame, dict[str, str], list[Cleaning]]:
    """With holidays and annotations; {column: category}, what was done."""
    date, wanted = mapping.date, how.annotations
    joined: dict[str, str] = {}
    done: list[Cleaning] = []
    if how.holidays is not None:
        name = how.holidays.column
        days = joins.holidays(frame[date], step, how.holidays)
        frame, joined = frame.assign(**{name: days}), {name: "context"}
        what = f"public holidays of {how.holidays.country} were counted"
        done.append(Cleaning("joined", name, int(days.sum()), what))
    if wanted is not None:
        if read_object is None:
            raise InvalidInputError.of(
                "annotations", "there is no bucket to read them from here"
            )
        content = read_object(wanted.name, wanted.generation)
        frame, kinds, filled = joins.annotations(
            frame,
            date,
            step,
            wanted,
            content=content,
            country=country,
        )
        what = f"{', '.join(kinds)} came from {wanted.name}"
        done += [Cleaning("joined", "", len(kinds), what), *filled]
        joined |= kinds
    return frame, joined, done
