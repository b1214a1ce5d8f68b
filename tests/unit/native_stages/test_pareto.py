"""Pareto fronts and the error score, rule by rule."""

import numpy as np
import pytest
from mmmflow_native.choice.pareto import (
    NO_FRONT,
    error_scores,
    front_numbers,
    pareto,
)


def test_a_front_is_what_nothing_dominates() -> None:
    x = np.array([1.0, 2.0, 3.0, 2.0, 3.0])
    y = np.array([3.0, 2.0, 1.0, 4.0, 3.0])
    assert front_numbers(x, y).tolist() == [1, 1, 1, 2, 2]


def test_identical_points_share_the_lowest_front() -> None:
    x = np.array([1.0, 1.0, 2.0])
    y = np.array([2.0, 2.0, 1.0])
    assert front_numbers(x, y).tolist() == [1, 1, 1]


def test_a_tie_in_the_second_error_is_dominated() -> None:
    assert front_numbers(
        np.array([1.0, 2.0]), np.array([1.0, 1.0])
    ).tolist() == [
        1,
        2,
    ]


def test_the_worst_tenth_of_each_error_is_filtered_out() -> None:
    errors = np.arange(1.0, 12.0)
    found = pareto(errors, errors[::-1], np.zeros(11))
    assert found.front[[0, -1]].tolist() == [NO_FRONT, NO_FRONT]
    assert (found.front[1:-1] == 1).all()


def test_an_infinite_error_never_passes() -> None:
    errors = np.array([1.0, 2.0, 3.0, 4.0, np.inf, np.nan])
    found = pareto(errors, np.ones(6), np.zeros(6))
    assert found.front[-1] == NO_FRONT


def test_lift_tests_keep_the_best_tenth() -> None:
    mape = np.linspace(0.0, 1.0, 101)
    found = pareto(np.ones(101), np.ones(101), mape)
    assert np.flatnonzero(found.front != NO_FRONT).tolist() == list(range(11))


def test_as_many_fronts_are_kept_as_hold_enough_models() -> None:
    x = np.tile(np.arange(10.0), 5) + np.repeat(np.arange(5), 10)
    y = np.tile(np.arange(10.0)[::-1], 5) + np.repeat(np.arange(5), 10)
    zeros = np.zeros(50)
    found = pareto(x, y, zeros, min_candidates=15)
    counts = np.bincount(found.front)[1:]
    assert counts[: found.fronts].sum() >= 15
    assert counts[: found.fronts - 1].sum() < 15


def test_all_fronts_are_kept_where_models_are_few() -> None:
    found = pareto(np.array([1.0, 2.0]), np.array([2.0, 1.0]), np.zeros(2))
    assert found.kept.sum() == (found.front != NO_FRONT).sum()


def test_the_error_score_is_the_distance_to_the_least_errors() -> None:
    score = error_scores(
        np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.5, 6.0]), np.zeros(3)
    )
    np.testing.assert_allclose(
        score, [0.0, np.sqrt(2) / 6, np.sqrt(2) / 3], atol=1e-15
    )


def test_an_error_that_is_not_defined_counts_as_the_worst() -> None:
    score = error_scores(np.array([1.0, np.nan, 2.0]), np.zeros(3), np.zeros(3))
    assert score[1] == score[2] == pytest.approx(1 / 3)
