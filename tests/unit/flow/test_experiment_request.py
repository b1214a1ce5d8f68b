"""From what a person asks to a frozen configuration."""

from datetime import UTC, datetime
from typing import Any

import pytest
from mmmflow import schema
from mmmflow.domain import job_config, mapping, request
from mmmflow.domain.errors import InvalidInputError

NOW = datetime(2026, 11, 20, 10, 45, 12, tzinfo=UTC)
ID = "20261120T104512Z-1f3a9c0b77de"
MAPPING = mapping.read(
    {
        "date": "day",
        "goals": [
            {"column": "revenue", "type": "revenue", "main": True},
            {"column": "orders", "type": "conversion"},
        ],
        "columns": {
            "tv_spend": {"category": "paid_spend", "channel": "tv"},
            "tv_views": {"category": "paid_exposure", "channel": "tv"},
            "sea_spend": {
                "category": "paid_spend",
                "channel": "sea",
                "kind": "search",
            },
            "sends": {"category": "organic"},
            "price": {"category": "context", "sign": "negative"},
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


def frozen(**asked: Any) -> dict[str, Any]:
    wanted = request.complete({"country": "DE", **asked})
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
    return config


def problems(**asked: Any) -> list[str]:
    wanted = request.complete({"country": "DE", **asked})
    return [str(problem) for problem in job_config.problems(wanted, MAPPING)]


def test_without_a_sweep_one_experiment_is_asked_for() -> None:
    assert request.expand({"experiment": {"country": "DE"}}) == [
        {"country": "DE"}
    ]


def test_a_sweep_is_every_combination_on_top_of_the_base() -> None:
    body = {
        "experiment": {"country": "DE", "seed": 0},
        "sweep": {"country": ["DE", "FR"], "seed": [1, 2, 3]},
    }
    expanded = request.expand(body)
    assert [(e["country"], e["seed"]) for e in expanded] == [
        ("DE", 1),
        ("DE", 2),
        ("DE", 3),
        ("FR", 1),
        ("FR", 2),
        ("FR", 3),
    ]


def test_a_sweep_has_a_limit() -> None:
    def seeds(count: int) -> dict[str, Any]:
        return {"experiment": {}, "sweep": {"seed": list(range(count))}}

    assert len(request.expand(seeds(10_000))) == 10_000
    with pytest.raises(InvalidInputError, match="more than 10000 experiments"):
        request.expand(seeds(10_001))


@pytest.mark.parametrize(
    ("preset", "size"),
    [("test", (200, 3)), ("benchmark", (2000, 5)), ("production", (10000, 5))],
)
def test_a_preset_gives_the_size_of_the_search(
    preset: str, size: tuple[int, int]
) -> None:
    wanted = request.complete({"country": "DE", "preset": preset})
    assert (wanted["iterations"], wanted["trials"]) == size


def test_numbers_that_are_given_win_over_the_preset() -> None:
    wanted = request.complete({"preset": "production", "trials": 2})
    assert (wanted["iterations"], wanted["trials"]) == (10000, 2)


def test_a_new_experiment_waits_for_its_data() -> None:
    made = request.new_experiment(
        ID,
        request.complete({"country": "DE", "mapping_version": "v1"}),
        batch_id=None,
        correlation_id="c",
        actor="a person",
        now=NOW,
    )
    assert made["state"] == "WAITING"
    assert made["waits_for"] == {"dataset_id": None, "mapping_version": "v1"}
    assert (made["attempt"], made["tries"]) == (0, 0)


def test_a_request_that_fits_the_mapping_has_no_problems() -> None:
    assert not problems(
        goal="orders",
        window={"start": "2024-01-01", "end": "2024-12-31"},
        hyperparameters={"tv_views_thetas": [0.1, 0.5], "sends_alphas": 1},
        allocation={"bounds": {"default": [0.5, 2], "tv": [0, 3]}},
    )


def test_an_unknown_goal_is_answered_with_the_known_ones() -> None:
    (problem,) = problems(goal="profit")
    assert problem == (
        "goal: 'profit' is not a goal of the mapping (goals: revenue, orders)"
    )


def test_a_window_must_not_end_before_it_starts() -> None:
    (problem,) = problems(window={"start": "2024-02-01", "end": "2024-01-01"})
    assert problem == "window: it ends before it starts"


def test_half_a_window_is_a_window() -> None:
    assert not problems(window={"start": "2024-02-01"})
    assert not problems(window={"end": "2024-02-01"})


def test_bounds_are_for_channels_that_there_are() -> None:
    (problem,) = problems(allocation={"bounds": {"radio": [0, 1]}})
    assert "no such channel: 'radio' (channels: tv, sea)" in problem
    (problem,) = problems(allocation={"bounds": {"tv": [2, 1]}})
    assert "min 2 is above max 1" in problem


def test_ranges_are_checked_against_the_models_variables() -> None:
    (problem,) = problems(hyperparameters={"tv_spend_thetas": [0, 1]})
    assert "no such hyperparameter" in problem


def test_holidays_need_a_country() -> None:
    (problem,) = problems(
        country="the-north", prophet={"components": ["trend", "holiday"]}
    )
    assert problem.startswith("prophet.components: holidays of which country?")


def test_nothing_is_left_to_be_filled_in_later() -> None:
    config = frozen()
    assert config["dep_var"] == "revenue"
    assert config["window"] == {"start": None, "end": None}
    assert (config["iterations"], config["trials"]) == (2000, 5)
    assert config["seed"] == 123
    assert config["data"] == {
        "uri": "data/input_data.parquet",
        "generation": "7",
        "sha256": "0" * 64,
    }
    assert config["allocation"]["bounds"] == {"default": [0.5, 2.0]}


def test_the_roles_of_the_columns_are_frozen_with_it() -> None:
    config = frozen()
    assert config["paid_media"][0] == {
        "channel": "tv",
        "spend": "tv_spend",
        "exposure": "tv_views",
        "sign": "positive",
    }
    assert config["organic_media"] == [
        {"variable": "sends", "sign": "positive"}
    ]
    assert config["context"] == [
        {"variable": "price", "sign": "negative", "factor": False},
        {"variable": "event", "sign": "default", "factor": True},
    ]


def test_ranges_come_from_the_kind_else_the_name_of_the_channel() -> None:
    ranges = frozen()["hyperparameters"]
    assert ranges["tv_views_thetas"] == [0.3, 0.8]
    assert ranges["sea_spend_thetas"] == [0.0, 0.3]
    assert ranges["sends_thetas"] == [0.1, 0.4]


@pytest.mark.parametrize(
    ("country", "prophet", "expected"),
    [
        ("DE", {}, (["trend", "season", "holiday"], "DE")),
        ("the-north", {}, (["trend", "season"], None)),
        (
            "the-north",
            {"country": "SE"},
            (["trend", "season", "holiday"], "SE"),
        ),
        ("DE", {"country": None}, (["trend", "season"], None)),
        ("DE", {"components": ["weekday"]}, (["weekday"], "DE")),
    ],
)
def test_holidays_are_those_of_a_country_that_has_a_code(
    country: str, prophet: dict[str, Any], expected: tuple[list[str], str]
) -> None:
    found = frozen(country=country, prophet=prophet)["prophet"]
    assert (found["components"], found["country"]) == expected


def test_a_runs_folder_names_revision_country_and_experiment() -> None:
    experiment = {
        "revision": {"tag": "q3", "number": 2},
        "country": "DE",
        "id": ID,
    }
    assert request.run_folder(experiment) == f"robyn/q3-2/DE/{ID}"
