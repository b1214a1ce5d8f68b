"""The sample data that ships with mmmflow, and the truth behind it.

    python -m mmmflow.local.sample.make_sample [FOLDER]

writes `marketing_weekly.csv`, `truth.json` and `mapping.json` into FOLDER
(default: the folder of this file), the same bytes every time. Nothing in them
was observed anywhere: this program is their only source.

How the revenue of a week comes about, per country:

    revenue = base + trend + season + holidays + promotion + competitor price
              + event + newsletter + Σ paid channels + noise

- Paid channels act exactly as the model assumes: geometric adstock of the
  exposure (of the spend for ooh) over all weeks, x'[t] = x[t] + θ·x'[t-1];
  Hill saturation x'^α / (x'^α + i^α) with i = γ · max x' in the window; times
  a constant that makes the return over the window equal the ROAS in
  markets.py. So the truth has no bias of form; what a model gets wrong is
  its own.
- Spend comes in flights (tv, ooh, video: weeks on and weeks off) or is always
  on with steps up, down and dark (search, social). The series are drawn
  independently, and search does not follow demand: an easy case on purpose.
- Exposure is spend over a price that wanders by a few per cent.
- Trend is linear with one bend, season two harmonics of the year, holidays the
  national ones (the week that holds them), noise 2 % of the base.

`truth.json` is computed from the rounded numbers that stand in the CSV, over
the modelling window that it names: contribution is the sum of the channel's
part of revenue, share is contribution / revenue, ROAS is contribution /
spend. Random numbers are inverse normal values of Python's `random.random()`,
the one stream whose sequence Python promises to keep.
"""

import csv
import io
import json
import math
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import NormalDist

import numpy as np
from mmmflow.local.sample.markets import (
    CHANNELS,
    COUNTRIES,
    EVENTS,
    FIRST_WEEK,
    WEEKS,
    WINDOW_END,
    WINDOW_START,
    Country,
)
from mmmflow.local.sample.series import (
    WINDOW,
    FloatArray,
    adstock,
    bought,
    exposed,
    holidays,
    saturation,
    wandering,
)

NOISE = 0.02  # of the base


@dataclass(frozen=True)
class Market:
    """One country's columns of the CSV, and its part of the truth."""

    columns: Mapping[str, FloatArray | list[str]]
    truth: Mapping[str, Mapping[str, float]]


def market(country: Country) -> Market:
    """Draw the series of a country and add them up to its revenue."""
    rng = random.Random(country.seed)  # noqa: S311  no secret hangs on it

    def normal() -> float:
        return NormalDist().inv_cdf(rng.random() or 0.5)

    columns: dict[str, FloatArray | list[str]] = {}
    truth: dict[str, dict[str, float]] = {}
    media = np.zeros(WEEKS)
    for channel in CHANNELS:
        spend = bought(channel, country.spend[channel.name], rng, normal)
        exposure = exposed(channel, spend, normal)
        columns[f"{channel.name}_spend"] = spend
        if channel.exposure is not None:
            columns[f"{channel.name}_{channel.exposure}"] = exposure
        effect = saturation(
            adstock(exposure, channel.theta), channel.alpha, channel.gamma
        )
        total = float(spend[WINDOW].sum())
        scale = country.roas[channel.name] * total / effect[WINDOW].sum()
        media += scale * effect
        contribution = float(scale * effect[WINDOW].sum())
        truth[channel.name] = {
            "theta": channel.theta,
            "alpha": channel.alpha,
            "gamma": channel.gamma,
            "contribution": round(contribution, 2),
            "spend": round(total, 2),
            "roas": round(contribution / total, 6),
        }
    years = np.arange(WEEKS) * 7 / 365.25
    turn = 2 * math.pi * years
    cosine, sine, cosine_half, sine_half = country.season
    season = (
        cosine * np.cos(turn)
        + sine * np.sin(turn)
        + cosine_half * np.cos(2 * turn)
        + sine_half * np.sin(2 * turn)
    )
    trend = country.growth * np.minimum(years, 2.0)
    trend = trend + country.growth_later * np.maximum(years - 2.0, 0.0)
    sends = np.array(
        [9_000 * math.exp(0.4 * normal()) for _ in range(WEEKS)]
    ).round()
    newsletter = saturation(adstock(sends, 0.15), 1.6, 0.6)
    price = np.round(100 + wandering(normal, 0.95, 5.0), 2)
    promotion = np.array([float(rng.random() < 0.11) for _ in range(WEEKS)])
    events = [EVENTS.get(week, ("none", 0.0)) for week in range(WEEKS)]
    base = country.base * (
        1
        + trend
        + season
        + holidays(country)
        + 0.16 * newsletter
        + 0.004 * (price - 100)
        + 0.10 * promotion
        + np.array([share for _, share in events])
        + np.array([NOISE * normal() for _ in range(WEEKS)])
    )
    columns["newsletter_sends"] = sends
    columns["competitor_price_index"] = price
    columns["promotion"] = promotion
    columns["event"] = [level for level, _ in events]
    revenue = np.round(base + media, 2)
    columns["revenue"] = revenue
    for channel_truth in truth.values():
        share = channel_truth["contribution"] / revenue[WINDOW].sum()
        channel_truth["share"] = round(float(share), 6)
    return Market(columns, truth)


def written(name: str, value: float) -> str:
    """A number as the CSV shows it: money and indices with two decimals."""
    if name.endswith(("_spend", "_index")) or name == "revenue":
        return f"{value:.2f}"
    return str(int(value))


def table(markets: Mapping[str, Market]) -> str:
    """The CSV, a row per country and week."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = list(next(iter(markets.values())).columns)
    writer.writerow(["date", "country", *names])
    for country, drawn in markets.items():
        for week in range(WEEKS):
            row = [
                (FIRST_WEEK + timedelta(days=7 * week)).isoformat(),
                country,
            ]
            for name in names:
                value = drawn.columns[name][week]
                row.append(
                    value
                    if isinstance(value, str)
                    else written(name, float(value))
                )
            writer.writerow(row)
    return out.getvalue()


def mapping() -> dict[str, object]:
    """What the columns mean, in the form of a mapping.json."""
    columns: dict[str, dict[str, str]] = {}
    for channel in CHANNELS:
        columns[f"{channel.name}_spend"] = {
            "category": "paid_spend",
            "channel": channel.name,
            "kind": channel.kind,
        }
        if channel.exposure is not None:
            columns[f"{channel.name}_{channel.exposure}"] = {
                "category": "paid_exposure",
                "channel": channel.name,
            }
    columns["newsletter_sends"] = {"category": "organic"}
    columns["competitor_price_index"] = {"category": "context"}
    columns["promotion"] = {"category": "context"}
    columns["event"] = {"category": "factor"}
    return {
        "schema_version": 1,
        "date": "date",
        "country": "country",
        "goals": [{"column": "revenue", "type": "revenue", "main": True}],
        "columns": columns,
    }


def sample() -> dict[str, str]:
    """Every file of the sample by its name, as text."""
    markets = {country.name: market(country) for country in COUNTRIES}
    truth = {
        "schema_version": 1,
        "window": {
            "start": WINDOW_START.isoformat(),
            "end": WINDOW_END.isoformat(),
        },
        "countries": {name: drawn.truth for name, drawn in markets.items()},
    }
    return {
        "marketing_weekly.csv": table(markets),
        "truth.json": json.dumps(truth, indent=1) + "\n",
        "mapping.json": json.dumps(mapping(), indent=1) + "\n",
    }


def main(arguments: list[str]) -> None:
    """Write the sample into the folder named, or beside this file."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in sample().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
