"""Many candidates are evaluated together, each as if alone."""

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from mmmflow_native.model.candidates import Candidates, candidates
from mmmflow_native.model.evaluate import Evaluated, Evaluator
from mmmflow_native.model.fit import fit
from mmmflow_native.model.problem import Adstock, Lift, Problem
from mmmflow_native.optimise.space import space

MakeProblem = Callable[..., Problem]
COUNT = 70
LIFT = Lift(
    ("tv",),
    np.datetime64("2024-01-01"),
    np.datetime64("2024-02-05"),
    500.0,
    "immediate",
)


def _random(problem: Problem, count: int = COUNT) -> dict[str, np.ndarray]:
    where = space(problem)
    unit = np.random.default_rng(2).random((count, len(where.names)))
    values = where.values(unit, log_lambda=True)
    return {
        name: np.broadcast_to(value, (count,))
        for name, value in where.by_name(values).items()
    }


@pytest.mark.parametrize("adstock", ["geometric", "weibull_cdf", "weibull_pdf"])
@pytest.mark.parametrize("ts_validation", [False, True])
@pytest.mark.parametrize("add_penalty_factor", [False, True])
def test_errors_of_a_batch_are_those_of_its_models(
    make_problem: MakeProblem,
    adstock: Adstock,
    ts_validation: bool,
    add_penalty_factor: bool,
) -> None:
    problem = make_problem(
        adstock=adstock,
        ts_validation=ts_validation,
        add_penalty_factor=add_penalty_factor,
        lifts=(LIFT,),
    )
    values = _random(problem)
    errors = Evaluator(problem).evaluate(candidates(problem, values))
    for i in range(0, COUNT, 15):
        one = {name: float(value[i]) for name, value in values.items()}
        model = fit(problem, one)
        y = problem.y[problem.window]
        train = slice(0, model.train_rows)
        rmse = np.sqrt(np.mean(model.residuals[train] ** 2))
        assert errors.nrmse_train[i] == pytest.approx(
            rmse / np.ptp(y[train]), rel=1e-9
        )
        assert errors.decomp_rssd[i] == pytest.approx(
            model.decomp_rssd, rel=1e-9
        )
        assert errors.mape[i] == pytest.approx(model.mape, rel=1e-9)
        np.testing.assert_allclose(
            errors.contribution[:, i], model.contribution, rtol=1e-9
        )


def test_validation_and_test_errors_are_of_their_own_rows(
    make_problem: MakeProblem,
) -> None:
    problem = make_problem(ts_validation=True)
    values = {name: float(v[0]) for name, v in _random(problem).items()}
    model = fit(problem, {**values, "train_size": 0.6})
    y = problem.y[problem.window]
    ends = np.cumsum([model.train_rows, model.val_rows])
    parts = (slice(ends[0], ends[1]), slice(ends[1], None))
    for part, nrmse in zip(
        parts, (model.nrmse_val, model.nrmse_test), strict=True
    ):
        rmse = np.sqrt(np.mean(model.residuals[part] ** 2))
        assert nrmse == pytest.approx(rmse / np.ptp(y[part]))


def test_blocks_do_not_change_a_bit(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = candidates(problem, _random(problem))
    whole = Evaluator(problem).evaluate(batch)
    monkeypatch.setattr("mmmflow_native.model.evaluate.BLOCK", 1)
    blocks = Evaluator(problem).evaluate(batch)

    _assert_same(whole, blocks)


def test_later_media_do_not_change_earlier_rows(problem: Problem) -> None:
    values = {name: float(v[0]) for name, v in _random(problem).items()}
    x = problem.x.copy()
    x[-1, 2] = 0.0
    before = fit(problem, values).adstocked
    after = fit(replace(problem, x=x), values).adstocked

    np.testing.assert_array_equal(before[:-1], after[:-1])


def test_missing_hyperparameter_is_named(problem: Problem) -> None:
    values = _random(problem)
    del values["tv_thetas"]

    with pytest.raises(KeyError, match="tv_thetas"):
        candidates(problem, values)


def test_run_of_candidates_is_taken_in_order(problem: Problem) -> None:
    batch = candidates(problem, _random(problem))
    part: Candidates = batch.take(slice(5, 8))

    np.testing.assert_array_equal(part.lambda_, batch.lambda_[5:8])
    np.testing.assert_array_equal(part.alphas, batch.alphas[:, 5:8])


def _assert_same(a: Evaluated, b: Evaluated) -> None:
    for field in fields(Evaluated):
        np.testing.assert_array_equal(
            getattr(a, field.name), getattr(b, field.name)
        )
