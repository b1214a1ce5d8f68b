"""Commands by HTTP: each answered in one form, each mistake explained."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from mmmflow import wiring
from mmmflow.ports import Create, Json, Message
from mmmflow.steps.collect import collect
from mmmflow.steps.enqueue import enqueue
from mmmflow.steps.launch import launch

from tests import held_client
from tests.steps.world import World

V1 = "/api/v1"


@pytest.fixture
def client(world: World, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr(wiring, "ports", lambda: world.ports)
    world.prepared()
    return held_client.client()


def post(client: FlaskClient, path: str, body: Any = None, **k: Any) -> Any:
    return client.post(f"{V1}/{path}", json=body or {}, **k)


def get(client: FlaskClient, path: str) -> Any:
    return client.get(f"{V1}/{path}")


def put(client: FlaskClient, name: str, body: Json) -> Any:
    return client.put(f"{V1}/queues/{name}", json=body)


def delete(client: FlaskClient, path: str) -> Any:
    return client.delete(f"{V1}/{path}")


def problems(response: Any) -> list[Json]:
    found: list[Json] = response.json["error"]["problems"]
    return found


def run_launch(world: World) -> None:
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), world.ports)


def put_letter(world: World) -> None:
    letter = {
        "state": "BURIED",
        "topic": "queue.changed",
        "function": "launch",
        "reason": "it broke",
        "body": {},
        "attributes": {},
        "correlation_id": "c",
        "buried_at": "2026-11-20T10:45:12+00:00",
    }
    world.ports.documents.commit([Create("dead_letters", "x", letter)])


def test_a_cancel_answers_with_the_experiment(
    world: World, client: FlaskClient
) -> None:
    (id,) = world.queued()
    answer = post(client, f"experiments/{id}/cancel", {"why": "late"})
    assert answer.status_code == 200
    assert answer.json["data"]["state"] == "CANCELLED"
    assert answer.json["message"] == "cancelled"
    assert world.experiment(id)["history"][-1]["actor"] == "local"


def test_a_cancel_says_that_its_run_is_being_stopped(
    world: World, client: FlaskClient
) -> None:
    (id,) = world.queued()
    run_launch(world)
    world.claim(id, "native-medium-1")
    answer = post(client, f"experiments/{id}/cancel")
    assert answer.json["message"] == "cancelled; its run is being stopped"


def test_a_command_may_come_without_a_body(
    world: World, client: FlaskClient
) -> None:
    (id,) = world.queued()
    answer = client.post(
        f"{V1}/experiments/{id}/cancel", content_type="application/json"
    )
    assert answer.status_code == 200


def test_a_form_of_another_site_commands_nothing(
    world: World, client: FlaskClient
) -> None:
    (id,) = world.queued()
    answer = client.post(f"{V1}/experiments/{id}/cancel", data={"a": "b"})
    assert answer.status_code == 415
    assert world.experiment(id)["state"] == "QUEUED"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("experiments/{id}/cancel", {"who": "me"}),
        ("experiments/{id}/retry", {"why": 7}),
        ("experiments/{id}/cancel", {"actor": "me"}),
        ("experiments/{id}/clone", {"changes": []}),
        ("queues/default/pause", {"why": "x" * 501}),
        ("queues/default/order", {"experiment_id": "x", "priority": 1}),
        ("queues/default/order", {"experiment_id": "{id}"}),
        ("pause-all", {"reason": "x"}),
        ("dead-letters/x/replay", {"to": "launch"}),
    ],
)
def test_a_body_that_breaks_its_schema_is_refused(
    world: World, client: FlaskClient, path: str, body: Json
) -> None:
    (id,) = world.queued()
    asked = {k: id if v == "{id}" else v for k, v in body.items()}
    answer = post(client, path.format(id=id), asked)
    assert answer.status_code == 400
    assert answer.json["error"]["code"] == "invalid"
    assert problems(answer)


@pytest.mark.parametrize(
    "path",
    [
        "experiments/none/cancel",
        "experiments/none/retry",
        "experiments/none/clone",
        "queues/none/pause",
        "dead-letters/none/replay",
        "dead-letters/none/discard",
    ],
)
def test_what_is_not_there_is_said(client: FlaskClient, path: str) -> None:
    answer = post(client, path)
    assert answer.status_code == 404
    assert "there is no" in answer.json["message"]


def test_a_retry_of_what_runs_is_a_conflict_with_a_way_out(
    world: World, client: FlaskClient
) -> None:
    (id,) = world.queued()
    answer = post(client, f"experiments/{id}/retry")
    assert answer.status_code == 409
    (problem,) = problems(answer)
    assert problem["what"] == "it is QUEUED"
    assert "clone" in problem["hint"]


def test_a_retry_answers_with_the_queued_experiment(
    world: World, client: FlaskClient
) -> None:
    (id,) = world.queued()
    post(client, f"experiments/{id}/cancel")
    answer = post(client, f"experiments/{id}/retry")
    assert answer.json["data"]["state"] == "QUEUED"


def test_a_retry_is_one_for_its_key(world: World, client: FlaskClient) -> None:
    (id,) = world.queued()
    post(client, f"experiments/{id}/cancel")
    key = {"Idempotency-Key": "k"}
    first = post(client, f"experiments/{id}/retry", headers=key)
    assert first.json["data"]["state"] == "QUEUED"
    post(client, f"experiments/{id}/cancel")
    again = post(client, f"experiments/{id}/retry", headers=key)
    assert again.status_code == 200
    assert again.json["data"]["state"] == "CANCELLED"


def test_a_clone_is_made_once_for_its_key(
    world: World, client: FlaskClient
) -> None:
    (id,) = world.queued()
    path, body = f"experiments/{id}/clone", {"changes": {"seed": 9}}
    key = {"Idempotency-Key": "k"}
    first = post(client, path, body, headers=key)
    again = post(client, path, body, headers=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["data"]["id"] == again.json["data"]["id"]
    other = post(client, path, {"changes": {"seed": 8}}, headers=key)
    assert other.status_code == 409


def test_a_deletion_says_what_became_of_the_objects(
    world: World, client: FlaskClient
) -> None:
    (id,) = world.queued()
    refused = delete(client, f"experiments/{id}")
    assert refused.status_code == 409
    post(client, f"experiments/{id}/cancel")
    unclear = delete(client, f"experiments/{id}?objects=some")
    assert unclear.status_code == 400
    answer = delete(client, f"experiments/{id}?objects=remove")
    assert answer.json["message"] == "deleted; its objects are removed"
    assert get(client, f"experiments/{id}").status_code == 404


def test_a_queue_is_set_and_shown(client: FlaskClient) -> None:
    answer = put(client, "night", {"parallelism": 3, "daily_runs": 20})
    assert answer.status_code == 200
    shown = get(client, "queues/night").json["data"]
    assert (shown["parallelism"], shown["daily_runs"]) == (3, 20)
    assert shown["daily_cost"] is None


def test_what_is_left_out_of_a_queue_stays(client: FlaskClient) -> None:
    put(client, "night", {"parallelism": 3})
    put(client, "night", {"daily_cost": 1.5})
    shown = get(client, "queues/night").json["data"]
    assert (shown["parallelism"], shown["daily_cost"]) == (3, 1.5)


@pytest.mark.parametrize("name", ["Night", "a" * 41, "a_b", "1"])
def test_a_queue_has_a_name_that_is_one(client: FlaskClient, name: str) -> None:
    answer = put(client, name, {})
    assert answer.status_code == 400
    assert "no name of a queue" in answer.json["message"]


@pytest.mark.parametrize(
    "body",
    [
        {"parallelism": 0},
        {"parallelism": 1000},
        {"daily_runs": -1},
        {"daily_cost": "10"},
        {"paused": True},
    ],
)
def test_a_queue_is_not_set_to_nonsense(
    client: FlaskClient, body: Json
) -> None:
    assert put(client, "night", body).status_code == 400
    assert get(client, "queues/night").status_code == 404


def test_a_queue_is_paused_and_resumed(
    world: World, client: FlaskClient
) -> None:
    put(client, "night", {})
    paused = post(client, "queues/night/pause")
    assert paused.json["data"]["paused"]
    assert paused.json["data"]["held"]["reason"].endswith("by local")
    resumed = post(client, "queues/night/resume")
    assert not resumed.json["data"]["paused"]


def test_the_switch_for_all_says_who_pressed_it(client: FlaskClient) -> None:
    put(client, "night", {})
    body = {"why": "budget"}
    pressed = post(client, "pause-all", body).json["data"]["paused_by_all"]
    assert (pressed["actor"], pressed["why"]) == ("local", "budget")
    shown = get(client, "queues").json["data"]
    assert shown["paused_by_all"]["actor"] == "local"
    assert shown["queues"][0]["held"]["reason"].endswith("by local: budget")
    resumed = post(client, "resume-all").json["data"]
    assert resumed["paused_by_all"] is None


def test_the_order_changes_by_priority_and_by_place(
    world: World, client: FlaskClient
) -> None:
    a, b = world.queued(2)
    answer = post(
        client,
        "queues/default/order",
        {"experiment_id": b, "priority": 5},
    )
    assert answer.json["data"]["priority"] == 5
    moved = post(
        client, "queues/default/order", {"experiment_id": a, "before": b}
    )
    assert moved.json["data"]["priority"] >= 5


def test_an_experiment_is_reordered_in_its_own_queue(
    world: World, client: FlaskClient
) -> None:
    (id,) = world.queued()
    answer = post(
        client, "queues/other/order", {"experiment_id": id, "priority": 5}
    )
    assert answer.status_code == 400
    assert "it is in queue default" in answer.json["message"]


def test_a_batch_is_counted(world: World, client: FlaskClient) -> None:
    batch = "20261120T104512Z-1f3a9c0b77de"
    for id in world.queued(2):
        world.change("experiments", id, batch_id=batch)
    answer = get(client, f"batches/{batch}")
    assert answer.json["message"] == "0 of 2 experiments ended"
    assert get(client, "batches/none").status_code == 404


def test_the_history_is_streamed_as_csv(
    world: World, client: FlaskClient
) -> None:
    (id,) = world.queued()
    answer = get(client, "history.csv?country=DE")
    assert answer.mimetype == "text/csv"
    assert answer.is_streamed
    assert id in answer.text
    assert get(client, "history.csv?limit=3").status_code == 400


def test_dead_letters_are_listed_and_settled(
    world: World, client: FlaskClient
) -> None:
    put_letter(world)
    shown = get(client, "dead-letters").json["data"]["dead_letters"]
    assert [letter["reason"] for letter in shown] == ["it broke"]
    settled = post(client, "dead-letters/x/discard")
    assert settled.json["data"]["state"] == "DISCARDED"
    assert post(client, "dead-letters/x/replay").status_code == 409
    buried = get(client, "dead-letters?state=BURIED").json["data"]
    assert buried["dead_letters"] == []
    assert get(client, "dead-letters?state=X").status_code == 400


def test_what_was_refused_is_listed_with_everything_wrong(
    client: FlaskClient, world: World
) -> None:
    body = {"schema_version": 1, "experiment": {"country": "D E", "seed": -1}}
    enqueue(Message("experiment.requested", "1", body), world.ports)
    (refused,) = get(client, "refused-requests").json["data"]["requests"]
    wrong = {problem["where"] for problem in refused["problems"]}
    assert wrong == {"country", "seed"}


def test_an_experiment_is_shown_though_its_summary_is_gone(
    client: FlaskClient, world: World
) -> None:
    (id,) = world.queued()
    run_launch(world)
    collect(world.succeeded(id), world.ports)
    folder = world.experiment(id)["result"]["folder"]
    world.ports.data.delete(f"{folder}/model_summary.json")
    shown = get(client, f"experiments/{id}")
    assert shown.status_code == 200
    assert shown.json["data"]["summary"] is None
