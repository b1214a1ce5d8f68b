"""How the sample's series are drawn, and how media act on revenue."""

import math
import random
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
from mmmflow.local.sample.markets import (
    FIRST_WEEK,
    WEEKS,
    WINDOW_START,
    Channel,
    Country,
)
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

WINDOW = slice((WINDOW_START - FIRST_WEEK).days // 7, WEEKS)


def adstock(x: FloatArray, theta: float) -> FloatArray:
    """x'[t] = x[t] + θ·x'[t-1], same shape as x."""
    carried = np.zeros_like(x)
    total = 0.0
    for week, value in enumerate(x):
        total = value + theta * total
        carried[week] = total
    return carried


def saturation(x: FloatArray, alpha: float, gamma: float) -> FloatArray:
    """Hill of an adstocked series, with its inflexion from the window."""
    inflexion = gamma * x[WINDOW].max()
    powered = x**alpha
    return np.asarray(powered / (powered + inflexion**alpha))


def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian algorithm."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def holidays(country: Country) -> FloatArray:
    """Effect of the holidays of each week, as a share of the base."""
    effect = np.zeros(WEEKS)
    last_day = FIRST_WEEK + timedelta(days=7 * WEEKS - 1)
    for year in range(FIRST_WEEK.year, last_day.year + 1):
        sunday = easter(year)
        for day, share in (
            (date(year, 1, 1), -0.05),
            (sunday - timedelta(days=2), 0.05),
            (sunday + timedelta(days=1), -0.03),
            (date(year, 5, 1), -0.03),
            (sunday + timedelta(days=39), -0.03),
            (date(year, *country.national_day), -0.03),
            (date(year, 12, 25), 0.10),
        ):
            if FIRST_WEEK <= day <= last_day:
                effect[(day - FIRST_WEEK).days // 7] += share
    return effect


def wandering(
    normal: Callable[[], float], memory: float, spread: float
) -> FloatArray:
    """A mean-reverting series around 0 with standard deviation `spread`."""
    step = spread * math.sqrt(1 - memory**2)
    series = np.zeros(WEEKS)
    value = 0.0
    for week in range(WEEKS):
        value = memory * value + step * normal()
        series[week] = value
    return series


def bought(
    channel: Channel,
    mean: float,
    rng: random.Random,
    normal: Callable[[], float],
) -> FloatArray:
    """Spend a week, in money with cents, shape (WEEKS,)."""
    level = np.zeros(WEEKS)
    week, on = 0, rng.random() < 0.5
    while week < WEEKS:
        if channel.flights is None:
            length = 3 + int(rng.random() * 6)
            height = (0.0, 0.35, 0.7, 1.0, 1.4, 1.9)[int(rng.random() * 6)]
        else:
            usual = channel.flights[0 if on else 1]
            length = max(1, usual - 2 + int(rng.random() * 5))
            height = 0.55 + 1.0 * rng.random() if on else 0.0
        level[week : week + length] = height
        week, on = week + length, not on
    jitter = np.exp(np.array([0.18 * normal() for _ in range(WEEKS)]))
    return np.asarray(np.round(mean * level * jitter, 2))


def exposed(
    channel: Channel, spend: FloatArray, normal: Callable[[], float]
) -> FloatArray:
    """Impressions or clicks a week, whole numbers; spend where none."""
    if channel.exposure is None:
        return spend
    price = channel.price * np.exp(wandering(normal, 0.9, 0.04))
    return np.asarray(np.round(spend / price))
