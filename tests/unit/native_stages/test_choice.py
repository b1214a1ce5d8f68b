"""A model is chosen by its errors on rows that its fit has not seen."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mmmflow_native.backtest import backtest, cuts
from mmmflow_native.clusters import NO_CLUSTER, clusters, intervals
from mmmflow_native.config_reader import parse_config
from mmmflow_native.features import Features, build
from mmmflow_native.fit import fit
from mmmflow_native.search import search
from mmmflow_native.selection import Selection, hyperparameters, select
from mmmflow_native.sensitivity import near_optimal, weighted_choices
from mmmflow_native.solutions import Solutions
from mmmflow_native.table import Table


def test_cuts_are_quarters_of_the_last_year(features: Features) -> None:
    w = features.problem.w
    assert cuts(features.problem) == [w - 52, w - 39, w - 26, w - 13]


def test_a_short_window_has_fewer_cuts_or_none(features: Features) -> None:
    problem = features.problem
    assert len(cuts(replace(problem, window=slice(60, 110)))) == 1
    assert cuts(replace(problem, window=slice(90, 110))) == []


def test_a_backtest_does_not_see_what_it_is_tested_on(
    features: Features, solutions: Solutions
) -> None:
    problem = features.problem
    values = hyperparameters(solutions, np.array([3]))
    before = backtest(problem, values)
    changed = problem.y.copy()
    changed[-13:] = 0.0  # only what is held against the last cut
    after = backtest(replace(problem, y=changed), values)
    assert before is not None
    assert after is not None
    spread = np.ptp(changed) / np.ptp(problem.y)
    np.testing.assert_allclose(
        after.by_cut[:-1] * spread, before.by_cut[:-1], rtol=1e-9
    )
    assert after.by_cut[-1, 0] * spread > 2 * before.by_cut[-1, 0]


def test_a_backtest_is_what_a_fit_before_the_cut_predicts(
    features: Features, solutions: Solutions
) -> None:
    problem = features.problem
    values = solutions.hyperparameters(5)
    tested = backtest(problem, hyperparameters(solutions, np.array([5])))
    row = cuts(problem)[0]
    part = replace(problem, window=slice(0, row + 13), ts_validation=True)
    model = fit(part, {**values, "train_size": (row - 1 + 1e-9) / (part.w - 1)})
    errors = model.residuals[row:]
    assert model.train_rows == row
    assert tested is not None
    assert tested.by_cut[0, 0] == pytest.approx(
        np.sqrt(np.mean(errors**2)) / np.ptp(problem.y)
    )


def test_the_choice_is_the_lowest_combined_error(selection: Selection) -> None:
    chosen = selection.position(selection.best)
    assert selection.score[chosen] == selection.score.min()
    assert selection.basis == "backtest"
    assert "4 times fitted again up to a cut" in selection.rule


def test_candidates_are_the_best_of_each_cluster(selection: Selection) -> None:
    for model in selection.candidates[1:]:
        position = selection.position(model)
        family = selection.cluster == selection.cluster[position]
        assert selection.score[position] == selection.score[family].min()
    families = set(selection.cluster.tolist()) - {NO_CLUSTER}
    assert len(selection.candidates) == len(families)


def test_under_validation_the_test_rows_decide(
    table: Table, document: dict[str, Any]
) -> None:
    document["ts_validation"] = True
    problem = build(table, parse_config(document), []).problem
    solutions = search(problem, iterations=40, trials=1, seed=1)
    selection = select(problem, solutions)
    assert selection.basis == "test"
    assert (selection.nrmse_out == solutions.nrmse_test[selection.kept]).all()


def test_a_window_too_short_to_hold_rows_back_says_so(
    features: Features,
) -> None:
    problem = replace(features.problem, window=slice(90, 110))
    solutions = search(problem, iterations=40, trials=1, seed=1)
    selection = select(problem, solutions)
    assert selection.basis == "train"
    assert "the window is too short to hold rows back" in selection.rule


def test_one_fixed_model_is_chosen_as_it_is(features: Features) -> None:
    ranges = {
        name: sum(value) / 2 if isinstance(value, tuple) else value
        for name, value in features.problem.ranges.items()
    }
    problem = replace(features.problem, ranges={**ranges, "lambda": 1000.0})
    solutions = search(problem, iterations=40, trials=2, seed=1)
    selection = select(problem, solutions)
    assert selection.candidates == (0,)
    assert selection.clusters is None


def test_without_weight_rssd_does_not_choose(
    features: Features, solutions: Solutions, selection: Selection
) -> None:
    choices = weighted_choices(features.problem, solutions, selection)
    by_weight = {choice.weight: choice for choice in choices}
    lowest = selection.kept[np.argmin(selection.nrmse_out)]
    assert by_weight[0.0].model == lowest
    assert by_weight[1.0].model == selection.best


def test_rssd_falls_with_its_weight(
    features: Features, solutions: Solutions, selection: Selection
) -> None:
    choices = weighted_choices(features.problem, solutions, selection)
    rssd = solutions.decomp_rssd[[choice.model for choice in choices]]
    assert (np.diff(rssd) <= 0).all()


def test_near_optimal_models_are_within_five_per_cent(
    features: Features, solutions: Solutions, selection: Selection
) -> None:
    near = near_optimal(features.problem, solutions, selection)
    best = selection.nrmse_out.min()
    for model in set(near.models.tolist()) - {selection.best}:
        out = selection.nrmse_out[selection.position(model)]
        assert out <= best * 1.05
    assert (np.diff(near.roas, axis=0) >= 0).all()
    assert near.effect_share[1].sum() == pytest.approx(1.0, abs=0.2)


def test_models_that_differ_in_lambda_alone_count_once() -> None:
    random = np.random.default_rng(4)
    values = random.random((30, 3))
    twice = np.concatenate([values, values[:2]])
    errors = random.random(32)
    found = clusters(twice, errors, errors, np.zeros(32))
    assert found is not None
    assert (found.cluster[30:] == NO_CLUSTER).all()
    assert (found.cluster[:30] != NO_CLUSTER).all()


def test_an_interval_spans_a_clusters_mean() -> None:
    random = np.random.default_rng(4)
    errors = random.random(40)
    found = clusters(random.random((40, 3)), errors, errors, np.zeros(40))
    assert found is not None
    ratios = random.normal(2.0, 0.3, (40, 2))
    for row in intervals(found, ratios):
        sample = ratios[found.cluster == row.cluster, row.column]
        assert row.models == len(sample)
        assert row.low < sample.mean() < row.high
        assert row.mean == pytest.approx(sample.mean(), abs=0.05)


def test_the_same_search_gives_the_same_choice(
    features: Features, solutions: Solutions, selection: Selection
) -> None:
    again = select(features.problem, solutions)
    assert again.candidates == selection.candidates
    assert (again.score == selection.score).all()
