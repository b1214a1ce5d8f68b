"""The range of λ and the limits of the coefficients."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from mmmflow_native.model.problem import Column, Problem
from mmmflow_native.model.regularisation import (
    coefficient_limits,
    lambda_at,
    lambda_limits,
    lambda_position,
)

ALL_ROWS = np.array([60])


def test_largest_lambda_is_a_tenth_of_glmnets(problem: Problem) -> None:
    z = (problem.x - problem.x.mean(axis=0)) / problem.x.std(axis=0)
    expected = 0.1 * np.abs(z.T @ problem.y).max() / (0.001 * problem.n)

    np.testing.assert_allclose(
        lambda_limits(problem), (1e-4 * expected, expected)
    )


def test_constant_column_does_not_count_for_lambda(problem: Problem) -> None:
    x = problem.x.copy()
    x[:, 3] = 7.0
    without = replace(
        problem,
        x=np.delete(problem.x, 3, axis=1),
        columns=problem.columns[:3] + problem.columns[4:],
    )

    assert lambda_limits(replace(problem, x=x)) == lambda_limits(without)


def test_position_of_lambda_is_linear(problem: Problem) -> None:
    low, high = lambda_limits(problem)
    lambdas = lambda_at(problem, np.array([0.0, 0.5, 1.0]))

    np.testing.assert_allclose(lambdas, [low, (low + high) / 2, high])
    np.testing.assert_allclose(
        lambda_position(problem, lambdas), [0.0, 0.5, 1.0], atol=1e-15
    )


def test_signs_limit_the_coefficients(
    make_problem: Callable[..., Problem],
) -> None:
    problem = make_problem()
    columns = list(problem.columns)
    columns[2] = Column("tv", "paid_media", "negative", "TV")
    signed = replace(problem, columns=tuple(columns))
    lower, upper = coefficient_limits(signed, ALL_ROWS)

    assert lower[:, 0].tolist() == [0.0, -np.inf, -np.inf, 0.0, 0.0]
    assert upper[:, 0].tolist() == [1.0, np.inf, 0.0, np.inf, np.inf]


def test_trend_that_is_negative_in_training_counts_downwards(
    problem: Problem,
) -> None:
    x = problem.x.copy()
    x[:, 0] = -1.0
    x[50:, 0] = 100.0
    lower, upper = coefficient_limits(replace(problem, x=x), np.array([30, 60]))

    assert lower[0].tolist() == [-1.0, 0.0]
    assert upper[0].tolist() == [0.0, 1.0]
