"""Ranges come from presets by kind of channel, unless a person gives them."""

from typing import Any

import pytest
from mmmflow.domain import hyperparameters

MEDIA = [("tv_spend", "tv"), ("clicks", "search")]


def problems(given: dict[str, Any], adstock: str = "geometric") -> list[str]:
    found = hyperparameters.problems(adstock, ["tv_spend", "clicks"], given)
    return [str(problem) for problem in found]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tv", "tv"),
        ("TV_brand", "tv"),
        ("paid-search", "search"),
        ("tvshop", "other"),
        ("facebook", "other"),
    ],
)
def test_a_channels_name_tells_its_kind(name: str, kind: str) -> None:
    assert hyperparameters.kind_of(name) == kind


def test_geometric_adstock_has_alphas_gammas_and_thetas() -> None:
    ranges = hyperparameters.ranges(
        "geometric", MEDIA, ts_validation=False, given={}
    )
    assert ranges == {
        "tv_spend_alphas": [0.5, 3.0],
        "tv_spend_gammas": [0.3, 1.0],
        "tv_spend_thetas": [0.3, 0.8],
        "clicks_alphas": [0.5, 3.0],
        "clicks_gammas": [0.3, 1.0],
        "clicks_thetas": [0.0, 0.3],
    }


@pytest.mark.parametrize("adstock", ["weibull_cdf", "weibull_pdf"])
def test_weibull_adstock_has_shapes_and_scales(adstock: str) -> None:
    ranges = hyperparameters.ranges(
        adstock, MEDIA[:1], ts_validation=False, given={}
    )
    names = {name.removeprefix("tv_spend_") for name in ranges}
    assert names == {"alphas", "gammas", "shapes", "scales"}


def test_the_train_size_is_searched_only_with_validation() -> None:
    ranges = hyperparameters.ranges(
        "geometric", [], ts_validation=True, given={}
    )
    assert ranges == {"train_size": [0.5, 0.8]}


def test_a_range_that_is_given_replaces_the_presets() -> None:
    ranges = hyperparameters.ranges(
        "geometric",
        MEDIA[:1],
        ts_validation=False,
        given={"tv_spend_thetas": 0.5},
    )
    assert ranges["tv_spend_thetas"] == 0.5


def test_presets_are_never_changed_through_what_they_gave() -> None:
    first = hyperparameters.ranges(
        "geometric", MEDIA, ts_validation=True, given={}
    )
    for range_ in first.values():
        assert isinstance(range_, list)
        range_[0] = 99.0
    second = hyperparameters.ranges(
        "geometric", MEDIA, ts_validation=True, given={}
    )
    assert 99.0 not in [r[0] for r in second.values() if isinstance(r, list)]


def test_ranges_that_fit_have_no_problems() -> None:
    given = {
        "tv_spend_alphas": [0.5, 3],
        "clicks_thetas": 0.1,
        "train_size": [0.5, 0.9],
        "lambda": 250.0,
    }
    assert not problems(given)


def test_an_unknown_hyperparameter_is_named_with_the_known_ones() -> None:
    (problem,) = problems({"tv_thetas": [0, 1]})
    assert "hyperparameters.tv_thetas: no such hyperparameter" in problem
    assert "tv_spend_thetas" in problem


def test_thetas_are_unknown_to_weibull_adstock() -> None:
    assert problems({"tv_spend_thetas": [0, 1]}, "weibull_pdf")
    assert not problems({"tv_spend_shapes": [0, 1]}, "weibull_pdf")


def test_a_range_must_not_end_before_it_begins() -> None:
    (problem,) = problems({"tv_spend_thetas": [0.8, 0.3]})
    assert "min 0.8 is above max 0.3" in problem


@pytest.mark.parametrize(
    "given",
    [
        {"tv_spend_thetas": [0, 1.5]},
        {"tv_spend_thetas": [-0.1, 0.5]},
        {"tv_spend_thetas": 1.5},
        {"tv_spend_gammas": 2},
        {"lambda": [0, 2]},
    ],
)
def test_a_range_or_a_fixed_number_must_lie_within_the_limits(
    given: dict[str, Any],
) -> None:
    (problem,) = problems(given)
    assert "must lie between 0 and 1" in problem


def test_a_fixed_lambda_is_not_negative() -> None:
    (problem,) = problems({"lambda": -1})
    assert "must lie between 0 and inf" in problem


@pytest.mark.parametrize(
    ("given", "end"),
    [
        ({"tv_spend_thetas": [0, 1]}, "1"),
        ({"tv_spend_gammas": [0, 1]}, "0"),
        ({"tv_spend_alphas": [0, 10]}, "0 and 10"),
        ({"train_size": 0.1}, "0.1"),
    ],
)
def test_an_end_at_which_there_is_no_model_is_refused(
    given: dict[str, Any], end: str
) -> None:
    (problem,) = problems(given)
    assert problem.endswith(f", but can't be {end}")
