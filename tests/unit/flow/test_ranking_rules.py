"""The rules that a team may rank its runs by."""

from typing import Any

import pytest
from mmmflow import schema
from mmmflow.domain import ranking
from mmmflow.domain.ranking import Rule


def run(id: str, **measured: float | None) -> dict[str, Any]:
    selected = {
        **dict.fromkeys(ranking.MEASURES),
        "nrmse_train": 0.1,
        "decomp_rssd": 0.1,
        "mape": None,
        **measured,
    }
    return {"id": id, "result": {"selected": selected}}


def order(rule: Rule, *runs: dict[str, Any]) -> list[str]:
    return [e["id"] for e in ranking.ranked(runs, rule)]


def first_score(rule: Rule, *runs: dict[str, Any]) -> float:
    return ranking.scored(runs, rule)[0][1]


ERROR_SCORE = Rule("error_score")


def test_without_settings_the_error_out_of_sample_decides() -> None:
    assert ranking.read(None) == Rule("out_of_sample")


def test_settings_name_the_rule_and_its_weights() -> None:
    settings = {"rule": "weighted", "weights": {"rsq_val": 2}}
    assert ranking.read(settings) == Rule("weighted", {"rsq_val": 2})


@pytest.mark.parametrize(
    "rule",
    [
        Rule("out_of_sample"),
        ERROR_SCORE,
        Rule("weighted", {"rsq_val": 2, "decomp_rssd": 0.5}),
    ],
)
def test_every_rule_is_stated_in_a_sentence(rule: Rule) -> None:
    assert len(rule.sentence) > 30


def test_the_sentence_of_weights_names_them() -> None:
    rule = Rule("weighted", {"rsq_val": 2, "decomp_rssd": 0.5})
    assert "2 × 1 − R² on the validation rows" in rule.sentence
    assert "0.5 × DECOMP.RSSD" in rule.sentence


def test_the_error_score_weighs_fit_and_shares_alike() -> None:
    fits = run("fits", nrmse_train=0.1, decomp_rssd=0.5)
    plausible = run("plausible", nrmse_train=0.2, decomp_rssd=0.1)
    both = run("both", nrmse_train=0.12, decomp_rssd=0.14)
    assert order(ERROR_SCORE, fits, plausible, both)[0] == "both"


def test_the_error_score_is_a_distance_of_errors_scaled_to_one() -> None:
    best = run("best", nrmse_train=0.1, decomp_rssd=0.1)
    worst = run("worst", nrmse_train=0.3, decomp_rssd=0.9)
    scores = [s for _, s in ranking.scored([best, worst], ERROR_SCORE)]
    assert scores == [0.0, pytest.approx(2**0.5 / 3)]


def test_the_error_score_of_one_run_alone_is_zero() -> None:
    assert first_score(ERROR_SCORE, run("a")) == 0.0


def test_a_run_without_lift_tests_is_the_worst_by_their_error() -> None:
    without = run("a", mape=None)
    calibrated = run("b", mape=0.1)
    assert order(ERROR_SCORE, without, calibrated) == ["b", "a"]


def test_weights_make_a_mean_of_errors() -> None:
    rule = Rule("weighted", {"rsq_val": 1, "nrmse_test": 3})
    score = first_score(rule, run("a", rsq_val=0.8, nrmse_test=0.1))
    assert score == pytest.approx((1 * 0.2 + 3 * 0.1) / 4)


def test_a_higher_weight_moves_the_order() -> None:
    a = run("a", rsq_train=0.9, decomp_rssd=0.3)
    b = run("b", rsq_train=0.7, decomp_rssd=0.2)
    assert order(Rule("weighted", {"rsq_train": 1}), a, b) == ["a", "b"]
    by_shares = Rule("weighted", {"rsq_train": 1, "decomp_rssd": 9})
    assert order(by_shares, a, b) == ["b", "a"]


def test_a_run_that_lacks_a_measure_comes_after_those_that_have_it() -> None:
    rule = Rule("weighted", {"nrmse_train": 1, "rsq_val": 1})
    flattering = run("a", nrmse_train=0.01)
    complete = run("b", nrmse_train=0.2, rsq_val=0.5)
    assert order(rule, flattering, complete) == ["b", "a"]


def test_runs_without_any_of_the_measures_are_ranked_in_sample() -> None:
    rule = Rule("weighted", {"rsq_val": 1})
    a, b = run("a", nrmse_train=0.2), run("b", nrmse_train=0.1)
    assert order(rule, a, b) == ["b", "a"]


@pytest.mark.parametrize("name", ["out_of_sample", "error_score", "weighted"])
def test_the_older_one_wins_a_tie_under_every_rule(name: Any) -> None:
    rule = Rule(name, {"rsq_train": 1} if name == "weighted" else {})
    a, b = run("a", rsq_train=0.5), run("b", rsq_train=0.5)
    assert order(rule, b, a) == ["a", "b"]


@pytest.mark.parametrize(
    "settings",
    [
        {"rule": "out_of_sample"},
        {"rule": "error_score"},
        {"rule": "weighted", "weights": {"rsq_val": 1}},
    ],
)
def test_settings_that_make_sense_are_taken(settings: Any) -> None:
    assert schema.check("ranking.json", settings) == []


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"rule": "best"},
        {"rule": "weighted"},
        {"rule": "weighted", "weights": {}},
        {"rule": "weighted", "weights": {"rsq_val": 0}},
        {"rule": "weighted", "weights": {"rsq_val": -1}},
        {"rule": "weighted", "weights": {"charm": 1}},
    ],
)
def test_settings_that_make_none_are_refused(settings: Any) -> None:
    assert schema.check("ranking.json", settings) != []


def test_weights_are_for_the_rule_that_weighs() -> None:
    settings = {"rule": "error_score", "weights": {"rsq_val": 1}}
    assert [p.where for p in ranking.problems(settings)] == ["weights"]


def test_every_weight_that_the_schema_takes_is_a_measure() -> None:
    weights = schema._load("ranking.json")["properties"]["weights"]
    assert set(weights["properties"]) == set(ranking.MEASURES)
