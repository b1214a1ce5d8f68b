"""Columns in a few numbers: quantiles, and bins for a sparkline."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mmmflow.domain.mapping import DataMapping
from mmmflow.domain.quality import FactorProfile, Profile

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BINS = 24
_LEVELS = 20


def of(
    frame: pd.DataFrame, mapping: DataMapping, nulls: Mapping[str, int]
) -> list[Profile | FactorProfile]:
    """A profile of each column of the training data but the date.

    `nulls` counts the empty cells of the raw columns; a sum has those of
    its parts.
    """
    parts = {derived.name: derived.parts for derived in mapping.derived}
    found: list[Profile | FactorProfile] = []
    for name in mapping.columns[1:]:
        empty = sum(nulls.get(p, 0) for p in parts.get(name, (name,)))
        category = mapping.category_of(name)
        if category == "factor":
            found.append(_factor(frame[name], empty))
        else:
            found.append(_numbers(frame[name], category, empty))
    return found


def _numbers(values: "pd.Series[float]", category: str, nulls: int) -> Profile:
    return Profile(
        name=str(values.name),
        category=category,
        nulls=nulls,
        zeros=int((values == 0).sum()),
        distinct=int(values.nunique()),
        minimum=float(values.min()),
        maximum=float(values.max()),
        mean=float(values.mean()),
        deviation=float(values.std()) if len(values) > 1 else 0.0,
        quantiles=tuple(
            float(value) for value in values.quantile(list(QUANTILES))
        ),
        bins=tuple(
            float(part.mean())
            for part in np.array_split(
                values.to_numpy(), min(_BINS, len(values))
            )
        ),
    )


def _factor(values: "pd.Series[Any]", nulls: int) -> FactorProfile:
    counts = values.value_counts()
    levels = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return FactorProfile(
        name=str(values.name),
        nulls=nulls,
        distinct=len(levels),
        levels=tuple((str(n), int(c)) for n, c in levels[:_LEVELS]),
    )
