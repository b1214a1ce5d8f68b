"""A small fitted model that the tests of curves and pictures share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from mmmflow_native.model.fit import Fit, fit
from mmmflow_native.model.problem import Adstock, Column, Problem


@dataclass(frozen=True)
class Model:
    """A problem and its fit."""

    problem: Problem
    fit: Fit


MakeModel = Callable[..., Model]


@pytest.fixture(scope="session")
def make_model() -> MakeModel:
    """Return a maker of models over 120 weeks, the last 100 modelled."""
    return _make


@pytest.fixture(scope="session")
def model() -> Model:
    """Return a model of three channels."""
    return _make(channels=3)


def _make(
    *,
    channels: int,
    adstock: Adstock = "geometric",
    scale: float = 1.0,
    idle: tuple[int, ...] = (),
    name: str = "channel_{}",
    train_size: float = 1.0,
) -> Model:
    """Draw media that work, but for the idle; all money times `scale`."""
    random = np.random.default_rng(11)
    n = 120
    t = np.arange(n)
    trend = scale * (900.0 + 4.0 * t)
    season = scale * 60.0 * np.sin(2 * np.pi * t / 52)
    price = random.normal(50.0, 5.0, n)
    media = random.gamma(2.0, 60.0, (n, channels + 1)) * scale
    media *= random.random(media.shape) < 0.8
    works = 1.0 / (1.0 + np.arange(channels + 1))
    works[list(idle)] = 0.0
    half = 90.0 * scale
    y = trend + season + (media / (media + half)) @ (300.0 * scale * works)
    y += random.normal(0.0, 10.0 * scale, n)
    names = [name.format(i) for i in range(channels)]
    hyperparameters = {"lambda": 0.5 * scale, "train_size": train_size}
    for i, medium in enumerate([*names, "newsletter"]):
        hyperparameters |= {
            f"{medium}_alphas": 0.8 + 0.3 * (i % 4),
            f"{medium}_gammas": 0.5,
            f"{medium}_thetas": 0.1 + 0.05 * (i % 5),
            f"{medium}_shapes": 1.5 + 0.2 * (i % 3),
            f"{medium}_scales": 0.03,
        }
    problem = Problem(
        dates=np.datetime64("2022-01-03") + 7 * t,
        interval="week",
        y=y,
        x=np.column_stack([trend, season, price, media]),
        columns=(
            Column("trend", "prophet", "default"),
            Column("season", "prophet", "default"),
            Column("price", "context", "default"),
            *(Column(c, "paid_media", "positive", c.upper()) for c in names),
            Column("newsletter", "organic_media", "positive"),
        ),
        spend=media[:, :channels],
        window=slice(20, n),
        adstock=adstock,
        ranges={},
        ts_validation=train_size < 1,
    )
    return Model(problem, fit(problem, hyperparameters))
