"""The search returns every candidate, and the same ones every time."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from mmmflow_native.model.fit import fit
from mmmflow_native.model.problem import Lift, Problem
from mmmflow_native.optimise.search import SearchProgress, search
from mmmflow_native.optimise.solutions import Solutions

MakeProblem = Callable[..., Problem]


def _same(a: Solutions, b: Solutions) -> bool:
    return all(
        np.array_equal(getattr(a, f.name), getattr(b, f.name), equal_nan=True)
        for f in fields(Solutions)
        if isinstance(getattr(a, f.name), np.ndarray)
    )


def test_candidates_are_sorted_by_trial_and_iteration(
    problem: Problem,
) -> None:
    found = search(problem, iterations=50, trials=2, seed=1)

    assert found.trial.tolist() == [1] * 50 + [2] * 50
    assert found.iteration.tolist() == [*range(1, 51)] * 2
    assert found.ids[:2] + found.ids[-1:] == ("1_1_1", "1_2_1", "2_50_1")


def test_same_seed_gives_the_same_solutions(problem: Problem) -> None:
    assert _same(
        search(problem, iterations=60, trials=2, seed=5),
        search(problem, iterations=60, trials=2, seed=5),
    )


def test_trials_do_not_depend_on_each_other(problem: Problem) -> None:
    alone = search(problem, iterations=60, trials=1, seed=5)
    together = search(problem, iterations=60, trials=3, seed=5)

    np.testing.assert_array_equal(alone.values, together.values[:60])
    np.testing.assert_array_equal(alone.decomp_rssd, together.decomp_rssd[:60])


@pytest.mark.parametrize("optimiser", ["de", "twopointsde"])
def test_candidate_fitted_again_has_its_errors(
    make_problem: MakeProblem, optimiser: str
) -> None:
    problem = make_problem(ts_validation=True, add_penalty_factor=True)
    found = search(
        problem,
        iterations=40,
        trials=2,
        seed=5,
        optimiser=optimiser,  # type: ignore[arg-type]
    )
    i = int(np.argmin(found.nrmse))
    model = fit(problem, found.hyperparameters(i))

    assert model.nrmse_val == pytest.approx(found.nrmse[i], rel=1e-9)
    assert model.decomp_rssd == pytest.approx(found.decomp_rssd[i], rel=1e-9)
    np.testing.assert_allclose(
        model.coefficients, found.coefficients[i], rtol=1e-9
    )


def test_mape_is_searched_with_lift_tests(make_problem: MakeProblem) -> None:
    lift = Lift(
        ("tv",), np.datetime64("2024-01-01"), np.datetime64("2024-02-05"), 300.0
    )
    blind = search(make_problem(), iterations=300, trials=1, seed=1)
    problem = make_problem(lifts=(lift,))
    found = search(problem, iterations=300, trials=1, seed=1)
    unaware = [
        fit(problem, blind.hyperparameters(i)).mape for i in range(290, 300)
    ]

    assert found.mape.min() < min(unaware)


def test_search_improves(problem: Problem) -> None:
    found = search(problem, iterations=400, trials=1, seed=1)

    assert found.nrmse[200:].min() < found.nrmse[:20].min()
    assert found.decomp_rssd[200:].min() < found.decomp_rssd[:20].min()


def test_fixed_hyperparameters_have_one_solution(problem: Problem) -> None:
    values = {"alphas": 1.2, "gammas": 0.6, "thetas": 0.4}
    ranges = {
        name: values[name.rsplit("_", 1)[-1]]
        for name in problem.ranges
        if name != "lambda"
    }
    fixed = replace(problem, ranges={**ranges, "lambda": 50.0})
    found = search(fixed, iterations=100, trials=5, seed=1)

    assert found.ids == ("1_1_1",)
    assert found.hyperparameters(0) == fixed.ranges


def test_progress_is_told_after_every_batch(problem: Problem) -> None:
    told: list[SearchProgress] = []
    found = search(
        problem, iterations=50, trials=2, seed=1, on_progress=told.append
    )
    nearest = np.argmin(np.hypot(found.nrmse, found.decomp_rssd))

    assert [t.iteration for t in told] == sorted(t.iteration for t in told)
    assert (told[-1].iteration, told[-1].iterations) == (50, 50)
    assert told[-1].nrmse == found.nrmse[nearest]
    assert told[-1].decomp_rssd == found.decomp_rssd[nearest]


def test_stopped_search_returns_what_it_has(problem: Problem) -> None:
    batches: list[SearchProgress] = []
    found = search(
        problem,
        iterations=1000,
        trials=2,
        seed=1,
        on_progress=batches.append,
        should_stop=lambda: len(batches) == 3,
    )
    whole = search(problem, iterations=1000, trials=2, seed=1)

    assert len(found) == 2 * batches[-1].iteration < 2000
    np.testing.assert_array_equal(
        found.values[: batches[-1].iteration],
        whole.values[: batches[-1].iteration],
    )


def test_search_that_is_stopped_at_once_has_its_first_batch(
    problem: Problem,
) -> None:
    found = search(
        problem, iterations=1000, trials=2, seed=1, should_stop=lambda: True
    )

    assert 0 < len(found) < 100


def test_nevergrad_is_not_imported_unless_asked_for() -> None:
    code = (
        "import sys, mmmflow_native.optimise.search as s; "
        "sys.exit('nevergrad' in sys.modules)"
    )

    assert (
        subprocess.run([sys.executable, "-c", code], check=False).returncode
        == 0
    )
