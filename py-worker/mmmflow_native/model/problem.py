"""The problem an engine solves: the table after feature engineering.

A `Problem` is what Robyn calls dt_mod together with the settings that give its
columns a meaning. Everything after feature engineering (transformation, ridge,
search, decomposition) reads a `Problem` and nothing else.

Shapes used throughout the package: n rows of the full series, w rows of the
modelling window, p columns of dt_mod, m media (paid then organic), k paid
media, c candidates, d searched hyperparameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
DateArray = NDArray[np.datetime64]

Kind = Literal["prophet", "context", "paid_media", "organic_media"]
Sign = Literal["positive", "negative", "default"]
Adstock = Literal["geometric", "weibull_cdf", "weibull_pdf"]
Interval = Literal["day", "week", "month"]
InterceptSign = Literal["non_negative", "unconstrained"]
Scope = Literal["immediate", "total"]
Solver = Literal["exact", "glmnet"]

# What every medium has one of, by adstock, in Robyn's spelling.
MEDIA_HYPERPARAMETERS: Mapping[Adstock, tuple[str, ...]] = {
    "geometric": ("alphas", "gammas", "thetas"),
    "weibull_cdf": ("alphas", "gammas", "scales", "shapes"),
    "weibull_pdf": ("alphas", "gammas", "scales", "shapes"),
}


@dataclass(frozen=True)
class Column:
    """One column of dt_mod; `name` is the exposure's where one is given."""

    name: str
    kind: Kind
    sign: Sign
    channel: str | None = None  # paid media only


@dataclass(frozen=True)
class Lift:
    """A lift test: what media brought in, measured by experiment.

    `columns` are dt_mod names; several where channels were tested together.
    `effect` is in units of the goal, over `start` to `end`, both inclusive.
    """

    columns: tuple[str, ...]
    start: np.datetime64
    end: np.datetime64
    effect: float
    scope: Scope = "total"
    spend: float | None = None
    confidence: float | None = None
    standard_error: float | None = None


@dataclass(frozen=True, eq=False)
class Previous:
    """The model that a refresh starts from."""

    intercept_share: float
    shares: FloatArray  # (p,), of its fitted goal, in dt_mod's order
    steps: int  # periods that are new since


@dataclass(frozen=True, eq=False)
class Problem:
    """Goal, regressors and settings of one model search.

    `x` holds dt_mod's columns in dt_mod's order (prophet, context, paid media,
    organic media), exposure variables already on the spend scale. `ranges`
    holds every hyperparameter: a pair (low, high) is searched, a number is
    fixed. Its names are `<column>_<hyperparameter>`, `train_size`, `lambda`
    (Robyn's position in [0, 1] between the smallest and the largest penalty)
    and `<column>_penalty`.
    """

    dates: DateArray  # (n,) datetime64[D]
    interval: Interval
    y: FloatArray  # (n,)
    x: FloatArray  # (n, p)
    columns: tuple[Column, ...]  # p
    spend: FloatArray  # (n, k), paid media in column order
    window: slice
    adstock: Adstock
    ranges: Mapping[str, tuple[float, float] | float]
    ts_validation: bool = False
    add_penalty_factor: bool = False
    intercept_sign: InterceptSign = "non_negative"
    lifts: tuple[Lift, ...] = ()
    previous: Previous | None = None  # a refresh: stay near this model

    @property
    def n(self) -> int:
        """Rows of the full series."""
        return len(self.x)

    @property
    def p(self) -> int:
        """Columns of dt_mod."""
        return len(self.columns)

    @cached_property
    def w(self) -> int:
        """Rows of the modelling window."""
        return len(range(*self.window.indices(self.n)))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names, in dt_mod's order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def media(self) -> IntArray:
        """Indices (m,) of all media columns, paid then organic."""
        return np.array(
            [
                *self._of_kind("paid_media"),
                *self._of_kind("organic_media"),
            ],
            dtype=np.int64,
        )

    @cached_property
    def paid(self) -> IntArray:
        """Indices (k,) of the paid media columns."""
        return np.array(self._of_kind("paid_media"), dtype=np.int64)

    @cached_property
    def media_names(self) -> tuple[str, ...]:
        """Names (m) of the media columns, paid then organic."""
        return tuple(self.names[i] for i in self.media)

    @cached_property
    def paid_names(self) -> tuple[str, ...]:
        """Names (k) of the paid media columns."""
        return tuple(self.names[i] for i in self.paid)

    def _of_kind(self, kind: Kind) -> list[int]:
        return [i for i, c in enumerate(self.columns) if c.kind == kind]
