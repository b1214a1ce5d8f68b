"""Trend, season, holidays and factors: the series as Prophet takes it apart.

Taylor & Letham (2018), Forecasting at scale; used as Robyn uses it: fitted
to the goal over all rows, the factors' levels as additional regressors.
"""

import logging
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmmflow_native.data.config import Component
from mmmflow_native.data.holidays import Holidays
from mmmflow_native.model.problem import DateArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd

# What Prophet calls the components.
PROPHET_NAMES: Mapping[Component, str] = {
    "trend": "trend",
    "season": "yearly",
    "holiday": "holidays",
    "weekday": "weekly",
    "monthly": "monthly",
}
# Robyn keeps a factor's ten most frequent levels and pools the rest.
MOST_LEVELS = 10
POOLED = "OTHER"


@dataclass(frozen=True)
class Parts:
    """Effects in units of the goal, each (n,): by component, by factor."""

    components: Mapping[str, FloatArray]
    factors: Mapping[str, FloatArray]


def decompose(
    dates: DateArray,
    goal: FloatArray,
    components: Sequence[Component],
    holidays: Holidays,
    factors: Mapping[str, Sequence[str]],
    *,
    seed: int,
) -> Parts:
    """Fit Prophet to `goal` (n,) and read off its parts.

    A factor's effect is the sum of its levels' effects, less its minimum.
    """
    # Prophet and what it brings take a second to import, and most runs of
    # the tests and all without components do without it.
    import pandas as pd

    # It says at import that plotly, which nothing here needs, is absent.
    logging.getLogger("prophet.plot").setLevel(logging.CRITICAL)
    from prophet import Prophet

    levels = {name: dummies(name, values) for name, values in factors.items()}
    frame = pd.DataFrame({"ds": dates.astype("M8[ns]"), "y": goal})
    model = Prophet(
        holidays=_holiday_frame(holidays) if "holiday" in components else None,
        yearly_seasonality="season" in components,
        weekly_seasonality="weekday" in components,
        daily_seasonality=False,
        uncertainty_samples=0,
    )
    if "monthly" in components:
        model.add_seasonality(name="monthly", period=30.5, fourier_order=5)
    for columns in levels.values():
        for column, values in columns.items():
            model.add_regressor(column)
            frame[column] = values
    found = _fitted(model, frame, seed)
    return Parts(
        {name: _values(found, PROPHET_NAMES[name]) for name in components},
        {
            name: _above_minimum([_values(found, column) for column in columns])
            for name, columns in levels.items()
        },
    )


def dummies(name: str, values: Sequence[str]) -> dict[str, FloatArray]:
    """A factor's levels as columns (n,) of 0 and 1, one level left out.

    As Robyn: of two levels the first is left out, of more the last; all but
    the ten most frequent are pooled. None for a factor of one level.
    """
    counts = Counter(values)
    kept = {
        level
        for level, _ in sorted(counts.items(), key=lambda c: (-c[1], c[0]))[
            :MOST_LEVELS
        ]
    }
    pooled = [value if value in kept else POOLED for value in values]
    found = sorted(set(pooled))
    used = found[1:] if len(found) == 2 else found[:-1]
    return {
        f"{name}_{level}": np.array([float(value == level) for value in pooled])
        for level in used
    }


def _above_minimum(effects: Sequence[FloatArray]) -> FloatArray:
    total: FloatArray = np.sum(effects, axis=0)
    above: FloatArray = total - total.min()
    return above


def _holiday_frame(holidays: Holidays) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(
        {
            "ds": np.array([day for day, _ in holidays], dtype="M8[ns]"),
            "holiday": [name for _, name in holidays],
        }
    )


def _values(found: "pd.DataFrame", column: str) -> FloatArray:
    return np.asarray(found[column], dtype=np.float64)


def _fitted(model: Any, frame: "pd.DataFrame", seed: int) -> "pd.DataFrame":
    # cmdstanpy logs every fit; what goes wrong it raises.
    from cmdstanpy import disable_logging

    with warnings.catch_warnings(), disable_logging():
        # Prophet uses what pandas is about to remove.
        warnings.simplefilter("ignore", DeprecationWarning)
        model.fit(frame, seed=seed)
        found: pd.DataFrame = model.predict(frame)
    return found
