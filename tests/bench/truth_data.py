"""Markets whose truth is known: what each channel brought, and so its ROAS.

Three shapes, drawn again for every seed, of the sample's parts (see
`mmmflow.local.sample.make_sample`, where a week's revenue is explained):

- easy: channels are bought independently of each other and of demand; media
  bring about a third of revenue, noise is 2 % of the base.
- collinear: tv, ooh and video are on in the same weeks, and search follows
  demand (which moves revenue by itself) and tv.
- weak: a tenth of the spend, so that media bring about 3 % of revenue, and
  noise is 6 % of the base.

Each is weekly, four years, five paid channels that act exactly as the model
assumes, with θ, α, γ and ROAS drawn anew: the form is never wrong, the returns
may differ by a factor of four. The truth is over the modelling window.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from mmmflow.local.sample.markets import (
    COUNTRIES,
)
from mmmflow.local.sample.series import (
    WINDOW,
    FloatArray,
)
from mmmflow_native.data.table import Table

COUNTRY = COUNTRIES[0]
ROAS = (1.0, 4.0)  # drawn between, on a logarithmic scale
THETA = {"tv": (0.3, 0.8), "ooh": (0.1, 0.4), "video": (0.1, 0.4)}
SHORT = (0.0, 0.3)  # search and social
ALPHA, GAMMA = (0.8, 2.5), (0.35, 0.9)
SHOCK = 0.05  # of the base: demand that spend on search follows
LIFT_WEEKS, LIFT_ERROR = 8, 0.1


@dataclass(frozen=True)
class Shape:
    """What makes a market easy or hard."""

    name: str
    spend: float  # times the sample's
    noise: float  # of the base
    together: bool  # flights coincide, search follows demand and tv


SHAPES = (
    Shape("easy", 1.0, 0.02, together=False),
    Shape("collinear", 1.0, 0.02, together=True),
    Shape("weak", 0.1, 0.06, together=False),
)


@dataclass(frozen=True, eq=False)
class Market:
    """One drawn market: its table, and what each channel brought."""

    table: Table
    channels: tuple[str, ...]  # k
    effect: FloatArray  # (n, k), in units of the goal
    spend: FloatArray  # (n, k)
    revenue: FloatArray  # (n,)

    @cached_property
    def roas(self) -> FloatArray:
        """True ROAS (k,) over the window."""
        return np.asarray(
            self.effect[WINDOW].sum(axis=0) / self.spend[WINDOW].sum(axis=0)
        )

    @cached_property
    def share(self) -> FloatArray:
        """True share (k,) of the window's revenue."""
        return np.asarray(
            self.effect[WINDOW].sum(axis=0) / self.revenue[WINDOW].sum()
        )


def market(shape: Shape, seed: int) -> Market:
    """Draw a market; the same arguments give the same one."""
    rng = random.Random(f"{shape.name} {seed}")  # noqa: S311  no secret

    def normal() -> float:
        return NormalDist().inv_cdf(rng.random() or 0.5)

    def between(low: float, high: float) -> float:
        return low + (high - low) * rng.random()

    channels = [
        replace(
            channel,
            theta=between(*THETA.get(channel.kind, SHORT)),
            alpha=between(*ALPHA),
            gamma=between(*GAMMA),
        )
        for channel in CHANNELS
    ]
    roas = [math.exp(between(*map(math.log, ROAS))) for _ in channels]
    years = np.arange(WEEKS) * 7 / 365.25
    turn = 2 * math.pi * years
    season = sum(
        height * wave(times * turn)
        for height, wave, times in zip(
            COUNTRY.season, (np.cos, np.sin) * 2, (1, 1, 2, 2), strict=True
        )
    )
    shock = wandering(normal, 0.7, SHOCK) * shape.together
    spend = _spend(shape, channels, season, shock, rng, normal)
    exposure = [
        exposed(channel, money, normal)
        for channel, money in zip(channels, spend, strict=True)
    ]
    effect = []
    for channel, money, seen, back in zip(
        channels, spend, exposure, roas, strict=True
    ):
        acted = saturation(
            adstock(seen, channel.theta), channel.alpha, channel.gamma
        )
        scale = back * money[WINDOW].sum() / acted[WINDOW].sum()
        effect.append(scale * acted)
    sends = np.array(
        [9_000 * math.exp(0.4 * normal()) for _ in range(WEEKS)]
    ).round()
    price = np.round(100 + wandering(normal, 0.95, 5.0), 2)
    promotion = np.array([float(rng.random() < 0.11) for _ in range(WEEKS)])
    base = COUNTRY.base * (
        1
        + COUNTRY.growth * years
        + season
        + shock
        + holidays(COUNTRY)
        + 0.16 * saturation(adstock(sends, 0.15), 1.6, 0.6)
        + 0.004 * (price - 100)
        + 0.10 * promotion
        + np.array([shape.noise * normal() for _ in range(WEEKS)])
    )
    revenue = np.round(base + sum(effect), 2)
    columns = {f"{c.name}_spend": s for c, s in zip(channels, spend)}
    columns |= {
        f"{c.name}_{c.exposure}": e
        for c, e in zip(channels, exposure)
        if c.exposure
    }
    columns |= {
        "newsletter_sends": sends,
        "competitor_price_index": price,
        "promotion": promotion,
        "revenue": revenue,
    }
    dates = np.datetime64(FIRST_WEEK) + 7 * np.arange(WEEKS)
    return Market(
        table=Table(pa.table(columns), dates, np.arange(WEEKS) + 1),
        channels=tuple(channel.name for channel in channels),
        effect=np.column_stack(effect),
        spend=np.column_stack(spend),
        revenue=revenue,
    )


def _spend(
    shape: Shape,
    channels: list[Channel],
    season: FloatArray,
    shock: FloatArray,
    rng: random.Random,
    normal: Callable[[], float],
) -> list[FloatArray]:
    """Spend (n,) per channel."""
    means = [COUNTRY.spend[c.name] * shape.spend for c in channels]
    spend = [
        bought(channel, mean, rng, normal)
        for channel, mean in zip(channels, means, strict=True)
    ]
    if not shape.together:
        return spend
    names = [channel.name for channel in channels]
    level = spend[0] / means[0]
    for name in ("ooh", "video"):
        i = names.index(name)
        own = np.exp([0.25 * normal() for _ in range(WEEKS)])
        spend[i] = np.round(means[i] * level * own, 2)
    i = names.index("search")
    followed = 6 * shock + 3 * season + 0.4 * adstock(level, 0.5)
    own = np.exp([0.15 * normal() for _ in range(WEEKS)])
    spend[i] = np.round(0.6 * means[i] * np.exp(followed) * own, 2)
    return spend


def problem(
    drawn: Market,
    *,
    ts_validation: bool = False,
    intercept_sign: str = "non_negative",
    lifts: tuple[Lift, ...] = (),
) -> Problem:
    """The market as the engine sees it, with the settings of a new run."""
    config = parse_config(_document(ts_validation, intercept_sign))
    found = country_holidays(COUNTRY.name, drawn.table.dates)
    weeks = by_period(found, drawn.table.dates, interval(drawn.table))
    return replace(build(drawn.table, config, weeks).problem, lifts=lifts)


def lift(drawn: Market, channel: str, column: str) -> Lift:
    """A lift test of the eight weeks in which most was spent on a channel.

    Its result is the truth, times an error of the measurement of 10 %.
    """
    i = drawn.channels.index(channel)
    spent = np.convolve(drawn.spend[WINDOW, i], np.ones(LIFT_WEEKS), "valid")
    first = WINDOW.start + int(np.argmax(spent))
    rows = slice(first, first + LIFT_WEEKS)
    rng = random.Random(f"{channel} {drawn.revenue[0]}")  # noqa: S311
    measured = 1 + LIFT_ERROR * NormalDist().inv_cdf(rng.random() or 0.5)
    return Lift(
        columns=(column,),
        start=drawn.table.dates[rows][0],
        end=drawn.table.dates[rows][-1],
        effect=float(drawn.effect[rows, i].sum()) * measured,
    )


def _document(ts_validation: bool, intercept_sign: str) -> dict[str, Any]:
    """The configuration that a new experiment gets, nothing given."""
    media = [
        (f"{c.name}_{c.exposure or 'spend'}", c.kind) for c in CHANNELS
    ] + [("newsletter_sends", "email")]
    return {
        "schema_version": 1,
        "experiment_id": "20261120T104512Z-1f3a9c0b77de",
        "correlation_id": "bench",
        "country": COUNTRY.name,
        "revision": {"tag": "bench", "number": 1},
        "engine": {"name": "native", "version": "bench"},
        "dataset_id": "20261120T104512Z-1f3a9c0b77de",
        "mapping_version": "v1",
        "data": {"uri": "memory", "generation": "1", "sha256": "0" * 64},
        "date_var": "date",
        "dep_var": "revenue",
        "dep_var_type": "revenue",
        "window": {
            "start": WINDOW_START.isoformat(),
            "end": WINDOW_END.isoformat(),
        },
        "paid_media": [
            {
                "channel": channel.name,
                "spend": f"{channel.name}_spend",
                "exposure": channel.exposure
                and f"{channel.name}_{channel.exposure}",
                "sign": "positive",
            }
            for channel in CHANNELS
        ],
        "organic_media": [{"variable": "newsletter_sends", "sign": "positive"}],
        "context": [
            {"variable": name, "sign": "default", "factor": False}
            for name in ("competitor_price_index", "promotion")
        ],
        "prophet": {
            "components": ["trend", "season", "holiday"],
            "country": COUNTRY.name,
        },
        "adstock": "geometric",
        "hyperparameters": ranges(
            "geometric", media, ts_validation=ts_validation, given={}
        ),
        "iterations": 2000,
        "trials": 5,
        "ts_validation": ts_validation,
        "add_penalty_factor": False,
        "intercept_sign": intercept_sign,
        "calibration": [],
        "allocation": {
            "scenario": "max_response",
            "total_budget": None,
            "bounds": {"default": [0.5, 2.0]},
        },
        "seed": 123,
        "time_limit_seconds": 600,
    }
