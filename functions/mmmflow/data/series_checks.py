"""Columns looked at along time: outliers, level shifts, what never varies.

Thresholds are high on purpose: a report that cries wolf is not read.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmmflow.domain.frequency import Interval
from mmmflow.domain.mapping import DataMapping
from mmmflow.domain.quality import Finding, periods

FloatArray = npt.NDArray[np.float64]
_YEAR: dict[Interval, int] = {"day": 365, "week": 52, "month": 12}
# The stretch before and after a shift: about a quarter; of months, a half.
_STRETCH: dict[Interval, int] = {"day": 91, "week": 13, "month": 6}
_SMOOTH = 9
_FAR, _SEASONAL, _ALONE = 6.0, 3.0, 3.0
_TIMES_USUAL = 8.0
_SHIFT = 4.0
_LEAST_SHIFT = 0.1
_SAME, _ZEROS = 0.95, 0.8
_FEW_VALUES = 10
_SHOWN = 3
# A normal distribution's standard deviation in units of its MAD.
_SIGMA = 1.4826


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


def outliers(x: FloatArray, step: Interval) -> list[int]:
    """Where the series leaves its own course, but not as every year.

    A point is far if its distance from the running median of nine is more
    than six robust standard deviations (1.4826 × MAD; Hampel's identifier,
    Pearson 2002) of these distances, and it stands out from both neighbours:
    a price that wanders is no outlier. It is the season's if the same time
    of another year lies far on the same side too.
    """
    centre = pd.Series(x).rolling(_SMOOTH, center=True, min_periods=3).median()
    distance = x - centre.to_numpy()
    sigma = _robust_deviation(distance)
    if sigma == 0:
        return []
    z = distance / sigma
    year = _YEAR[step]
    return [
        int(t)
        for t in np.flatnonzero(np.abs(z) > _FAR)
        if _is_alone(x, int(t)) and not _is_seasonal(z, int(t), year)
    ]


def level_shifts(x: FloatArray, step: Interval) -> list[tuple[int, float]]:
    """(first point of the new level, by how much) of lasting changes.

    The contrast of a point is the median of the stretch from it on less that
    of the stretch before, and less the median of the same time of all years
    where there are three. A trend gives every point the same contrast; a
    shift gives one that is more than four robust standard deviations of all
    contrasts, and two of the series' noise, away from their median.
    """
    w = _STRETCH[step]
    if len(x) < 4 * w:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(x, w)
    medians = np.median(windows, axis=1)
    contrast = medians[w:] - medians[:-w]
    contrast = contrast - _season(contrast, _YEAR[step])
    centred = contrast - np.median(contrast)
    centre = pd.Series(x).rolling(_SMOOTH, center=True, min_periods=3).median()
    noise = _robust_deviation(x - centre.to_numpy())
    least = max(
        _SHIFT * _robust_deviation(centred),
        _SHIFT / 2 * noise,
        _LEAST_SHIFT * float(np.median(np.abs(x))),
    )
    found: list[tuple[int, float]] = []
    left = np.abs(centred)
    while left.max() > least and len(found) < 2:
        t = int(left.argmax())
        found.append((t + w, float(contrast[t])))
        left[max(0, t - w) : t + w + 1] = 0
    return sorted(found)


def _season(contrast: FloatArray, year: int) -> FloatArray:
    """What the contrast of a point's time of the year usually is."""
    years = -(-len(contrast) // year)
    if len(contrast) < 2 * year:
        return np.zeros_like(contrast)
    padded = np.full(years * year, np.nan)
    padded[: len(contrast)] = contrast
    usual = np.nanmedian(padded.reshape(years, year), axis=0)
    return np.asarray(np.tile(usual, years)[: len(contrast)])


def _robust_deviation(x: FloatArray) -> float:
    return _SIGMA * float(np.median(np.abs(x - np.median(x))))


def _is_alone(x: FloatArray, t: int) -> bool:
    """Above both neighbours, or below both, by more than steps usually are."""
    steps = [x[t] - x[k] for k in (t - 1, t + 1) if 0 <= k < len(x)]
    usual = _robust_deviation(np.diff(x))
    return all(step > _ALONE * usual for step in steps) or all(
        step < -_ALONE * usual for step in steps
    )


def _is_seasonal(z: FloatArray, t: int, year: int) -> bool:
    slack = 1 if year < 100 else 7
    for other in (t - year, t + year):
        near = z[max(0, other - slack) : max(0, other + slack + 1)]
        if near.size and (near * np.sign(z[t])).max() > _SEASONAL:
            return True
    return False


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
    found = outliers(x, step)
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
    limit = np.exp(np.median(logs) + _FAR * _robust_deviation(logs))
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
    for t, size in level_shifts(x, step):
        before = float(np.median(x[max(0, t - _STRETCH[step]) : t]))
        change = f" ({size / before:+.0%})" if before else ""
        yield Finding(
            "warning",
            name,
            f"its level shifts by {size:+.4g}{change}",
            "a change of definition or tracking? Correct it, model from then"
            " on, or name it in a factor",
            "level-shift",
            str(dates[t]),
        )


def _days(dates: Any, rows: Sequence[int] | npt.NDArray[np.intp]) -> str:
    shown = ", ".join(str(dates[t]) for t in rows[:_SHOWN])
    more = len(rows) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
