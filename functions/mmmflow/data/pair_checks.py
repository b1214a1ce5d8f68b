"""Spend beside its exposure: one without the other, and what one costs."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from mmmflow.data import drivers, series
from mmmflow.domain.frequency import Interval
from mmmflow.domain.mapping import Channel, DataMapping
from mmmflow.domain.quality import Finding, periods

_MUCH = 0.05
_UNRELATED = 0.3
_FEW = 12
_TIMES = 2.0


def findings(
    frame: pd.DataFrame, mapping: DataMapping, step: Interval
) -> Iterator[Finding]:
    dates = frame[mapping.date].dt.date
    for channel in mapping.channels:
        if channel.exposure is None:
            continue
        spend, exposure = frame[channel.spend], frame[channel.exposure]
        if spend.nunique() == 1 or exposure.nunique() == 1:
            continue
        yield from _one_without_other(channel, spend, exposure, dates)
        yield from _unrelated(channel, spend, exposure)
        yield from _cost(channel, spend, exposure, dates, step)


def _one_without_other(
    channel: Channel,
    spend: "pd.Series[float]",
    exposure: "pd.Series[float]",
    dates: "pd.Series[Any]",
) -> Iterator[Finding]:
    """The share is that of the money, or of the exposure, that is alone."""
    for kind, name, alone, other, amount in (
        (
            "spend-without-exposure",
            channel.spend,
            (spend > 0) & (exposure == 0),
            channel.exposure,
            spend,
        ),
        (
            "exposure-without-spend",
            channel.exposure,
            (exposure > 0) & (spend == 0),
            channel.spend,
            exposure,
        ),
    ):
        if not alone.any():
            continue
        share = float(amount[alone].sum() / amount.sum())
        first = ", ".join(str(day) for day in dates[alone].iloc[:3])
        more = int(alone.sum()) - 3
        yield Finding(
            "warning" if share > _MUCH else "info",
            str(name),
            f"{periods(int(alone.sum()))} with {name} ({share:.1%} of it)"
            f" but without {other}",
            "booked in another period, or not tracked? Move it, or model the"
            " channel by its spend",
            kind,
            f"{first} and {more} more" if more > 0 else first,
        )


def _unrelated(
    channel: Channel,
    spend: "pd.Series[float]",
    exposure: "pd.Series[float]",
) -> Iterator[Finding]:
    rank = drivers.spearman(spend, exposure)
    if math.isnan(rank) or rank >= _UNRELATED:
        return
    yield Finding(
        "warning",
        channel.spend,
        f"it hardly moves with its exposure {channel.exposure!r} (rank"
        f" correlation {rank:.2f})",
        "is it the right pair?",
        "pair",
    )


def _cost(
    channel: Channel,
    spend: "pd.Series[float]",
    exposure: "pd.Series[float]",
    dates: "pd.Series[Any]",
    step: Interval,
) -> Iterator[Finding]:
    """Shifts of the cost per exposure, which a model takes for one price."""
    both = ((spend > 0) & (exposure > 0)).to_numpy()
    if int(both.sum()) < _FEW:
        return
    cost = np.log(
        spend.to_numpy(dtype=np.float64)[both]
        / exposure.to_numpy(dtype=np.float64)[both]
    )
    least = math.log(_TIMES)
    shifts = series.level_shifts(cost, step, least, seasonal=False)
    for t, size in shifts:
        times = math.exp(abs(size))
        day = dates[both].iloc[t]
        yield Finding(
            "warning",
            str(channel.exposure),
            f"the cost of one becomes {times:.1f} ×"
            f" {'more' if size > 0 else 'less'}",
            "another unit or another way of counting from then on?",
            "cost-shift",
            f"about {day}",
        )
