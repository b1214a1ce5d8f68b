"""The space of hyperparameters has Robyn's order and ranges."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from mmmflow_native.model.problem import Problem
from mmmflow_native.model.regularisation import lambda_at, lambda_limits
from mmmflow_native.optimise.space import space

MakeProblem = Callable[..., Problem]


def test_vector_has_robyns_order(make_problem: MakeProblem) -> None:
    problem = make_problem(ts_validation=True, add_penalty_factor=True)

    assert space(problem).names == (
        "news_alphas",
        "news_gammas",
        "news_thetas",
        "search_alphas",
        "search_gammas",
        "search_thetas",
        "tv_alphas",
        "tv_gammas",
        "tv_thetas",
        "train_size",
        "lambda",
        "trend_penalty",
        "price_penalty",
        "tv_penalty",
        "search_penalty",
        "news_penalty",
    )


def test_missing_ranges_are_robyns_defaults(make_problem: MakeProblem) -> None:
    where = space(make_problem(ts_validation=True, add_penalty_factor=True))
    ranges = dict(
        zip(where.names, zip(where.low, where.high, strict=True), strict=True)
    )

    assert ranges["train_size"] == (0.5, 0.8)
    assert ranges["lambda"] == (0.0, 1.0)
    assert ranges["price_penalty"] == (0.0, 1.0)


def test_without_validation_train_size_is_not_searched(
    problem: Problem,
) -> None:
    given = replace(
        problem, ranges={**problem.ranges, "train_size": (0.5, 0.8)}
    )

    assert "train_size" not in space(given).names
    assert "train_size" not in space(given).fixed


def test_fixed_hyperparameter_is_not_searched(problem: Problem) -> None:
    given = replace(
        problem, ranges={**problem.ranges, "tv_thetas": 0.4, "lambda": 9.0}
    )
    where = space(given)

    assert where.fixed == {"tv_thetas": 0.4, "lambda": 9.0}
    assert len(where.names) == 8


def test_medium_without_a_range_is_named(problem: Problem) -> None:
    ranges = {k: v for k, v in problem.ranges.items() if k != "tv_alphas"}

    with pytest.raises(KeyError, match="tv_alphas"):
        space(replace(problem, ranges=ranges))


def test_validation_needs_rows(make_problem: MakeProblem) -> None:
    problem = make_problem(ts_validation=True)
    given = replace(problem, ranges={**problem.ranges, "train_size": 1.0})

    with pytest.raises(ValueError, match="train_size"):
        space(given)


def test_positions_are_linear_in_the_ranges(problem: Problem) -> None:
    where = space(problem)
    values = where.values(np.full((1, 10), 0.5), log_lambda=False)

    np.testing.assert_allclose(
        values[0, :-1], (where.low[:-1] + where.high[:-1]) / 2
    )
    assert values[0, -1] == lambda_at(problem, np.array([0.5]))[0]


def test_logarithmic_lambda_has_the_same_ends(problem: Problem) -> None:
    ends = np.tile([[0.0], [0.5], [1.0]], (1, 10))
    values = space(problem).values(ends, log_lambda=True)
    low, high = lambda_limits(problem)

    np.testing.assert_allclose(
        values[:, -1], [low, np.sqrt(low * high), high], rtol=1e-12
    )
