"""Lift tests are compared with what a model attributes to the media."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from mmmflow_native.model.calibration import Study, place
from mmmflow_native.model.fit import Fit, fit
from mmmflow_native.model.problem import Adstock, Lift, Problem

MakeProblem = Callable[..., Problem]
MONDAY = np.datetime64("2024-01-01")  # a row of the problem's table
WEEK = 7
VALUES = {
    "alphas": 1.2,
    "gammas": 0.6,
    "thetas": 0.4,
    "shapes": 1.5,
    "scales": 0.05,
}


def _lift(days: int = 28, **changes: object) -> Lift:
    lift = Lift(("tv",), MONDAY, MONDAY + days, effect=500.0)
    return replace(lift, **changes)  # type: ignore[arg-type]


def _placed(problem: Problem, lift: Lift) -> Study:
    study = place(problem, lift)
    assert study is not None
    return study


def _fit(problem: Problem, *lifts: Lift) -> Fit:
    values = {
        name: VALUES[name.rsplit("_", 1)[-1]]
        for name in problem.ranges
        if name != "lambda"
    }
    return fit(replace(problem, lifts=lifts), {**values, "lambda": 50.0})


def _row(problem: Problem, date: np.datetime64) -> int:
    return int(np.flatnonzero(problem.dates == date)[0])


def test_rows_are_those_dated_within_the_test(problem: Problem) -> None:
    first = _row(problem, MONDAY)

    assert _placed(problem, _lift(20)).rows.tolist() == [
        first,
        first + 1,
        first + 2,
    ]


def test_period_that_the_test_starts_in_counts(problem: Problem) -> None:
    study = _placed(problem, _lift(start=MONDAY + 2))

    assert study.rows[0] == _row(problem, MONDAY)


def test_response_is_scaled_to_the_days_of_the_test(problem: Problem) -> None:
    assert _placed(problem, _lift(20)).scale == 20 / (2 * WEEK)


def test_test_of_one_row_is_not_scaled(problem: Problem) -> None:
    assert _placed(problem, _lift(6)).scale == 1.0


def test_test_outside_the_window_is_not_compared(problem: Problem) -> None:
    early = _lift(start=problem.dates[0], end=problem.dates[3])

    assert place(problem, early) is None
    assert _fit(problem, early).lifts == ()
    assert _fit(problem, early).mape == 0.0


def test_total_effect_is_the_decomposition_of_the_rows(
    problem: Problem,
) -> None:
    model = _fit(problem, _lift(20))
    first = _row(problem, MONDAY) - problem.window.start
    response = model.decomposition[first : first + 3, 2].sum()

    assert model.lifts[0].predicted == pytest.approx(response * 20 / 14)


def test_channels_that_were_tested_together_add_up(problem: Problem) -> None:
    tv, search, both = _fit(
        problem,
        _lift(),
        _lift(columns=("search",)),
        _lift(columns=("tv", "search")),
    ).lifts

    assert both.predicted == pytest.approx(tv.predicted + search.predicted)


@pytest.mark.parametrize("adstock", ["geometric", "weibull_cdf", "weibull_pdf"])
def test_immediate_effect_leaves_out_earlier_media(
    make_problem: MakeProblem, adstock: Adstock
) -> None:
    problem = make_problem(adstock=adstock)
    (lift,) = _fit(problem, _lift(scope="immediate")).lifts

    assert 0 < lift.predicted < lift.predicted_total


def test_immediate_effect_is_all_of_it_without_earlier_media(
    problem: Problem,
) -> None:
    x = problem.x.copy()
    x[: _row(problem, MONDAY), 2] = 0.0
    (lift,) = _fit(replace(problem, x=x), _lift(scope="immediate")).lifts

    assert lift.predicted == pytest.approx(lift.predicted_total)


def test_mape_is_the_mean_of_the_relative_errors(problem: Problem) -> None:
    model = _fit(problem, _lift(), _lift(effect=900.0))
    errors = [
        abs(lift.predicted - lift.lift.effect) / lift.lift.effect
        for lift in model.lifts
    ]

    assert model.mape == pytest.approx(np.mean(errors))


def test_tests_with_standard_errors_weigh_by_their_precision(
    problem: Problem,
) -> None:
    sure = _lift(standard_error=50.0)
    unsure = _lift(effect=900.0, standard_error=900.0)
    model = _fit(problem, sure, unsure)
    weights = np.array([(500 / 50) ** 2, (900 / 900) ** 2])
    errors = np.array([lift.error for lift in model.lifts])

    assert model.mape == pytest.approx(errors @ weights / weights.sum())
