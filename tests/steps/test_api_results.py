"""Results by HTTP: tables, files, log, what-if, comparison, short forms."""

import json
from typing import Any

import pytest
from mmmflow import wiring
from mmmflow.domain import paths
from mmmflow.ports import Create
from mmmflow.steps.collect import collect

from tests import held_client
from tests.held_client import HeldClient
from tests.steps.test_launch import run_launch
from tests.steps.world import World

V1 = "/api/v1"
TABLE = """model_id,nrmse,selected,note
1_2_1,0.125,True,
1_3_1,NA,False,plain text
2_9_1,1e-3,False,
"""
MODEL = {
    "model_id": "1_2_1",
    "dep_var_type": "revenue",
    "allocation": {
        "scenario": "max_response",
        "total_budget": None,
        "target_value": None,
        "bounds": {"default": [0.5, 2.0]},
        "locked": [],
        "groups": [],
        "period": None,
    },
    "responses": [
        {
            "channel": name,
            "coefficient": coefficient,
            "alpha": 1.5,
            "inflexion": 100.0,
            "carryover": 10.0,
            "spend_now": 100.0,
            "spend_highest": 150.0,
        }
        for name, coefficient in (("tv", 900.0), ("search", 300.0))
    ],
    "problem": {
        "interval": "week",
        "window": [0, 30],
        "dates": ["2024-01-01", "2024-07-22"],
    },
}


@pytest.fixture
def client(world: World, monkeypatch: pytest.MonkeyPatch) -> HeldClient:
    monkeypatch.setattr(wiring, "ports", lambda: world.ports)
    return held_client.client()


@pytest.fixture
def trained(world: World) -> str:
    """An experiment that succeeded, with files of a run."""
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    folder = paths.attempt_folder(world.run(id), 1)
    world.put(f"{folder}/results/models.csv", TABLE.encode())
    world.put(f"{folder}/results/onepager.png", b"a picture")
    world.put(f"{folder}/results/models/1_2_1.json", json.dumps(MODEL).encode())
    world.put(f"{folder}/robyn_console.log", "größer\nals".encode())
    collect(world.succeeded(id), world.ports)
    return id


def data(answer: Any) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json["data"]


# Tables


def test_a_table_is_read_as_numbers_texts_and_gaps(
    client: HeldClient, trained: str
) -> None:
    path = f"{V1}/experiments/{trained}/tables"
    assert data(client.get(path))["tables"] == ["models"]
    found = data(client.get(f"{path}/models"))
    assert found["columns"] == ["model_id", "nrmse", "selected", "note"]
    assert found["rows"] == [
        ["1_2_1", 0.125, True, None],
        ["1_3_1", None, False, "plain text"],
        ["2_9_1", 0.001, False, None],
    ]
    assert found["next"] is None


def test_a_table_comes_page_by_page_or_by_model(
    client: HeldClient, trained: str
) -> None:
    path = f"{V1}/experiments/{trained}/tables/models"
    first = data(client.get(f"{path}?limit=2"))
    assert (len(first["rows"]), first["next"]) == (2, 2)
    rest = data(client.get(f"{path}?limit=2&after=2"))
    assert (len(rest["rows"]), rest["next"]) == (1, None)
    (row,) = data(client.get(f"{path}?model_id=2_9_1"))["rows"]
    assert row[0] == "2_9_1"


def test_a_table_that_is_none_is_said(client: HeldClient, trained: str) -> None:
    path = f"{V1}/experiments/{trained}/tables"
    assert client.get(f"{path}/nothing").status_code == 404
    assert client.get(f"{path}/models?limit=0").status_code == 400


# Files and log


def test_files_are_listed_by_kind(client: HeldClient, trained: str) -> None:
    path = f"{V1}/experiments/{trained}/files"
    (image,) = data(client.get(f"{path}?kind=images"))["files"]
    assert image["name"] == "results/onepager.png"
    assert image["media_type"] == "image/png"
    assert image["size"] == len(b"a picture")
    assert client.get(f"{path}?kind=x").status_code == 400


def test_a_file_is_signed(client: HeldClient, trained: str) -> None:
    path = f"{V1}/experiments/{trained}/signed-files/results/onepager.png"
    found = data(client.get(path))
    assert found["method"] == "GET"
    assert "signature=" in found["url"]
    assert client.get(f"{path}.none").status_code == 404


def test_the_log_goes_on_where_it_was(
    world: World, client: HeldClient, trained: str
) -> None:
    path = f"{V1}/experiments/{trained}/log"
    first = data(client.get(path))
    assert first["text"] == "größer\nals"
    assert first["next"] == first["size"]
    folder = world.experiment(trained)["result"]["folder"]
    world.put(f"{folder}/robyn_console.log", "größer\nals gedacht".encode())
    more = data(client.get(f"{path}?offset={first['next']}"))
    assert more["text"] == " gedacht"
    beyond = data(client.get(f"{path}?offset=99999"))
    assert beyond["text"] == ""


# What if


def test_another_budget_is_answered_at_once(
    world: World, client: HeldClient, trained: str
) -> None:
    before = len(world.all("experiments"))
    path = f"{V1}/experiments/{trained}/what-if"
    now = data(client.post(path, json={}))
    assert now["total_budget"] == pytest.approx(200 * 30)
    more = data(client.post(path, json={"total_budget": 9000}))
    assert more["total_budget"] == pytest.approx(9000)
    assert more["response_proposed"] > now["response_proposed"]
    wrong = client.post(path, json={"bounds": {"radio": [0, 1]}})
    assert wrong.status_code == 400
    assert len(world.all("experiments")) == before


def test_a_model_that_was_not_kept_is_said(
    client: HeldClient, trained: str
) -> None:
    path = f"{V1}/experiments/{trained}/what-if"
    answer = client.post(path, json={"model_id": "9_9_9"})
    assert answer.status_code == 404


# Champions, leaderboards, comparison


def test_a_leaderboard_is_listed_and_shown(
    client: HeldClient, trained: str
) -> None:
    (board,) = data(client.get(f"{V1}/leaderboards"))["leaderboards"]
    assert board["experiment_id"] == trained
    shown = data(client.get(f"{V1}/leaderboards/DE/revenue"))
    assert [row["experiment_id"] for row in shown["ranking"]] == [trained]
    assert client.get(f"{V1}/leaderboards/FR/revenue").status_code == 404
    assert client.get(f"{V1}/champions/DE/revenue").status_code == 200


def test_two_runs_are_compared(
    world: World, client: HeldClient, trained: str
) -> None:
    (other,) = world.queued(adstock="weibull_cdf")
    run_launch(world)
    collect(world.succeeded(other, error=0.05), world.ports)
    path = f"{V1}/comparisons?before={trained}&after={other}"
    found = data(client.get(path))
    assert found["previous_experiment_id"] == trained
    assert any(change["path"] == "adstock" for change in found["config"])
    missing = trained.replace(trained[-1], "0" if trained[-1] != "0" else "1")
    gone = client.get(f"{V1}/comparisons?before={missing}&after={other}")
    assert gone.status_code == 404
    assert client.get(f"{V1}/comparisons?before=x").status_code == 400


# Dry run


def test_a_dry_run_says_what_would_be_made_and_makes_nothing(
    world: World, client: HeldClient
) -> None:
    world.prepared()
    body = {
        "experiment": {"country": "DE", "preset": "test"},
        "sweep": {"seed": [1, 2, 3]},
    }
    before = world.all("requests")
    found = data(client.post(f"{V1}/experiments/dry-run", json=body))
    assert found["experiments"] == 3
    assert found["would_be"] == {"QUEUED": 3}
    one = found["listed"][0]
    assert found["cost"] == pytest.approx(3 * one["cost"], rel=1e-3)
    assert found["seconds"] >= 1.5 * one["seconds"] - 1
    assert world.all("requests") == before
    assert world.all("experiments") + world.all("revisions") == []


def test_a_dry_run_tells_what_would_wait_or_fail(
    world: World, client: HeldClient
) -> None:
    world.prepared()
    csv = "country,paid_media\nDE,\nFR,\n"
    path = f"{V1}/batches/dry-run"
    found = data(client.post(path, data=csv.encode(), content_type="text/csv"))
    assert found["would_be"] == {"QUEUED": 1, "WAITING": 1}
    body = {"experiment": {"country": "DE", "goal": "charm"}}
    failing = data(client.post(f"{V1}/experiments/dry-run", json=body))
    assert failing["would_be"] == {"FAILED": 1}
    assert failing["listed"][0]["problems"]


# Short forms


def test_train_by_get_and_by_post(world: World, client: HeldClient) -> None:
    world.prepared()
    first = client.get(
        f"{V1}/train?country=DE&iterations=200&trials=3&version=v1"
    )
    assert first.status_code == 201
    assert data(first)["state"] == "QUEUED"
    body = {"country": "DE", "iterations": 200, "trials": 3, "version": "v1"}
    second = client.post(f"{V1}/train", json=body)
    assert second.status_code == 201
    assert data(first)["job_id"] != data(second)["job_id"]
    experiment = world.experiment(data(second)["job_id"])
    assert experiment["request"]["iterations"] == 200
    assert experiment["mapping_version"] == "v1"
    assert experiment["actor"] == "local"


def test_train_under_the_same_key_is_one(client: HeldClient) -> None:
    key = {"Idempotency-Key": "night-1"}
    first = client.get(f"{V1}/train?country=DE", headers=key)
    again = client.get(f"{V1}/train?country=DE", headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert data(first)["job_id"] == data(again)["job_id"]


def test_status_of_a_job_or_of_the_newest(client: HeldClient) -> None:
    id = data(client.get(f"{V1}/train?country=DE"))["job_id"]
    for answer in (
        client.get(f"{V1}/status?job_id={id}"),
        client.get(f"{V1}/status?country=DE"),
        client.post(f"{V1}/status", json={"job_id": id}),
    ):
        assert data(answer)["job_id"] == id
    assert client.get(f"{V1}/status?job_id=none").status_code == 404
    assert client.get(f"{V1}/status?country=FR").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?country=D%20E",
        "?country=DE&trials=many",
        "?country=DE&iterations=1",
        "?country=DE&color=red",
    ],
)
def test_a_short_form_that_is_wrong_makes_nothing(
    world: World, client: HeldClient, query: str
) -> None:
    assert client.get(f"{V1}/train{query}").status_code == 400
    assert world.all("experiments") == []


# Costs


def test_costs_are_the_stored_days_and_their_sum(
    world: World, client: HeldClient
) -> None:
    for day, total in (("2026-10-31", 9.0), ("2026-11-02", 1.5)):
        cost = {
            "schema_version": 1,
            "day": day,
            "currency": "USD",
            "total": total,
            "services": {"Cloud Run": total},
            "categories": {"training": total},
        }
        world.ports.documents.commit([Create("costs", day, cost)])
    found = data(client.get(f"{V1}/costs"))
    assert (found["total"], len(found["days"])) == (1.5, 1)
    whole = data(client.get(f"{V1}/costs?since=2026-10-01&until=2026-11-30"))
    assert whole["categories"] == {"training": 10.5}
    assert client.get(f"{V1}/costs?since=yesterday").status_code == 400


def test_the_contract_is_served_with_its_schemas(client: HeldClient) -> None:
    contract = client.get(f"{V1}/schemas/openapi.yaml")
    assert contract.mimetype == "application/yaml"
    assert client.get(f"{V1}/schemas/common.json").json is not None
    assert client.get(f"{V1}/schemas/secret.key").status_code == 404
