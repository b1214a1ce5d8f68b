"""Cells as dates, numbers and names; what is none is named by its row.

Nothing is guessed: an empty or a negative cell is mended only by the rule
that the mapping has for its column, and it is said.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.mapping import Source
from mmmflow.domain.quality import Cleaning

_SHOWN = 3
_NUMBER = (int, float, Decimal)
EMPTY_LEVEL = "na"


def dates(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """The dates as they are written, whatever the time zone beside them.

    Raises: InvalidInputError.
    """
    distinct = values.astype("object").drop_duplicates()
    known = {value: _date(value) for value in distinct if not _is_empty(value)}
    parsed = values.astype("object").map(
        lambda value: None if _is_empty(value) else known[value]
    )
    _refuse("date", values, parsed.isna(), "is no date", "write 2024-12-31")
    return parsed.astype("datetime64[s]")


def numbers(
    values: "pd.Series[Any]", source: Source
) -> tuple["pd.Series[float]", list[Cleaning]]:
    """The column's numbers; NaN only where its rule fills it later.

    Raises: InvalidInputError.
    """
    if not pd.api.types.is_numeric_dtype(values):
        values = values.astype("object").map(_number_or_text)
    found = pd.to_numeric(values, errors="coerce").astype("float64")
    role = "goal" if source.category == "goal" else "column"
    empty = values.isna()
    if source.fill == "refuse":
        _refuse(
            role,
            values,
            empty,
            "is empty",
            'give every row a number, or the column a "fill" in the mapping',
        )
    wrong = found.isna() & ~empty
    _refuse(role, values, wrong, "is not a number", "numbers only")
    _refuse(role, values, found.abs() == np.inf, "is infinite", "numbers only")
    return _mended(found, source, role)


def names(values: "pd.Series[Any]") -> "pd.Series[str]":
    """A factor's names; an empty cell is a level of its own."""
    filled = values.astype("object").where(values.notna(), EMPTY_LEVEL)
    return filled.astype(str)


def _mended(
    found: "pd.Series[float]", source: Source, role: str
) -> tuple["pd.Series[float]", list[Cleaning]]:
    done = []
    empty = found.isna()
    if source.fill == "zero" and empty.any():
        found = found.fillna(0.0)
        what = "empty cells became 0"
        done.append(Cleaning("filled", source.name, int(empty.sum()), what))
    negative = found < 0
    if source.negative == "refuse":
        what = "is negative"
        if source.category == "paid_spend":
            what = "is negative spend"
        hint = '0 or more; or say "negative" of the column in the mapping'
        _refuse(role, found, negative, what, hint)
    if source.negative == "zero" and negative.any():
        lost = float(found[negative].sum())
        found = found.clip(lower=0.0)
        what = f"negative cells became 0, {lost:g} in all"
        done.append(Cleaning("filled", source.name, int(negative.sum()), what))
    return found, done


def _is_empty(value: Any) -> bool:
    return bool(pd.isna(value))


def _date(value: Any) -> date | None:
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        return None


def _number_or_text(value: Any) -> float | str | None:
    """Decimals and booleans as numbers; what is none, to be named so."""
    if _is_empty(value):
        return None
    return float(value) if isinstance(value, _NUMBER) else str(value)


def _refuse(
    role: str,
    values: "pd.Series[Any]",
    wrong: "pd.Series[bool]",
    what: str,
    hint: str,
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
