"""Ridge regression as glmnet poses it."""

import numpy as np
import pytest
from mmmflow_native.model import glmnet
from mmmflow_native.model.moments import Moments
from mmmflow_native.model.problem import FloatArray
from mmmflow_native.model.ridge import (
    Descent,
    Ridge,
    exact,
    ridge,
    squared_residuals,
)

RANDOM = np.random.default_rng(11)
X = RANDOM.normal(size=(40, 3)) * [1.0, 10.0, 2.0] + [5.0, -3.0, 0.0]
Y = X @ [2.0, 0.3, -4.0] + 100.0 + RANDOM.normal(size=40)
FREE = np.full((3, 1), np.inf)


def _moments(x: FloatArray, y: FloatArray) -> Moments:
    covariance = np.cov(np.column_stack([x, y]).T, bias=True)[:, :, None]
    return Moments(
        x.mean(axis=0)[:, None],
        covariance[:-1, :-1],
        y.mean(keepdims=True),
        covariance[:-1, -1],
        covariance[-1, -1],
        (np.ptp(x, axis=0) == 0)[:, None],
    )


def _ridge(
    x: FloatArray = X,
    y: FloatArray = Y,
    *,
    lambda_: float = 0.0,
    factor: FloatArray | None = None,
    lower: FloatArray = -FREE,
    descent: Descent = exact,
) -> Ridge:
    return ridge(
        _moments(x, y),
        np.array([lambda_]),
        np.ones((3, 1)) if factor is None else factor,
        lower,
        FREE,
        intercept_sign="non_negative",
        descent=descent,
    )


def _closed_form(lambda_: float, factor: FloatArray) -> FloatArray:
    z = (X - X.mean(axis=0)) / X.std(axis=0)
    u = (Y - Y.mean()) / Y.std()
    penalty = np.diag(lambda_ / Y.std() * factor)
    b = np.linalg.solve(z.T @ z / len(u) + penalty, z.T @ u / len(u))
    scaled: FloatArray = b * Y.std() / X.std(axis=0)
    return scaled


def test_without_penalty_it_is_least_squares() -> None:
    design = np.column_stack([X, np.ones(len(X))])
    expected = np.linalg.lstsq(design, Y)[0]
    model = _ridge()

    np.testing.assert_allclose(
        [*model.coefficients[:, 0], model.intercept[0]], expected
    )


def test_penalty_is_lambda_over_the_goals_sd() -> None:
    np.testing.assert_allclose(
        _ridge(lambda_=0.7).coefficients[:, 0],
        _closed_form(0.7, np.ones(3)),
    )


def test_penalty_factors_are_rescaled_to_sum_to_the_columns() -> None:
    factor = np.array([[0.2], [0.5], [0.3]])

    np.testing.assert_allclose(
        _ridge(lambda_=0.7, factor=factor).coefficients[:, 0],
        _closed_form(0.7, 3 * factor[:, 0]),
    )


def test_penalty_factors_of_0_are_no_penalty() -> None:
    model = _ridge(lambda_=0.7, factor=np.zeros((3, 1)))

    np.testing.assert_allclose(model.coefficients, _ridge().coefficients)


def test_limits_hold_on_the_original_scale() -> None:
    model = _ridge(lower=np.array([[-np.inf], [0.5], [0.0]]))

    np.testing.assert_allclose(model.coefficients[1:, 0], [0.5, 0.0])


def test_negative_intercept_is_dropped_and_the_rest_refitted() -> None:
    y = Y - 200.0
    model = _ridge(y=y)

    assert model.intercept_dropped.tolist() == [True]
    assert model.intercept.tolist() == [0.0]
    np.testing.assert_allclose(
        model.coefficients[:, 0], np.linalg.lstsq(X, y)[0]
    )


def test_constant_column_is_left_out() -> None:
    x = X.copy()
    x[:, 1] = 3.0

    assert _ridge(x=x, y=Y - 200.0).coefficients[1, 0] == 0.0


def test_squared_residuals_are_those_of_the_fitted_goal() -> None:
    for y in (Y, Y - 200.0):
        model = _ridge(y=y, lambda_=0.5)
        fitted = X @ model.coefficients[:, 0] + model.intercept

        np.testing.assert_allclose(
            squared_residuals(_moments(X, y), model), np.mean((y - fitted) ** 2)
        )


@pytest.mark.parametrize("shift", [0.0, -200.0])
def test_glmnets_descent_ends_at_the_minimum_when_not_stopped_early(
    monkeypatch: pytest.MonkeyPatch, shift: float
) -> None:
    monkeypatch.setattr(glmnet, "THRESHOLD", 1e-28)
    lower = np.array([[-np.inf], [0.5], [0.0]])
    y = Y + shift

    np.testing.assert_allclose(
        _ridge(
            y=y, lambda_=0.1, lower=lower, descent=glmnet.glmnet
        ).coefficients,
        _ridge(y=y, lambda_=0.1, lower=lower).coefficients,
        rtol=1e-9,
    )
