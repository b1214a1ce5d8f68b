"""The full set of what a person may ask of a model, frozen or refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from mmmflow import schema
from mmmflow.domain import job_config, mapping, request
from mmmflow_native.data.config_reader import parse_config

NOW = datetime(2026, 11, 20, 10, 45, 12, tzinfo=UTC)
ID = "20261120T104512Z-1f3a9c0b77de"
MAPPING = mapping.read(
    {
        "date": "day",
        "goals": [{"column": "revenue", "type": "revenue"}],
        "columns": {
            "tv_spend": {"category": "paid_spend", "channel": "tv"},
            "tv_views": {"category": "paid_exposure", "channel": "tv"},
            "sea_spend": {"category": "paid_spend", "channel": "sea"},
            "sends": {"category": "organic"},
            "price": {"category": "context", "sign": "negative"},
            "rain": {"category": "context"},
            "event": {"category": "factor"},
        },
    }
)
TRAINING = {
    "dataset_id": ID,
    "mapping_version": "v1",
    "uri": "data/input_data.parquet",
    "generation": "7",
    "sha256": "0" * 64,
}
LIFT = {
    "channel": "tv",
    "liftStartDate": "2024-03-04",
    "liftEndDate": "2024-04-01",
    "liftAbs": 1200.0,
}


def frozen(**asked: Any) -> dict[str, Any]:
    """The configuration, which the native engine must understand."""
    schema.require("experiment.json", {"country": "DE", **asked})
    wanted = request.complete({"country": "DE", **asked})
    assert job_config.problems(wanted, MAPPING) == []
    made = request.new_experiment(
        ID,
        wanted,
        batch_id=None,
        correlation_id="c",
        actor="a person",
        now=NOW,
    )
    config = job_config.freeze(made, MAPPING, TRAINING)
    schema.require("job_config.json", config)
    parse_config(config)
    return config


def problems(**asked: Any) -> list[str]:
    wanted = request.complete({"country": "DE", **asked})
    return [str(problem) for problem in job_config.problems(wanted, MAPPING)]


def test_without_a_choice_all_of_the_mapping_is_used() -> None:
    config = frozen()
    assert [m["channel"] for m in config["paid_media"]] == ["tv", "sea"]
    assert [m["variable"] for m in config["organic_media"]] == ["sends"]
    context = [(c["variable"], c["factor"]) for c in config["context"]]
    assert context == [("price", False), ("rain", False), ("event", True)]


def test_channels_that_are_chosen_keep_the_mappings_order() -> None:
    config = frozen(paid_media=["sea", {"channel": "tv"}])
    assert [m["channel"] for m in config["paid_media"]] == ["tv", "sea"]


def test_a_channel_may_be_read_by_its_spend_though_it_has_an_exposure() -> None:
    config = frozen(paid_media=[{"channel": "tv", "variable": "spend"}])
    (tv,) = config["paid_media"]
    assert (tv["spend"], tv["exposure"]) == ("tv_spend", None)
    assert "tv_spend_thetas" in config["hyperparameters"]


def test_an_exposure_that_is_not_there_can_not_be_asked_for() -> None:
    (problem,) = problems(
        paid_media=[{"channel": "sea", "variable": "exposure"}]
    )
    assert problem == "paid_media: channel 'sea' has no exposure column"


def test_organic_context_and_factors_are_chosen_by_their_columns() -> None:
    config = frozen(organic=[], context=["rain"], factors=[])
    assert config["organic_media"] == []
    assert [c["variable"] for c in config["context"]] == ["rain"]
    assert not [k for k in config["hyperparameters"] if "sends" in k]


def test_every_unknown_name_is_listed_with_the_known_ones() -> None:
    found = problems(paid_media=["radio"], context=["event"], goal="profit")
    assert found == [
        "goal: 'profit' is not a goal of the mapping (goals: revenue)",
        "paid_media: no such channel: 'radio' (channels: tv, sea)",
        "context: 'event' is not one of the mapping's (known: price, rain)",
    ]


def test_a_channel_is_named_once() -> None:
    (problem,) = problems(paid_media=["tv", {"channel": "tv"}])
    assert problem == "paid_media: channel 'tv' is named twice"


def test_signs_are_given_per_channel_or_variable() -> None:
    config = frozen(
        signs={"tv": "default", "price": "default", "sends": "negative"}
    )
    assert config["paid_media"][0]["sign"] == "default"
    assert config["paid_media"][1]["sign"] == "positive"
    assert config["organic_media"][0]["sign"] == "negative"
    assert config["context"][0]["sign"] == "default"


def test_a_sign_is_for_what_the_model_has() -> None:
    (problem,) = problems(signs={"sea": "default"}, paid_media=["tv"])
    assert problem.startswith("signs.sea: no such channel or variable")


def test_a_range_is_for_a_medium_that_the_model_has() -> None:
    (problem,) = problems(
        paid_media=["tv"], hyperparameters={"sea_spend_thetas": [0, 0.3]}
    )
    assert "hyperparameters.sea_spend_thetas: no such" in problem


def test_the_train_size_is_a_range_or_a_number_with_validation() -> None:
    given: dict[str, Any]
    for given in ({"train_size": [0.6, 0.8]}, {"train_size": 0.7}):
        config = frozen(ts_validation=True, hyperparameters=given)
        assert config["hyperparameters"]["train_size"] == given["train_size"]


def test_a_train_size_without_validation_is_refused_not_ignored() -> None:
    (problem,) = problems(hyperparameters={"train_size": 0.7})
    assert problem.startswith("hyperparameters.train_size: without ts_validat")


def test_penalty_factors_get_a_range_for_every_column() -> None:
    ranges = frozen(
        add_penalty_factor=True, hyperparameters={"rain_penalty": [0.2, 0.4]}
    )["hyperparameters"]
    penalties = {k: v for k, v in ranges.items() if k.endswith("_penalty")}
    assert penalties.pop("rain_penalty") == [0.2, 0.4]
    assert set(penalties) == {
        f"{name}_penalty"
        for name in (
            "trend",
            "season",
            "holiday",
            "price",
            "event",
            "tv_views",
            "sea_spend",
            "sends",
        )
    }
    assert all(range_ == [0.0, 1.0] for range_ in penalties.values())


def test_a_penalty_that_is_not_searched_is_refused_not_ignored() -> None:
    (problem,) = problems(hyperparameters={"rain_penalty": [0, 1]})
    assert "without add_penalty_factor it has no effect" in problem


def test_a_penalty_is_for_a_column_that_the_model_has() -> None:
    (problem,) = problems(
        add_penalty_factor=True,
        context=["price"],
        hyperparameters={"rain_penalty": [0, 1]},
    )
    assert "hyperparameters.rain_penalty: no such" in problem


def test_a_lift_test_gets_the_goal_and_the_immediate_scope() -> None:
    (lift,) = frozen(calibration=[LIFT])["calibration"]
    assert lift == {
        **LIFT,
        "metric": "revenue",
        "calibration_scope": "immediate",
    }


def test_a_lift_test_may_have_measured_channels_together() -> None:
    (lift,) = frozen(calibration=[{**LIFT, "channel": "tv+sea"}])["calibration"]
    assert lift["channel"] == "tv+sea"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {"liftEndDate": "2024-01-01"},
            "calibration[0]: it ends before it starts",
        ),
        ({"channel": "tv + radio"}, "calibration[0].channel: no such channel"),
        ({"metric": "orders"}, "calibration[0].metric: it measured 'orders'"),
    ],
)
def test_a_lift_test_must_fit_the_model(
    changed: dict[str, Any], expected: str
) -> None:
    (problem,) = problems(calibration=[{**LIFT, **changed}])
    assert problem.startswith(expected)


def test_solver_optimiser_and_intercept_are_frozen() -> None:
    config = frozen(
        solver="glmnet", optimiser="twopointsde", intercept_sign="unconstrained"
    )
    assert config["engine"]["solver"] == "glmnet"
    assert config["engine"]["optimiser"] == "twopointsde"
    assert config["intercept_sign"] == "unconstrained"
    assert frozen()["engine"]["solver"] == "exact"


def test_a_budget_scenario_is_frozen_with_its_bounds() -> None:
    allocation = {
        "scenario": "target_efficiency",
        "target_value": 2.5,
        "total_budget": 1e6,
        "bounds": {"tv": [0, 3]},
    }
    config = frozen(allocation=allocation)
    bounds = {"default": [0.5, 2.0], "tv": [0, 3]}
    assert config["allocation"] == {
        **allocation,
        "bounds": bounds,
        "locked": [],
        "groups": [],
        "period": None,
    }


def test_locked_channels_groups_and_a_future_period_are_frozen() -> None:
    period = {"name": "Q1", "start": "2027-01-04", "end": "2027-03-28"}
    config = frozen(
        allocation={
            "locked": ["sea"],
            "groups": [{"name": "all", "channels": ["tv", "sea"], "high": 5}],
            "period": period,
        }
    )
    found = parse_config(config).allocation
    assert found.locked == ("sea",)
    (group,) = found.groups
    assert (group.channels, group.low, group.high) == (("tv", "sea"), 0, 5)
    assert found.period is not None
    assert str(found.period.end) == "2027-03-28"


@pytest.mark.parametrize(
    ("allocation", "problem"),
    [
        ({"locked": ["radio"]}, "allocation.locked: no such channel: 'radio'"),
        (
            {"groups": [{"name": "g", "channels": ["tv", "radio"]}]},
            "allocation.groups[0].channels: no such channel: 'radio'",
        ),
        (
            {
                "groups": [
                    {"name": "g", "channels": ["tv"], "low": 2, "high": 1}
                ]
            },
            "allocation.groups[0]: low 2 is above high 1",
        ),
        (
            {"groups": [{"name": n, "channels": ["tv"]} for n in "ab"]},
            "allocation.groups[1]: 'tv' is in another group already",
        ),
        (
            {
                "period": {
                    "name": "p",
                    "start": "2027-02-01",
                    "end": "2027-01-31",
                }
            },
            "allocation.period: it ends before it starts",
        ),
    ],
)
def test_a_budget_that_can_not_be_is_refused(
    allocation: dict[str, Any], problem: str
) -> None:
    (found,) = problems(allocation=allocation)
    assert found.startswith(problem)


def test_how_often_the_search_is_repeated_is_frozen() -> None:
    assert frozen(stability=4)["stability"] == 4
    assert parse_config(frozen(stability=4)).stability == 4
    assert parse_config(frozen()).stability == 0


def test_what_only_the_native_engine_can_do_is_refused_for_others() -> None:
    asked = {"country": "DE", "stability": 3, "allocation": {"locked": ["tv"]}}
    wanted = {**request.complete(asked), "engine": "robyn"}
    found = [str(problem) for problem in request.contradictions(wanted)]
    assert [line.split(":")[0] for line in found] == [
        "stability",
        "allocation.locked",
    ]


def test_a_target_that_the_scenario_does_not_have_is_refused() -> None:
    (problem,) = problems(allocation={"target_value": 2.5})
    assert problem.startswith("allocation.target_value: max_response has no")


@pytest.mark.parametrize("time", ["tomorrow", "2026-12-31T22:00:00"])
def test_a_start_time_has_a_zone(time: str) -> None:
    (problem,) = problems(not_before=time)
    assert problem.startswith(f"not_before: {time!r} is no time with its zone")


def test_labels_are_short_words_under_plain_names() -> None:
    def wrong(**labels: str) -> int:
        asked = {"country": "DE", "labels": labels}
        return len(schema.check("experiment.json", asked))

    assert not wrong(team="growth", quarter_3="yes, please")
    assert wrong(Team="growth")
    assert wrong(team="x" * 101)
