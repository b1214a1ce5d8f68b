"""Columns looked at along time: outliers, level shifts, what never varies."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmmflow.data import series
from mmmflow.data.series import FloatArray
from mmmflow.domain.frequency import Interval
from mmmflow.domain.mapping import DataMapping
from mmmflow.domain.quality import Finding, periods

_TIMES_USUAL = 8.0
_LEAST_SHIFT = 0.25
_SAME, _ZEROS = 0.95, 0.8
_FEW_VALUES = 10
_SHOWN = 3


def findings(
    frame: pd.DataFrame, mapping: DataMapping, step: Interval
) -> Iterator[Finding]:
    """Of every column, in the mapping's order."""
    dates = frame[mapping.date].dt.date.to_numpy()
    for name in mapping.columns[1:]:
        category = mapping.category_of(name)
        values = frame[name]
        if category == "factor":
            yield from _levels(values)
            continue
        constant = list(_constant(values, category))
        yield from constant
        if constant or category == "derived":
            continue
        if category == "goal":
            yield from _goal(values, dates)
        x = values.to_numpy(dtype=np.float64)
        if category in ("goal", "context"):
            if values.nunique() > _FEW_VALUES:
                yield from _outliers(name, x, dates, step)
                yield from _shifts(name, x, dates, step)
        else:
            yield from _spikes(name, x, dates)


def _constant(values: "pd.Series[Any]", category: str) -> Iterator[Finding]:
    name, rows = str(values.name), len(values)
    counts = values.value_counts()
    usual, often = float(counts.index[0]), int(counts.iloc[0])
    if often == rows:
        yield Finding(
            "error" if category == "goal" else "warning",
            name,
            f"it is constant ({usual:g})",
            "it can explain nothing; leave it out of the mapping",
            "constant",
        )
    elif often > _SAME * rows:
        yield Finding(
            "warning",
            name,
            f"it is {usual:g} in all but {rows - often} of {rows} periods",
            "so few say little about its effect; leave it out or join it with"
            " another",
            "near-constant",
        )
    elif (
        category in ("paid_spend", "organic")
        and usual == 0
        and often > _ZEROS * rows
    ):
        yield Finding(
            "warning",
            name,
            f"{often} of {rows} rows are 0",
            "its effect will be uncertain",
            "zeros",
        )


def _levels(values: "pd.Series[Any]") -> Iterator[Finding]:
    name, rows = str(values.name), len(values)
    counts = values.value_counts()
    if len(counts) == 1:
        yield Finding(
            "warning",
            name,
            f"it has only one level ({counts.index[0]})",
            "it can explain nothing; leave it out of the mapping",
            "constant",
        )
    elif len(counts) > max(rows / 10, 2):
        yield Finding(
            "warning",
            name,
            f"it has {len(counts)} levels in {rows} periods",
            "join rare levels; a name for almost every period explains"
            " anything",
            "levels",
        )


def _goal(values: "pd.Series[Any]", dates: Any) -> Iterator[Finding]:
    name = str(values.name)
    for kind, wrong, what, hint in (
        ("zeros", values == 0, "is 0", "missing data, or a closed shop?"),
        ("negative", values < 0, "is negative", "returns above sales?"),
    ):
        if wrong.any():
            yield Finding(
                "warning",
                name,
                f"the goal {what} in {periods(int(wrong.sum()))}",
                f"{hint} Correct it, or leave the periods out by a window",
                kind,
                _days(dates, np.flatnonzero(wrong)),
            )


def _outliers(
    name: str, x: FloatArray, dates: Any, step: Interval
) -> Iterator[Finding]:
    found = series.outliers(x, step)
    if not found:
        return
    examples = ", ".join(f"{x[t]:.4g}" for t in found[:_SHOWN])
    yield Finding(
        "warning",
        name,
        f"{periods(len(found))} far from those around ({examples})",
        "an error in the data, or an event (a holiday, a strike)? Name events"
        " in a factor or an annotation",
        "outliers",
        _days(dates, found),
    )


def _spikes(name: str, x: FloatArray, dates: Any) -> Iterator[Finding]:
    """Media come in bursts: only what is many times the usual burst."""
    active = x[x > 0]
    if len(active) < _FEW_VALUES:
        return
    usual = float(np.median(active))
    logs = np.log(active)
    limit = np.exp(np.median(logs) + series.FAR * series.robust_deviation(logs))
    found = np.flatnonzero(x > max(limit, _TIMES_USUAL * usual))
    if len(found):
        most = x.max() / usual
        yield Finding(
            "warning",
            name,
            f"{periods(len(found))} of up to {most:.0f} × the usual"
            f" {usual:.4g}",
            "another unit, or a sum booked at once? The saturation is scaled"
            " by the largest value",
            "outliers",
            _days(dates, found),
        )


def _shifts(
    name: str, x: FloatArray, dates: Any, step: Interval
) -> Iterator[Finding]:
    least = _LEAST_SHIFT * float(np.median(np.abs(x)))
    for t, size in series.level_shifts(x, step, least):
        before = float(np.median(x[max(0, t - series.STRETCH[step]) : t]))
        change = f" ({size / before:+.0%})" if before else ""
        yield Finding(
            "warning",
            name,
            f"its level shifts by {size:+.4g}{change}",
            "a change of definition or tracking? Correct it, model from then"
            " on, or name it in a factor",
            "level-shift",
            f"about {dates[t]}",
        )


def _days(dates: Any, rows: Sequence[int] | npt.NDArray[np.intp]) -> str:
    shown = ", ".join(str(dates[t]) for t in rows[:_SHOWN])
    more = len(rows) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
