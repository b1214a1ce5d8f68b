"""Response curves: what spend brings in, and what one more unit brings."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np
import pytest
from mmmflow_native.budget.response import (
    Responses,
    adstock_weights,
    mean_carryover,
    response_curves,
    responses,
)
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Adstock, Problem


class Model(Protocol):
    """What the `model` fixture holds."""

    @property
    def problem(self) -> Problem: ...
    @property
    def fit(self) -> Fit: ...


def one_channel(alpha: float, carryover: float = 0.0) -> Responses:
    return Responses(
        channels=("tv",),
        coefficient=np.array([10.0]),
        alpha=np.array([alpha]),
        inflexion=np.array([4.0]),
        carryover=np.array([carryover]),
        spend_now=np.array([2.0]),
        spend_highest=np.array([8.0]),
    )


def test_spend_at_the_inflexion_brings_half_the_coefficient() -> None:
    assert one_channel(1.7).response(np.array([4.0])) == pytest.approx(5.0)


def test_carryover_counts_like_spend() -> None:
    with_carryover = one_channel(1.7, 1.0).response(np.array([2.0]))
    assert with_carryover == one_channel(1.7).response(np.array([3.0]))


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.5])
def test_the_marginal_response_is_the_slope(alpha: float) -> None:
    model = one_channel(alpha, 0.5)
    spend, step = np.array([3.0]), 1e-6
    slope = (model.response(spend + step) - model.response(spend - step)) / (
        2 * step
    )
    assert model.marginal(spend) == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize(
    ("alpha", "slope"), [(0.5, np.inf), (1.0, 2.5), (2.0, 0.0)]
)
def test_the_first_unit_of_money_has_the_limit_of_the_slope(
    alpha: float, slope: float
) -> None:
    assert one_channel(alpha).marginal(np.array([0.0])) == slope


def test_a_channel_that_never_spent_brings_nothing_at_any_spend() -> None:
    silent = replace(one_channel(1.0), inflexion=np.array([0.0]))
    assert silent.response(np.array([5.0])) == 0
    assert silent.marginal(np.array([5.0])) == 0


@pytest.mark.parametrize("adstock", ["geometric", "weibull_cdf", "weibull_pdf"])
def test_the_adstock_weights_are_those_of_the_fit(
    make_model: Callable[..., Model], adstock: Adstock
) -> None:
    made = make_model(channels=2, adstock=adstock)
    weights = adstock_weights(made.problem, made.fit)
    x = made.problem.x[:, made.problem.media]
    expected = np.column_stack(
        [
            np.convolve(x[:, j], weights[:, j])[: made.problem.n]
            for j in range(x.shape[1])
        ]
    )
    np.testing.assert_allclose(made.fit.adstocked, expected, rtol=1e-9)


def test_mean_carryover_is_what_earlier_weeks_add(model: Model) -> None:
    x = model.problem.x[:, model.problem.media]
    window = model.problem.window
    added = model.fit.adstocked[window].mean(axis=0) - x[window].mean(axis=0)
    carried = mean_carryover(model.problem, model.fit)
    np.testing.assert_allclose(carried, added, rtol=1e-12)


def test_the_curves_mark_one_current_point_per_channel(model: Model) -> None:
    table = response_curves(model.problem, model.fit)
    now = responses(model.problem, model.fit).spend_now
    assert table["spend"][table["current"]] == pytest.approx(now)


def test_the_curves_rise_with_spend(model: Model) -> None:
    table = response_curves(model.problem, model.fit)
    for channel in np.unique(table["channel"]):
        mine = table["channel"] == channel
        assert (np.diff(table["spend"][mine]) >= 0).all()
        assert (np.diff(table["response"][mine]) >= 0).all()


def test_the_curves_tell_what_was_observed_from_what_was_not(
    model: Model,
) -> None:
    table = response_curves(model.problem, model.fit)
    above = table["spend"] > table["highest_spend"]
    assert (table["beyond_observed"] == above).all()
    assert above.any()
