"""A small problem that the tests of the model's numerics share."""

from collections.abc import Callable

import numpy as np
import pytest
from mmmflow_native.model.problem import MEDIA_HYPERPARAMETERS, Column, Problem

MakeProblem = Callable[..., Problem]

RANGES = {
    "alphas": (0.5, 3.0),
    "gammas": (0.3, 1.0),
    "thetas": (0.0, 0.6),
    "shapes": (0.01, 2.0),
    "scales": (0.01, 0.1),
}


@pytest.fixture
def make_problem() -> MakeProblem:
    """Return a maker of problems: 80 weeks, the last 60 are modelled."""

    def make(**changes: object) -> Problem:
        random = np.random.default_rng(7)
        n = 80
        t = np.arange(n)
        trend = 1000.0 + 5.0 * t
        price = random.normal(50.0, 5.0, n)
        media = random.gamma(2.0, 100.0, (n, 3)) * (random.random((n, 3)) < 0.8)
        y = trend - 4.0 * price + media @ [0.5, 0.2, 0.1]
        y += random.normal(0.0, 20.0, n)
        settings: dict[str, object] = {"adstock": "geometric", **changes}
        kinds = MEDIA_HYPERPARAMETERS[settings["adstock"]]  # type: ignore[index]
        ranges = {
            f"{name}_{kind}": RANGES[kind]
            for name in ("tv", "search", "news")
            for kind in kinds
        }
        settings.setdefault("ranges", {**ranges, "lambda": (0.0, 1.0)})
        return Problem(
            dates=np.datetime64("2023-01-02") + 7 * t,
            interval="week",
            y=y,
            x=np.column_stack([trend, price, media]),
            columns=(
                Column("trend", "prophet", "default"),
                Column("price", "context", "default"),
                Column("tv", "paid_media", "positive", "TV"),
                Column("search", "paid_media", "positive", "Search"),
                Column("news", "organic_media", "positive"),
            ),
            spend=media[:, :2],
            window=slice(20, 80),
            **settings,  # type: ignore[arg-type]
        )

    return make


@pytest.fixture
def problem(make_problem: MakeProblem) -> Problem:
    """Return the problem with its defaults: geometric adstock, no split."""
    return make_problem()
