"""What a candidate is judged by."""

import numpy as np
import pytest
from mmmflow_native.model.objectives import (
    accuracy,
    decomp_rssd,
    decomp_rssd_of_refresh,
    goal_of_part,
)
from mmmflow_native.model.problem import Previous

HALVES = np.array([0.5, 0.5])


def _rssd(*effect: float) -> float:
    return float(decomp_rssd(np.array(effect)[:, None], HALVES)[0])


def test_nrmse_is_the_error_over_the_goals_spread() -> None:
    y = np.array([1.0, 5.0, 3.0])
    goal = goal_of_part(y, np.array([0]), np.array([3]))
    errors = accuracy(
        np.array([12.0]), goal, np.array([3]), 1, np.array([False])
    )

    assert errors.nrmse.tolist() == [2.0 / 4.0]


@pytest.mark.parametrize(("dropped", "df"), [(False, 1), (True, 0)])
def test_r_squared_is_adjusted(dropped: bool, df: int) -> None:
    y = np.arange(10.0)
    goal = goal_of_part(y, np.array([0]), np.array([10]))
    errors = accuracy(
        np.array([8.25]), goal, np.array([10]), 3, np.array([dropped])
    )

    assert errors.rsq[0] == pytest.approx(1 - 0.1 * (10 - df) / 6)


def test_part_without_rows_has_no_errors() -> None:
    goal = goal_of_part(np.arange(4.0), np.array([4]), np.array([4]))
    errors = accuracy(
        np.array([0.0]), goal, np.array([4]), 1, np.array([False])
    )

    assert np.isnan(errors.nrmse[0])
    assert np.isnan(errors.rsq[0])


def test_rssd_is_0_where_effect_follows_spend() -> None:
    assert _rssd(7.0, 7.0) == 0.0


def test_rssd_is_the_distance_of_the_shares() -> None:
    assert _rssd(3.0, 1.0) == pytest.approx(np.sqrt(2) * 0.25)


def test_rssd_grows_by_the_share_of_channels_without_effect() -> None:
    assert _rssd(1.0, 0.0) == pytest.approx(np.sqrt(0.5) * 1.5)


def test_rssd_is_infinite_without_any_effect() -> None:
    assert _rssd(0.0, 0.0) == np.inf


def _drift(*contribution: float, intercept: float) -> float:
    """Of a model whose shares were 0.4, 0.1, 0.1 and 0.4 at the intercept."""
    previous = Previous(0.4, np.array([0.4, 0.1, 0.1]), steps=10)
    drift = decomp_rssd_of_refresh(
        np.array(contribution)[:, None],
        np.array([intercept]),
        np.array([1, 2]),
        previous,
        rows=50,
    )
    return float(drift[0])


def test_refresh_that_keeps_the_shares_has_no_distance() -> None:
    assert _drift(80.0, 20.0, 20.0, intercept=80.0) == 0.0


def test_refresh_counts_paid_media_and_the_rest_apart() -> None:
    media = np.sqrt((0.1**2 + 0.0) / 2)
    rest = np.sqrt((0.1**2 + 0.0) / 2) / (1 - 10 / 50)

    assert _drift(60.0, 40.0, 20.0, intercept=80.0) == pytest.approx(
        media + rest
    )
