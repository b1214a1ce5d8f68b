"""The markets of the sample: what is true in them, as tables.

Money is in one currency for all; shares are of a country's `base`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

FIRST_WEEK = date(2021, 1, 4)
WEEKS = 208
WINDOW_START = date(2021, 7, 5)
WINDOW_END = date(2024, 12, 23)


@dataclass(frozen=True)
class Channel:
    """A paid channel: how it is bought, and how it truly works."""

    name: str
    kind: str
    exposure: str | None  # what is counted; None where only spend is known
    price: float  # money per exposure
    flights: tuple[int, int] | None  # mean weeks on and off; None: always on
    theta: float
    alpha: float
    gamma: float


CHANNELS = (
    Channel("tv", "tv", "impressions", 0.012, (6, 5), 0.50, 1.8, 0.50),
    Channel("ooh", "ooh", None, 1.0, (4, 5), 0.30, 1.4, 0.60),
    Channel("search", "search", "clicks", 0.85, None, 0.10, 1.2, 0.65),
    Channel("social", "social", "impressions", 0.006, None, 0.20, 1.5, 0.50),
    Channel("video", "video", "impressions", 0.009, (8, 3), 0.25, 1.6, 0.45),
)


@dataclass(frozen=True)
class Country:
    """A market: its size, its seasons, and what its channels return."""

    name: str
    seed: int
    base: float  # revenue a week without anything else
    growth: float  # of the base a year, before the bend
    growth_later: float
    season: tuple[float, float, float, float]  # cos, sin; year, half year
    spend: Mapping[str, float]  # money a week while a channel is on
    roas: Mapping[str, float]
    national_day: tuple[int, int]


COUNTRIES = (
    Country(
        "DE", 1, 820_000, 0.05, 0.02, (0.085, -0.03, 0.03, 0.015),
        {
            "tv": 92_000, "ooh": 38_000, "search": 52_000, "social": 41_000,
            "video": 40_000,
        },
        {"tv": 2.3, "ooh": 1.9, "search": 2.9, "social": 1.6, "video": 2.1},
        (10, 3),
    ),
    Country(
        "FR", 2, 510_000, 0.03, 0.06, (0.06, 0.04, 0.035, -0.02),
        {
            "tv": 55_000, "ooh": 27_000, "search": 30_000, "social": 28_000,
            "video": 24_000,
        },
        {"tv": 1.8, "ooh": 2.4, "search": 2.6, "social": 2.0, "video": 1.5},
        (7, 14),
    ),
)  # fmt: skip

# Weeks from the first → level of the factor, effect as a share of the base.
EVENTS = {
    **dict.fromkeys((38, 90, 91, 143, 195), ("product_launch", 0.11)),
    **dict.fromkeys((61, 118, 119, 171), ("delivery_strike", -0.09)),
}
