"""The markets that errors of ROAS are measured on are what they say."""

import numpy as np
import pytest
from mmmflow.local.sample.series import WINDOW
from mmmflow_native.model.problem import Problem

from tests.bench.truth_data import LIMITS, SHAPES, Market, Shape, market
from tests.bench.truth_problem import lift, problem
from tests.bench.truth_rules import answer_with_curves

EASY, COLLINEAR, WEAK = SHAPES


@pytest.fixture(scope="module")
def easy() -> Market:
    """Return the first easy market."""
    return market(EASY, 1)


@pytest.fixture(scope="module")
def given(easy: Market) -> Problem:
    """Return it as the engine sees it."""
    return problem(easy)


@pytest.mark.parametrize("shape", [*SHAPES, *LIMITS], ids=lambda s: str(s.name))
def test_the_same_seed_draws_the_same_market(shape: Shape) -> None:
    one, two, other = market(shape, 3), market(shape, 3), market(shape, 4)
    assert one.table.source.equals(two.table.source)
    assert not one.table.source.equals(other.table.source)


@pytest.mark.parametrize("shape", [*SHAPES, *LIMITS], ids=lambda s: str(s.name))
def test_returns_over_the_window_are_those_drawn(shape: Shape) -> None:
    drawn = market(shape, 3)
    low, high = shape.roas
    assert (low <= drawn.roas).all()
    assert (drawn.roas <= high).all()
    assert len(drawn.spend[WINDOW]) == shape.weeks


def test_flights_coincide_where_channels_are_collinear(easy: Market) -> None:
    tv, ooh, search, _, video = market(COLLINEAR, 1).spend.T
    assert np.corrcoef([tv, ooh, video]).min() > 0.8
    assert np.corrcoef(tv, search)[0, 1] > 0.3
    apart = np.corrcoef(easy.spend.T) - np.eye(5)
    assert np.abs(apart).max() < 0.5


def test_media_bring_a_few_per_cent_where_the_signal_is_weak() -> None:
    drawn = market(WEAK, 1)
    revenue = drawn.table.numbers("revenue")[WINDOW].sum()
    assert 0.01 < drawn.contribution.sum() / revenue < 0.06


def test_the_true_curves_are_among_those_searched(
    easy: Market, given: Problem
) -> None:
    for name, value in easy.hyperparameters.items():
        searched = given.ranges[name]
        assert isinstance(searched, tuple)
        assert searched[0] <= value <= searched[1]


def test_given_its_curves_least_squares_finds_the_returns_of_an_easy_market(
    easy: Market, given: Problem
) -> None:
    found = answer_with_curves(given, easy)["curves_season"]
    assert np.abs(found / easy.contribution - 1).mean() < 0.1


def test_a_lift_test_measures_the_truth_within_its_error(
    easy: Market, given: Problem
) -> None:
    test = lift(easy, given, "tv")
    rows = (given.dates >= test.start) & (given.dates <= test.end)
    assert test.columns == ("tv_impressions",)
    assert test.effect == pytest.approx(easy.effect[rows, 0].sum(), rel=0.3)
