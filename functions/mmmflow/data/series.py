"""Time series: points far from their course, and lasting changes of level.

Thresholds are high on purpose: a report that cries wolf is not read.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmmflow.domain.frequency import Interval

FloatArray = npt.NDArray[np.float64]
# The stretch before and after a shift: about a quarter; of months, a half.
STRETCH: dict[Interval, int] = {"day": 91, "week": 13, "month": 6}
FAR = 6.0
_YEAR: dict[Interval, int] = {"day": 365, "week": 52, "month": 12}
_SMOOTH = 9
_SEASONAL, _ALONE, _SHIFT, _NOISE = 3.0, 3.0, 4.0, 3.0
# A normal distribution's standard deviation in units of its MAD.
_SIGMA = 1.4826


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
    sigma = robust_deviation(distance)
    if sigma == 0:
        return []
    z = distance / sigma
    year = _YEAR[step]
    return [
        int(t)
        for t in np.flatnonzero(np.abs(z) > FAR)
        if _is_alone(x, int(t)) and not _is_seasonal(z, int(t), year)
    ]


def level_shifts(
    x: FloatArray, step: Interval, least: float, *, seasonal: bool = True
) -> list[tuple[int, float]]:
    """(first point of the new level, by how much) of lasting changes.

    The contrast of a point is the median of the stretch from it on less that
    of the stretch before; of what is `seasonal` also less the median of the
    same time of the other years, where there are any. A trend gives every
    point the same contrast; a shift gives one that is more than four robust
    standard deviations of all contrasts, three of the series' noise, and
    `least`, away from their median. In few years a shift echoes in the
    others: of a point and its echoes the one of the largest change counts.
    """
    w, year = STRETCH[step], _YEAR[step]
    if len(x) < 4 * w:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(x, w)
    medians = np.median(windows, axis=1)
    raw = medians[w:] - medians[:-w]
    contrast = raw - _other_years(raw, year) if seasonal else raw
    centred = contrast - np.median(contrast)
    centre = pd.Series(x).rolling(_SMOOTH, center=True, min_periods=3).median()
    noise = robust_deviation(x - centre.to_numpy())
    limit = max(_SHIFT * robust_deviation(centred), _NOISE * noise, least)
    found: list[tuple[int, float]] = []
    left = np.abs(centred)
    while left.max() > limit and len(found) < 2:
        t = int(left.argmax())
        echoes = list(range(t % year, len(left), year)) if seasonal else [t]
        best = max(echoes, key=lambda at: abs(raw[at] - np.median(raw)))
        found.append((best + w, float(contrast[best])))
        for echo in echoes:
            left[max(0, echo - w) : echo + w + 1] = 0
    return sorted(found)


def _is_alone(x: FloatArray, t: int) -> bool:
    """Above both neighbours, or below both, by more than steps usually are."""
    steps = [x[t] - x[k] for k in (t - 1, t + 1) if 0 <= k < len(x)]
    usual = robust_deviation(np.diff(x))
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


def _other_years(contrast: FloatArray, year: int) -> FloatArray:
    """The median of the same time of the other years; 0 without any."""
    usual = np.zeros_like(contrast)
    for t in range(len(contrast)):
        others = [
            contrast[at]
            for at in range(t % year, len(contrast), year)
            if at != t
        ]
        if others:
            usual[t] = np.median(others)
    return usual


def robust_deviation(x: FloatArray) -> float:
    return _SIGMA * float(np.median(np.abs(x - np.median(x))))
