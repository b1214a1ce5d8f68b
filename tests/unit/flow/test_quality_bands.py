"""A model's quality in a word."""

from typing import Any

import pytest
from mmmflow.domain import quality_bands
from mmmflow.domain.quality_bands import TABLE, WORDS, judge


def model(**measured: float | None) -> dict[str, Any]:
    """Excellent, but for what is given."""
    return {
        "nrmse_train": 0.04,
        "nrmse_test": None,
        "nrmse_backtest": 0.04,
        "rsq_train": 0.95,
        "decomp_rssd": 0.05,
        **measured,
    }


def words(of: dict[str, Any]) -> dict[str, str]:
    return {m["measure"]: m["word"] for m in judge(of)["measures"]}


@pytest.mark.parametrize(
    ("r2", "word"),
    [
        (0.95, "excellent"),
        (0.9, "excellent"),
        (0.85, "good"),
        (0.8, "good"),
        (0.75, "acceptable"),
        (0.69, "poor"),
        (-1.0, "poor"),
    ],
)
def test_r2_is_better_the_higher(r2: float, word: str) -> None:
    assert words(model(rsq_train=r2))["rsq"] == word


@pytest.mark.parametrize(
    ("error", "word"),
    [(0.05, "excellent"), (0.1, "good"), (0.15, "acceptable"), (0.2, "poor")],
)
def test_nrmse_is_better_the_lower(error: float, word: str) -> None:
    assert words(model(nrmse_backtest=error))["nrmse"] == word


def test_nrmse_is_that_out_of_sample_where_there_is_one() -> None:
    judged = judge(model(nrmse_train=0.01, nrmse_test=0.14))
    (nrmse,) = (m for m in judged["measures"] if m["measure"] == "nrmse")
    assert nrmse["value"] == 0.14


@pytest.mark.parametrize(
    ("train", "word"),
    [(0.1, "excellent"), (0.085, "good"), (0.07, "acceptable"), (0.05, "poor")],
)
def test_the_gap_is_error_out_of_sample_over_in_sample(
    train: float, word: str
) -> None:
    of = model(nrmse_train=train, nrmse_backtest=0.1)
    assert words(of)["gap"] == word


def test_an_error_in_sample_is_called_so() -> None:
    judged = judge(model(nrmse_backtest=None))
    assert judged["measures"][0]["label"] == "NRMSE in sample"


def test_there_is_no_gap_without_an_error_out_of_sample() -> None:
    assert "gap" not in words(model(nrmse_backtest=None))


def test_the_word_is_that_of_the_worst_measure() -> None:
    assert judge(model())["word"] == "excellent"
    assert judge(model(rsq_train=0.72))["word"] == "acceptable"


def test_closeness_to_spend_shares_is_shown_but_does_not_count() -> None:
    judged = judge(model(decomp_rssd=0.9))
    assert words(model(decomp_rssd=0.9))["decomp_rssd"] == "poor"
    assert judged["word"] == "excellent"


def test_every_bound_gives_its_reason() -> None:
    for measure in TABLE:
        assert len(measure.bounds) == len(WORDS) - 1
        assert all(reason for _, reason in measure.bounds)


def test_bounds_go_from_better_to_worse() -> None:
    for measure in TABLE:
        bounds = [bound for bound, _ in measure.bounds]
        assert bounds == sorted(bounds, reverse=measure.more)


def test_the_sentence_begins_with_the_word() -> None:
    said = quality_bands.sentence(judge(model(rsq_train=0.5)))
    assert said.startswith("poor: NRMSE out of sample excellent, ")
    assert "adjusted R² poor" in said
