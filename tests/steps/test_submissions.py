"""What a person submits by HTTP, and what is answered."""

import json
from io import BytesIO
from typing import Any

from flask import Request
from mmmflow.ports import Json
from mmmflow.steps.api import api
from werkzeug.test import EnvironBuilder

from tests import openapi
from tests.steps.world import World


def call(
    world: World, method: str, path: str, **options: Any
) -> tuple[int, Json]:
    request = Request(
        EnvironBuilder(path, method=method, **options).get_environ()
    )
    response = api(request, world.ports)
    text = response.get_data()
    told = openapi.Told(response.status_code, response.mimetype, text)
    openapi.hold(method, path, told)
    body: Json = json.loads(text)
    return response.status_code, body


def post(world: World, path: str, body: Json, **headers: str) -> Any:
    return call(world, "POST", path, json=body, headers=headers)


def upload(
    world: World, text: str | bytes, query: str = "", **headers: str
) -> Any:
    data = text if isinstance(text, bytes) else text.encode()
    return call(
        world,
        "POST",
        f"/api/v1/batches{query}",
        data=data,
        content_type="text/csv",
        headers=headers,
    )


def test_a_csv_is_a_batch_of_its_rows(world: World) -> None:
    status, answer = upload(world, "country,seed\nDE,1\nFR,2\n")
    assert status == 201
    assert answer["message"] == "2 experiments made"
    assert len(answer["data"]["experiments"]) == 2
    assert answer["data"]["batch"]["state"] == "COMPLETE"


def test_a_row_that_is_wrong_stops_the_whole_batch(world: World) -> None:
    status, answer = upload(world, "country,seed,window.end\nDE,1,\nFR,x,1\n")
    assert status == 400
    where = [p["where"] for p in answer["error"]["problems"]]
    assert where == ["row 2, column 'seed'"]
    assert world.states() == []


def test_the_schemas_and_the_rules_problems_have_their_rows_too(
    world: World,
) -> None:
    text = (
        "country,adstock,window.start,window.end\n"
        ",linear,,\nDE,,2024-02-01,2024-01-01\n"
    )
    _, answer = upload(world, text)
    where = [p["where"] for p in answer["error"]["problems"]]
    assert where == [
        "row 1",
        "row 1, column 'adstock'",
        "row 2, column 'window'",
    ]


def test_partial_makes_the_rows_that_are_right(world: World) -> None:
    text = "country,seed\nDE,1\nFR,x\nSE,3\n"
    status, answer = upload(world, text, "?partial=true")
    assert status == 201
    made = [e["country"] for e in answer["data"]["experiments"]]
    assert sorted(made) == ["DE", "SE"]
    assert [p["where"] for p in answer["data"]["refused"]] == [
        "row 2, column 'seed'"
    ]


def test_partial_without_a_right_row_makes_nothing(world: World) -> None:
    status, _ = upload(world, "country,seed\nFR,x\n", "?partial=true")
    assert status == 400


def test_the_same_batch_again_is_answered_with_what_it_made(
    world: World,
) -> None:
    _, first = upload(world, "country,seed\nDE,1\nFR,2\n")
    status, again = upload(world, "country;seed\nDE;1\nFR;2\n")
    assert status == 200
    assert "were made before by the same request" in again["message"]
    ids = [e["id"] for e in first["data"]["experiments"]]
    assert [e["id"] for e in again["data"]["experiments"]] == ids


def test_force_makes_it_again_as_the_next_revision(world: World) -> None:
    upload(world, "country\nDE\n")
    status, again = upload(world, "country\nDE\n", "?force=true")
    assert status == 201
    (made,) = again["data"]["experiments"]
    assert made["revision"] == {"tag": "r", "number": 2}
    status, answer = call(
        world, "GET", "/api/v1/revisions/next?tag=r&country=DE"
    )
    assert (status, answer["data"]["number"]) == (200, 3)


def test_a_large_batch_is_accepted_and_made_afterwards(world: World) -> None:
    rows = "".join(f"DE,{seed}\n" for seed in range(101))
    status, answer = upload(world, f"country,seed\n{rows}")
    assert status == 202
    assert answer["message"] == "101 experiments are being made"
    assert answer["data"]["batch"]["total"] == 101
    assert answer["data"]["experiments"] == []


def test_a_million_rows_are_refused_without_being_read(world: World) -> None:
    body = BytesIO(b"country\n" + b"DE\n" * 1_000_000)
    status, answer = call(
        world,
        "POST",
        "/api/v1/batches",
        input_stream=body,
        content_type="text/csv",
    )
    assert status == 400
    assert "more than 10000 rows" in answer["message"]
    assert body.tell() < 100_000


def test_an_endless_line_is_refused(world: World) -> None:
    status, answer = upload(world, b"country" + b"x" * 2_000_000)
    assert status == 400
    assert "a line is longer than" in answer["message"]


def test_lines_of_json_are_a_batch_too(world: World) -> None:
    status, _ = call(
        world,
        "POST",
        "/api/v1/batches",
        data=b'{"country": "DE"}\n{"country": "FR"}\n',
        content_type="application/x-ndjson",
    )
    assert status == 201


def test_an_unknown_argument_is_refused(world: World) -> None:
    status, answer = upload(world, "country\nDE\n", "?dry=true&force=1")
    assert status == 400
    where = [p["where"] for p in answer["error"]["problems"]]
    assert where == ["dry", "force"]


def test_other_bodies_are_refused(world: World) -> None:
    status, _ = post(world, "/api/v1/batches", {})
    assert status == 415


def test_experiments_are_found_by_their_labels(world: World) -> None:
    upload(world, "country,labels.team\nDE,growth\nFR,brand\nSE,\n")
    _, answer = call(world, "GET", "/api/v1/experiments?label.team=brand")
    (found,) = answer["data"]["experiments"]
    assert (found["country"], found["labels"]) == ("FR", {"team": "brand"})
    two = "/api/v1/experiments?label.team=brand&label.month=may"
    status, answer = call(world, "GET", two)
    assert (status, answer["error"]["problems"][0]["where"]) == (
        400,
        "label.month",
    )


def test_an_experiment_may_be_forced_with_a_key(world: World) -> None:
    body = {"experiment": {"country": "DE"}}
    post(world, "/api/v1/experiments", body)
    for _ in range(2):
        _, answer = post(
            world,
            "/api/v1/experiments",
            {**body, "force": True},
            **{"Idempotency-Key": "again"},
        )
    (made,) = answer["data"]["experiments"]
    assert made["revision"]["number"] == 2


def test_a_standing_experiment_is_made_listed_changed_and_deleted(
    world: World,
) -> None:
    body = {"country": "DE", "experiment": {"preset": "test"}}
    status, answer = post(world, "/api/v1/standing", body)
    assert status == 201
    path = f"/api/v1/standing/{answer['data']['id']}"
    assert post(world, "/api/v1/standing", body)[0] == 200
    status, answer = call(world, "PATCH", path, json={"enabled": False})
    assert (status, answer["data"]["enabled"]) == (200, False)
    _, answer = call(world, "GET", "/api/v1/standing?country=DE")
    assert len(answer["data"]["standing"]) == 1
    assert call(world, "DELETE", path)[0] == 200
    assert call(world, "GET", path)[0] == 404
    assert call(world, "DELETE", path)[0] == 404
    assert post(world, "/api/v1/standing", body)[0] == 409
