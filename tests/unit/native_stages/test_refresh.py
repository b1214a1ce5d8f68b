"""A refresh stays near the previous model and says why ROAS moved."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mmmflow_native.choice.refresh import about_movement, movement, refreshed
from mmmflow_native.choice.stability import about_stability, stability
from mmmflow_native.data.config import JobConfig
from mmmflow_native.data.config_reader import parse_config
from mmmflow_native.data.features import Features, build
from mmmflow_native.data.table import Table
from mmmflow_native.errors import UserError
from mmmflow_native.model.fit import Fit, fit
from mmmflow_native.model.problem import Problem
from mmmflow_native.optimise.search import search
from mmmflow_native.write.model_json import Model

NEW_WEEKS = 10


@pytest.fixture
def old(table: Table, document: dict[str, Any]) -> Model:
    """Return a model of all but the last ten weeks."""
    document["window"]["end"] = str(table.dates[-1 - NEW_WEEKS])
    problem = build(table, parse_config(document), []).problem
    solutions = search(problem, iterations=20, trials=1, seed=1)
    values = solutions.hyperparameters(10)
    found = fit(problem, values)
    return Model(
        model_id="1_11_1",
        country="DE",
        dep_var="revenue",
        dep_var_type="revenue",
        allocation=parse_config(document).allocation,
        problem=problem,
        hyperparameters=values,
        solver="exact",
        intercept=found.intercept,
        coefficients=found.coefficients,
        contribution=found.contribution,
    )


@pytest.fixture
def problem(features: Features, document: dict[str, Any]) -> Problem:
    """Return the problem with the new weeks."""
    return features.problem


def _new(problem: Problem, old: Model) -> Fit:
    near = refreshed(problem, old)
    solutions = search(near, iterations=20, trials=1, seed=2)
    return fit(near, solutions.hyperparameters(15))


def test_ranges_are_near_the_previous_values(
    problem: Problem, old: Model
) -> None:
    near = refreshed(problem, old)
    freedom = NEW_WEEKS / problem.w
    for name, given in problem.ranges.items():
        now = near.ranges[name]
        assert isinstance(given, tuple)
        assert isinstance(now, tuple)
        assert given[0] <= now[0] <= now[1] <= given[1]
        assert now[1] - now[0] <= 2 * freedom * (given[1] - given[0]) + 1e-12
        if name != "lambda":
            assert now[0] <= old.hyperparameters[name] <= now[1]


def test_the_previous_shares_are_what_rssd_is_measured_from(
    problem: Problem, old: Model
) -> None:
    previous = refreshed(problem, old).previous
    assert previous is not None
    assert previous.steps == NEW_WEEKS
    assert previous.shares.sum() + previous.intercept_share == pytest.approx(1)


def test_the_causes_add_up_to_the_whole_movement(
    problem: Problem, old: Model
) -> None:
    new = _new(problem, old)
    found = movement(problem, old, new)
    spent = problem.spend[problem.window].sum(axis=0)
    np.testing.assert_allclose(
        found.selection, new.contribution[problem.paid] / spent
    )
    before = old.problem.spend[old.problem.window].sum(axis=0)
    np.testing.assert_allclose(
        found.previous, old.contribution[old.problem.paid] / before
    )


def test_data_that_were_not_restated_move_nothing(
    problem: Problem, old: Model
) -> None:
    found = movement(problem, old, _new(problem, old))
    np.testing.assert_allclose(found.data, found.previous, rtol=1e-9)


def test_restated_data_move_roas_by_data(problem: Problem, old: Model) -> None:
    doubled = replace(problem, y=problem.y * 2)
    found = movement(doubled, old, _new(doubled, old))
    moved = np.abs(found.data - found.previous)
    assert (moved > 0.5 * np.abs(found.previous)).any()


def test_a_large_movement_names_its_cause(problem: Problem, old: Model) -> None:
    found = movement(problem, old, _new(problem, old))
    moved = replace(
        found,
        channels=("TV", "Search"),
        previous=np.array([1.0, 1.0]),
        data=np.array([1.0, 1.0]),
        window=np.array([2.0, 1.0]),
        selection=np.array([2.1, 1.0]),
    )
    assert about_movement(moved) == [
        "ROAS of TV went from 1.00 to 2.10, most of it by window "
        "(data +0.00, window +1.00, selection +0.10)."
    ]


WRONG: dict[str, tuple[Callable[[Problem], Problem], str]] = {
    "nothing is new": (
        lambda p: replace(p, window=slice(0, p.n - NEW_WEEKS)),
        "no period of the window is after",
    ),
    "everything is new": (
        lambda p: replace(p, window=slice(p.n - NEW_WEEKS, p.n)),
        "every period of the window is new",
    ),
    "another adstock": (
        lambda p: replace(p, adstock="weibull_cdf"),
        "has geometric adstock by week",
    ),
    "other variables": (
        lambda p: replace(p, columns=p.columns[1:], x=p.x[:, 1:]),
        "differ in ['price']",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_refresh_is_refused(
    case: str, problem: Problem, old: Model
) -> None:
    change, message = WRONG[case]
    with pytest.raises(UserError) as refused:
        refreshed(change(problem), old)
    assert message in str(refused.value)


def test_stability_repeats_the_search_with_other_seeds(
    features: Features, config: JobConfig
) -> None:
    found = stability(features.problem, config, 3)
    assert found.seeds == (1, 3, 5)
    assert found.roas.shape == found.spend_proposed.shape == (3, 2)
    np.testing.assert_allclose(found.effect_share.sum(axis=1), 1.0)


def test_a_return_that_depends_on_the_seed_is_named(
    features: Features, config: JobConfig
) -> None:
    found = stability(features.problem, config, 2)
    apart = replace(found, roas=np.array([[1.0, 2.0], [2.0, 2.0]]))
    assert about_stability(features.problem, apart) == [
        "Over 2 seeds of the search the return differs: TV 1 to 2 "
        "(results/stability)."
    ]
