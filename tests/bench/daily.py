"""A daily table: three years, ten paid channels and one organic."""

import numpy as np
from mmmflow_native.model.problem import Column, FloatArray, Problem

ROWS = 3 * 365
CHANNELS = 10


def daily_problem() -> Problem:
    """A goal that follows a trend, seasons, a price and adstocked media."""
    random = np.random.default_rng(20)
    t = np.arange(ROWS)
    trend = 1e5 + 20.0 * t
    season = 2e4 * np.sin(2 * np.pi * t / 365.25)
    weekday = 5e3 * np.sin(2 * np.pi * t / 7)
    price = random.normal(100.0, 5.0, ROWS)
    spend = random.gamma(1.5, 2000.0, (ROWS, CHANNELS))
    spend *= random.random((ROWS, CHANNELS)) < np.linspace(0.3, 1, CHANNELS)
    organic = random.gamma(2.0, 100.0, ROWS)
    y = trend + season + weekday - 300.0 * (price - 100.0)
    for channel in spend.T:
        y = y + _response(channel, random)
    y += random.normal(0.0, 4e3, ROWS)
    names = [f"channel_{i}" for i in range(CHANNELS)]
    return Problem(
        dates=np.datetime64("2022-01-01") + t,
        interval="day",
        y=y,
        x=np.column_stack([trend, season, weekday, price, spend, organic]),
        columns=(
            Column("trend", "prophet", "default"),
            Column("season", "prophet", "default"),
            Column("weekday", "prophet", "default"),
            Column("price", "context", "default"),
            *(Column(n, "paid_media", "positive", n) for n in names),
            Column("organic", "organic_media", "positive"),
        ),
        spend=spend,
        window=slice(0, ROWS),
        adstock="geometric",
        ranges={
            f"{name}_{kind}": range_
            for name in (*names, "organic")
            for kind, range_ in (
                ("alphas", (0.5, 3.0)),
                ("gammas", (0.3, 1.0)),
                ("thetas", (0.0, 0.6)),
            )
        },
    )


def _response(x: FloatArray, random: np.random.Generator) -> FloatArray:
    theta, height = random.uniform(0.0, 0.6), random.uniform(2e3, 1.2e4)
    adstocked = np.convolve(x, theta ** np.arange(60))[: len(x)]
    half = 0.5 * adstocked.max()
    response: FloatArray = height * adstocked / (adstocked + half)
    return response
