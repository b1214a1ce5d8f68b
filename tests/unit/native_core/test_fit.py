"""A fitted model explains the goal by its parts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from mmmflow_native.model.fit import Fit, fit
from mmmflow_native.model.problem import Adstock, Previous, Problem

VALUES = {
    "alphas": 1.2,
    "gammas": 0.6,
    "thetas": 0.4,
    "shapes": 1.5,
    "scales": 0.05,
}


def _fit(problem: Problem, **changes: float) -> Fit:
    values = {
        name: VALUES[name.rsplit("_", 1)[-1]]
        for name in problem.ranges
        if name != "lambda"
    }
    return fit(problem, {**values, "lambda": 50.0, **changes})


@pytest.fixture(params=["geometric", "weibull_cdf", "weibull_pdf"])
def model(
    request: pytest.FixtureRequest, make_problem: Callable[..., Problem]
) -> tuple[Problem, Fit]:
    adstock: Adstock = request.param
    problem = make_problem(adstock=adstock)
    return problem, _fit(problem)


def test_decomposition_and_intercept_add_up_to_the_fitted_goal(
    model: tuple[Problem, Fit],
) -> None:
    _, m = model
    np.testing.assert_allclose(
        m.decomposition.sum(axis=1) + m.intercept, m.fitted
    )


def test_residuals_are_what_is_not_explained(
    model: tuple[Problem, Fit],
) -> None:
    problem, m = model
    np.testing.assert_allclose(
        m.fitted + m.residuals, problem.y[problem.window]
    )


def test_immediate_and_carryover_add_up_to_the_response(
    model: tuple[Problem, Fit],
) -> None:
    problem, m = model
    np.testing.assert_allclose(
        m.immediate + m.carryover,
        m.decomposition[:, problem.media],
        atol=1e-9,
    )
    assert (m.carryover >= 0).all()


def test_contribution_is_the_sum_over_the_window(
    model: tuple[Problem, Fit],
) -> None:
    _, m = model
    np.testing.assert_allclose(m.decomposition.sum(axis=0), m.contribution)


def test_shares_sum_to_1(model: tuple[Problem, Fit]) -> None:
    _, m = model

    assert m.effect_share.sum() == pytest.approx(1.0)
    assert m.spend_share.sum() == pytest.approx(1.0)


def test_without_a_split_all_rows_train(problem: Problem) -> None:
    m = _fit(problem)

    assert (m.train_rows, m.val_rows) == (60, 0)
    assert m.nrmse_val is None
    assert m.rsq_test is None


def test_fixed_train_size_splits_without_validation_too(
    problem: Problem,
) -> None:
    m = _fit(problem, train_size=0.6)

    assert (m.train_rows, m.val_rows) == (36, 12)
    assert m.nrmse_val is not None


def test_inflation_is_adstocked_over_advertised(problem: Problem) -> None:
    m = _fit(problem)
    expected = m.adstocked.sum(axis=0) / problem.x[:, problem.media].sum(axis=0)

    np.testing.assert_allclose(m.inflations, expected)


def test_channel_without_media_has_no_part(problem: Problem) -> None:
    x = problem.x.copy()
    x[:, 3] = 0.0
    m = _fit(replace(problem, x=x))

    assert m.coefficients[3] == 0.0
    assert m.effect_share.tolist() == [1.0, 0.0]
    assert m.inflations[1] == 1.0


def test_media_without_any_effect_share_nothing(problem: Problem) -> None:
    x = problem.x.copy()
    x[:, problem.paid] = 0.0
    m = _fit(replace(problem, x=x))

    assert m.effect_share.tolist() == [0.0, 0.0]
    assert m.decomp_rssd == np.inf


def test_unconstrained_intercept_may_be_negative(problem: Problem) -> None:
    shifted = replace(problem, y=problem.y - 5000.0)
    free = replace(shifted, intercept_sign="unconstrained")

    assert _fit(shifted).intercept_dropped
    assert _fit(free).intercept < 0


def test_refresh_to_the_same_model_has_no_distance(problem: Problem) -> None:
    before = _fit(problem)
    fitted = before.fitted.sum()
    previous = Previous(
        before.intercept * problem.w / fitted,
        before.contribution / fitted,
        steps=4,
    )
    after = _fit(replace(problem, previous=previous))

    assert after.decomp_rssd == pytest.approx(0.0, abs=1e-12)


def test_a_context_that_moves_only_after_training_has_no_effect(
    make_problem: Callable[..., Problem],
) -> None:
    problem = make_problem(ts_validation=True)
    price = problem.names.index("price")
    x = problem.x.copy()
    x[:, price] = 0.0
    x[-5:, price] = [3.0, 1.0, 4.0, 1.0, 5.0]
    model = _fit(replace(problem, x=x), train_size=0.7)
    assert model.coefficients[price] == 0
    assert model.nrmse_val is not None
    assert model.nrmse_val < 10
