"""What changed since the country's dataset before: columns, past, present."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmmflow.domain.quality import Finding, periods

_RESTATED = 0.01
_MUCH = 0.1
_FEW_NEW = 4
_SHOWN = 3


@dataclass(frozen=True)
class Before:
    """The training data of the dataset before, with the mapping's date."""

    dataset_id: str
    frame: pd.DataFrame
    date: str


def findings(
    frame: pd.DataFrame, date: str, before: Before
) -> Iterator[Finding]:
    """Columns and periods gone, numbers restated, new ones out of range."""
    old = before.frame.rename(columns={before.date: date})
    old = old.assign(**{date: pd.to_datetime(old[date])}).set_index(date)
    new = frame.set_index(date)
    new.index = pd.DatetimeIndex(new.index).as_unit("s")
    old.index = pd.DatetimeIndex(old.index).as_unit("s")
    yield from _columns(list(old.columns), list(new.columns))
    yield from _periods(old.index, new.index, date)
    shared = [c for c in new.columns if c in old.columns]
    for name in shared:
        yield from _restated(name, old, new)
        yield from _out_of_range(name, old, new)


def _columns(old: list[str], new: list[str]) -> Iterator[Finding]:
    for kind, names, what, hint in (
        ("gone", set(old) - set(new), "is gone", "was it renamed?"),
        ("new", set(new) - set(old), "is new", "its past is there too?"),
    ):
        for name in sorted(names):
            yield Finding(
                "warning" if kind == "gone" else "info",
                name,
                f"the column {what} since the dataset before",
                hint,
                "drift",
            )


def _periods(
    old: pd.DatetimeIndex, new: pd.DatetimeIndex, date: str
) -> Iterator[Finding]:
    gone = old.difference(new)
    if len(gone):
        yield Finding(
            "warning",
            date,
            f"{periods(len(gone))} of the dataset before gone",
            "a rolling extract, or lost rows? Models of the two are of"
            " different times",
            "drift",
            f"{gone[0].date()} … {gone[-1].date()}",
        )
    if not len(new.difference(old)):
        yield Finding(
            "info",
            date,
            "no period is new since the dataset before",
            "",
            "drift",
        )


def _restated(
    name: str, old: pd.DataFrame, new: pd.DataFrame
) -> Iterator[Finding]:
    """Periods of both whose value differs by more than 1 %."""
    both = old.index.intersection(new.index)
    a, b = old.loc[both, name], new.loc[both, name]
    if not (_is_number(a) and _is_number(b)):
        return
    scale = np.maximum(a.abs(), b.abs())
    changed = (a - b).abs() > _RESTATED * scale
    if not changed.any():
        return
    share = float(changed.mean())
    days = [day.date() for day in both[changed.to_numpy()]]
    total = float(b.sum() / a.sum() - 1) if a.sum() else 0.0
    yield Finding(
        "warning" if share > _MUCH or abs(total) > _MUCH else "info",
        name,
        f"{len(days)} of {len(both)} periods were restated since the dataset"
        f" before; their sum changed by {total:+.1%}",
        "late bookings change the newest periods only; other changes are a"
        " new definition",
        "drift",
        f"{days[0]} … {days[-1]}",
    )


def _out_of_range(
    name: str, old: pd.DataFrame, new: pd.DataFrame
) -> Iterator[Finding]:
    """New periods that mostly lie outside of all that was seen before."""
    fresh = new.loc[new.index > old.index.max(), name]
    if len(fresh) < _FEW_NEW or not (
        _is_number(fresh) and _is_number(old[name])
    ):
        return
    low, high = float(old[name].min()), float(old[name].max())
    outside = (fresh < low) | (fresh > high)
    if outside.mean() <= 0.5:
        return
    yield Finding(
        "warning",
        name,
        f"{int(outside.sum())} of {len(fresh)} new periods lie outside of"
        f" {low:.4g} … {high:.4g}, all that was seen before",
        "a model of the past says little there; check the unit",
        "drift",
        f"from {fresh.index[0].date()}",
    )


def _is_number(values: "pd.Series[float]") -> bool:
    return bool(pd.api.types.is_numeric_dtype(values))
