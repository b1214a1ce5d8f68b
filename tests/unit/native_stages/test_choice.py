"""A model is chosen by its errors on rows that its fit has not seen."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mmmflow_native.choice.backtest import backtest, cuts
from mmmflow_native.choice.clusters import NO_CLUSTER, clusters, intervals
from mmmflow_native.choice.selection import (
    WITHIN,
    Selection,
    hyperparameters,
    select,
)
from mmmflow_native.choice.sensitivity import plausible, weighted_choices
from mmmflow_native.data.config_reader import parse_config
from mmmflow_native.data.features import Features, build
from mmmflow_native.data.table import Table
from mmmflow_native.model.fit import fit
from mmmflow_native.optimise.search import search
from mmmflow_native.optimise.solutions import Solutions


def test_cuts_are_quarters_after_the_first_half(features: Features) -> None:
    w = features.problem.w
    assert cuts(features.problem) == [w - 52, w - 39, w - 26, w - 13]
    problem = features.problem
    longer = replace(
        problem,
        dates=np.tile(problem.dates, 3),
        y=np.tile(problem.y, 3),
        x=np.tile(problem.x, (3, 1)),
        spend=np.tile(problem.spend, (3, 1)),
        window=slice(0, 3 * w),
    )
    assert cuts(longer) == [3 * w - 13 * i for i in range(8, 0, -1)]


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
        after.errors[:-13] * spread, before.errors[:-13], rtol=1e-9
    )
    assert np.abs(after.errors[-13:]).mean() > np.abs(before.errors).mean()


def test_a_backtest_is_what_a_fit_before_the_cut_predicts(
    features: Features, solutions: Solutions
) -> None:
    problem = features.problem
    values = solutions.hyperparameters(5)
    tested = backtest(problem, hyperparameters(solutions, np.array([5])))
    row = cuts(problem)[0]
    part = replace(problem, window=slice(0, row + 13), ts_validation=True)
    model = fit(part, {**values, "train_size": (row - 1 + 1e-9) / (part.w - 1)})
    assert model.train_rows == row
    assert tested is not None
    np.testing.assert_allclose(
        tested.errors[:13, 0], model.residuals[row:] / np.ptp(problem.y)
    )


def test_an_event_that_comes_after_the_cut_can_not_be_predicted(
    features: Features, solutions: Solutions
) -> None:
    problem = features.problem
    x = problem.x.copy()
    x[:, 0] = 0.0
    x[-5, 0] = 1000.0 / 3.0
    tested = backtest(
        replace(problem, x=x), hyperparameters(solutions, np.arange(3))
    )
    assert tested is not None
    assert (tested.nrmse < 1.0).all()


def test_rssd_chooses_only_among_models_that_predict_about_as_well(
    solutions: Solutions, selection: Selection
) -> None:
    chosen = selection.position(selection.best)
    rssd = solutions.decomp_rssd[selection.kept]
    near = selection.nrmse_out <= WITHIN * selection.nrmse_out.min()
    assert (selection.plausible == near).all()
    assert 1 < near.sum() < len(near)
    assert near[chosen]
    assert rssd[chosen] == rssd[near].min()
    assert selection.basis == "backtest"
    assert f"{near.sum()} are within 5% of the lowest error" in selection.rule
    assert "4 times fitted again up to a cut" in selection.rule


def test_plausible_models_rank_before_all_others(selection: Selection) -> None:
    ranks = selection.rank
    count = int(selection.plausible.sum())
    assert sorted(ranks.tolist()) == list(range(1, len(ranks) + 1))
    assert ranks[selection.plausible].max() == count


def test_candidates_are_the_best_of_each_cluster(selection: Selection) -> None:
    for model in selection.candidates[1:]:
        position = selection.position(model)
        family = selection.cluster == selection.cluster[position]
        assert selection.rank[position] == selection.rank[family].min()
    families = set(selection.cluster.tolist()) - {NO_CLUSTER}
    assert len(selection.candidates) == len(families)


def test_under_validation_models_are_tested_on_the_same_rows(
    table: Table, document: dict[str, Any]
) -> None:
    document["ts_validation"] = True
    problem = build(table, parse_config(document), []).problem
    solutions = search(problem, iterations=40, trials=1, seed=1)
    kept = np.arange(5)
    values = hyperparameters(solutions, kept)
    assert len(set(np.asarray(values["train_size"]).tolist())) > 1
    tested = backtest(problem, values)
    same = backtest(problem, {**values, "train_size": 1.0})
    assert tested is not None
    assert same is not None
    assert (tested.errors == same.errors).all()


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


def test_rssd_falls_with_its_weight(
    features: Features, solutions: Solutions, selection: Selection
) -> None:
    choices = weighted_choices(features.problem, solutions, selection)
    rssd = solutions.decomp_rssd[[choice.model for choice in choices]]
    assert (np.diff(rssd) <= 0).all()


def test_ranges_span_the_plausible_models(
    features: Features, solutions: Solutions, selection: Selection
) -> None:
    found = plausible(features.problem, solutions, selection)
    assert len(found.models) == selection.plausible.sum()
    assert (np.diff(found.roas, axis=0) >= 0).all()
    spent = features.problem.spend[features.problem.window].sum(axis=0)
    chosen = solutions.contribution[selection.best, features.problem.paid]
    assert (found.roas[0] <= chosen / spent).all()
    assert (chosen / spent <= found.roas[2]).all()


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
    assert (again.rank == selection.rank).all()
