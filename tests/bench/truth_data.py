"""Markets whose truth is known: what each channel brought, and so its ROAS.

Three shapes, drawn anew for every seed from the parts of the sample (whose
`make_sample` explains what a week's revenue is made of):

- easy: channels are bought independently of each other and of demand; media
  bring about a third of revenue, noise is 2 % of the base.
- collinear: tv, ooh and video are on in the same weeks; search follows tv and
  demand, which moves revenue by itself.
- weak: a tenth of the spend, so that media bring about 3 % of revenue, and
  noise is 6 % of the base.

And three that show a limit, each otherwise easy:

- apart: returns differ by up to a factor of twelve, not four.
- short: there is one year to model, not three and a half.
- flat: every channel is always on, at the same level but for 3 %.

All are weekly with five paid channels, which act exactly as the model assumes
with θ, α, γ and ROAS drawn anew, so that the form is never wrong. The truth is
over the modelling window.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist

import numpy as np
import pyarrow as pa
from mmmflow.domain.hyperparameters import ranges
from mmmflow.local.sample.markets import (
    CHANNELS,
    COUNTRIES,
    EVENTS,
    FIRST_WEEK,
    WEEKS,
    Channel,
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
from mmmflow_native.data.table import Table

COUNTRY = COUNTRIES[0]
ALPHA, GAMMA = (0.8, 2.5), (0.35, 0.9)  # drawn between; θ in its preset range
NEWSLETTER = {"thetas": 0.15, "alphas": 1.6, "gammas": 0.6}
DEMAND = 0.05  # of the base: what spend on search follows


@dataclass(frozen=True)
class Shape:
    """What makes a market easy or hard."""

    name: str
    spend: float = 1.0  # times the sample's
    noise: float = 0.02  # of the base
    together: bool = False  # flights coincide, search follows demand and tv
    flat: bool = False  # always on, at one level
    weeks: int = WEEKS - WINDOW.start  # in the modelling window
    roas: tuple[float, float] = (1.0, 4.0)  # drawn between, evenly in logs


SHAPES = (
    Shape("easy"),
    Shape("collinear", together=True),
    Shape("weak", spend=0.1, noise=0.06),
)
LIMITS = (
    Shape("apart", roas=(0.5, 6.0)),
    Shape("short", weeks=52),
    Shape("flat", flat=True),
)


@dataclass(frozen=True)
class Draws:
    """Random numbers, one after the other."""

    rng: random.Random

    def normal(self) -> float:
        """One of mean 0 and standard deviation 1."""
        return NormalDist().inv_cdf(self.rng.random() or 0.5)

    def between(self, low: float, high: float) -> float:
        """One from low to high, evenly."""
        return low + (high - low) * self.rng.random()


@dataclass(frozen=True, eq=False)
class Market:
    """A drawn market: n weeks of data, k paid channels."""

    table: Table
    hyperparameters: Mapping[str, float]  # the true ones, λ aside
    effect: FloatArray  # (n, k), in units of the goal
    spend: FloatArray  # (n, k)

    @cached_property
    def contribution(self) -> FloatArray:
        """What each channel (k,) truly brought in the window."""
        return np.asarray(self.effect[WINDOW].sum(axis=0))

    @cached_property
    def roas(self) -> FloatArray:
        """True ROAS (k,)."""
        return np.asarray(self.contribution / self.spend[WINDOW].sum(axis=0))


def market(shape: Shape, seed: int) -> Market:
    """Draw a market; the same arguments give the same one."""
    draws = Draws(random.Random(f"{shape.name} {seed}"))  # noqa: S311
    channels = _channels(draws)
    low, high = map(math.log, shape.roas)
    roas = [math.exp(draws.between(low, high)) for _ in channels]
    turn = np.arange(WEEKS, dtype=np.float64) * 7 / 365.25 * 2 * math.pi
    season = _season(turn)
    demand = wandering(draws.normal, 0.7, DEMAND) * shape.together
    spend = _spend(shape, channels, season + 2 * demand, draws)
    seen = [
        exposed(c, s, draws.normal)
        for c, s in zip(channels, spend, strict=True)
    ]
    sends = np.array(
        [9_000 * math.exp(0.4 * draws.normal()) for _ in range(WEEKS)]
    ).round()
    price = np.round(100 + wandering(draws.normal, 0.95, 5.0), 2)
    promotion = np.array(
        [float(draws.rng.random() < 0.11) for _ in range(WEEKS)]
    )
    events = [EVENTS.get(week, ("none", 0.0)) for week in range(WEEKS)]
    rest = COUNTRY.base * (
        1
        + COUNTRY.growth * turn / (2 * math.pi)
        + season
        + demand
        + holidays(COUNTRY)
        + 0.004 * (price - 100)
        + 0.10 * promotion
        + np.array([share for _, share in events])
        + np.array([shape.noise * draws.normal() for _ in range(WEEKS)])
    )
    # Only the weeks that the market's data hold; the window is their end.
    kept = slice(WEEKS - shape.weeks - WINDOW.start, WEEKS)
    effect = np.column_stack(
        [
            _effect(c, x[kept], s[kept], back)
            for c, x, s, back in zip(channels, seen, spend, roas, strict=True)
        ]
    )
    opened = adstock(sends[kept], NEWSLETTER["thetas"])
    mailed = saturation(opened, NEWSLETTER["alphas"], NEWSLETTER["gammas"])
    revenue = rest[kept] + 0.16 * COUNTRY.base * mailed + effect.sum(axis=1)
    columns = {}
    for channel, bought_for, counted in zip(channels, spend, seen, strict=True):
        columns[f"{channel.name}_spend"] = bought_for
        columns[_variable(channel)] = counted
    columns |= {
        "newsletter_sends": sends,
        "competitor_price_index": price,
        "promotion": promotion,
        "event": np.array([level for level, _ in events]),
    }
    held = {name: values[kept] for name, values in columns.items()}
    dates = (np.datetime64(FIRST_WEEK) + 7 * np.arange(WEEKS))[kept]
    true = {f"newsletter_sends_{k}": v for k, v in NEWSLETTER.items()}
    for c in channels:
        true[f"{_variable(c)}_thetas"] = c.theta
        true[f"{_variable(c)}_alphas"] = c.alpha
        true[f"{_variable(c)}_gammas"] = c.gamma
    return Market(
        table=Table(
            pa.table({**held, "revenue": np.round(revenue, 2)}),
            dates,
            np.arange(len(dates)) + 1,
        ),
        hyperparameters=true,
        effect=effect,
        spend=np.column_stack([s[kept] for s in spend]),
    )


def _variable(channel: Channel) -> str:
    return f"{channel.name}_{channel.exposure or 'spend'}"


def _channels(draws: Draws) -> list[Channel]:
    """The sample's channels with θ, α and γ of their own."""
    media = [(_variable(channel), channel.kind) for channel in CHANNELS]
    preset = ranges("geometric", media, ts_validation=False, given={})
    drawn = []
    for channel in CHANNELS:
        theta = preset[f"{_variable(channel)}_thetas"]
        assert isinstance(theta, list)
        drawn.append(
            replace(
                channel,
                theta=draws.between(*theta),
                alpha=draws.between(*ALPHA),
                gamma=draws.between(*GAMMA),
            )
        )
    return drawn


def _season(turn: FloatArray) -> FloatArray:
    """The sample's season, two harmonics; `turn` (n,) is 2π a year."""
    cosine, sine, cosine_half, sine_half = COUNTRY.season
    season = cosine * np.cos(turn) + sine * np.sin(turn)
    season += cosine_half * np.cos(2 * turn) + sine_half * np.sin(2 * turn)
    return np.asarray(season)


def _effect(
    channel: Channel, seen: FloatArray, spend: FloatArray, roas: float
) -> FloatArray:
    """Revenue (n,) of a channel that returns `roas` over the window."""
    acted = saturation(
        adstock(seen, channel.theta), channel.alpha, channel.gamma
    )
    return np.asarray(roas * spend[WINDOW].sum() / acted[WINDOW].sum() * acted)


def _spend(
    shape: Shape,
    channels: Sequence[Channel],
    wanted: FloatArray,
    draws: Draws,
) -> list[FloatArray]:
    """Spend (n,) per channel; `wanted` is the demand that search follows."""
    means = [COUNTRY.spend[c.name] * shape.spend for c in channels]

    def around(level: FloatArray, spread: float) -> FloatArray:
        jitter = np.exp([spread * draws.normal() for _ in range(WEEKS)])
        return np.asarray(np.round(level * jitter, 2))

    if shape.flat:
        return [around(np.full(WEEKS, mean), 0.03) for mean in means]
    spend = [
        bought(channel, mean, draws.rng, draws.normal)
        for channel, mean in zip(channels, means, strict=True)
    ]
    if not shape.together:
        return spend
    names = [channel.name for channel in channels]
    tv = spend[names.index("tv")] / means[names.index("tv")]
    for name in ("ooh", "video"):
        i = names.index(name)
        spend[i] = around(means[i] * tv, 0.25)
    i = names.index("search")
    followed = np.exp(3 * wanted + 0.4 * adstock(tv, 0.5))
    spend[i] = around(0.6 * means[i] * followed, 0.15)
    return spend
