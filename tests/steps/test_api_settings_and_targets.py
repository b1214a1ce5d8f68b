"""The routes of the ranking rule and of who is told."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Request
from mmmflow.people.outside import HttpOutside
from mmmflow.steps.api import api
from werkzeug.test import EnvironBuilder

from tests import openapi
from tests.listener import Listener, listening
from tests.steps.world import World

RANKING = "/api/v1/settings/ranking"
TARGETS = "/api/v1/notification-targets"
BY_SHARES = {"rule": "weighted", "weights": {"decomp_rssd": 1}}


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def open_world(world: World) -> World:
    """Where notifications may go to this machine itself."""
    world.ports = replace(world.ports, outside=HttpOutside(private=True))
    return world


def ask(world: World, method: str, path: str, body: Any = None) -> Any:
    """(status, the answer)."""
    builder = EnvironBuilder(path, method=method, json=body)
    request = Request(builder.get_environ())
    response = api(request, world.ports)
    builder.close()
    text = response.get_data()
    told = openapi.Told(response.status_code, response.mimetype, text)
    openapi.hold(method, path, told)
    return response.status_code, json.loads(text)


def fields_of(answer: Any) -> list[str]:
    return [p["where"] for p in answer["error"]["problems"]]


def target(listener: Listener, **fields: Any) -> dict[str, Any]:
    return {
        "id": "team",
        "kind": "webhook",
        "events": ["batch.changed"],
        "url": listener.url,
        **fields,
    }


def test_the_rule_is_the_default_until_it_is_set(world: World) -> None:
    status, answer = ask(world, "GET", RANKING)
    assert status == 200
    assert answer["data"]["rule"] == "out_of_sample"
    assert answer["data"]["countries"] == {}


def test_a_rule_is_set_with_its_actor(world: World) -> None:
    assert ask(world, "PUT", RANKING, BY_SHARES)[0] == 200
    _, answer = ask(world, "GET", RANKING)
    assert answer["data"]["rule"] == "weighted"
    assert answer["data"]["actor"] == "local"
    assert len(world.sent("ranking.changed")) == 1


def test_a_country_gets_a_rule_of_its_own_and_loses_it(world: World) -> None:
    assert ask(world, "PUT", f"{RANKING}/DE", BY_SHARES)[0] == 200
    _, answer = ask(world, "GET", RANKING)
    assert answer["data"]["rule"] == "out_of_sample"
    assert answer["data"]["countries"]["DE"]["rule"] == "weighted"
    assert ask(world, "DELETE", f"{RANKING}/DE")[0] == 200
    assert ask(world, "DELETE", f"{RANKING}/DE")[0] == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (RANKING, {"rule": "best"}),
        (RANKING, {"rule": "weighted"}),
        (RANKING, {"rule": "weighted", "weights": {"charm": 1}}),
        (RANKING, {**BY_SHARES, "rule": "error_score"}),
        (f"{RANKING}/D$E", BY_SHARES),
    ],
)
def test_a_rule_that_is_none_is_refused(
    world: World, path: str, body: Any
) -> None:
    status, answer = ask(world, "PUT", path, body)
    assert status == 400
    assert answer["error"]["problems"]
    assert ask(world, "GET", RANKING)[1]["data"]["rule"] == "out_of_sample"


def test_a_target_is_made_listed_and_removed(
    open_world: World, listener: Listener
) -> None:
    assert ask(open_world, "POST", TARGETS, target(listener))[0] == 201
    assert ask(open_world, "POST", TARGETS, target(listener))[0] == 200
    (shown,) = ask(open_world, "GET", TARGETS)[1]["data"]["targets"]
    assert shown["id"] == "team"
    assert ask(open_world, "DELETE", f"{TARGETS}/team")[0] == 200
    assert ask(open_world, "DELETE", f"{TARGETS}/team")[0] == 404


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"id": "No Name"}, "id"),
        ({"kind": "pigeon"}, "kind"),
        ({"events": ["rain"]}, "events[0]"),
        ({"events": []}, "events"),
        ({"countries": ["D E"]}, "countries[0]"),
        ({"url_secret": "both"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"kind": "mail", "sender": "me@a.com"}, "address"),
    ],
)
def test_a_target_that_can_not_be_is_refused_by_its_field(
    open_world: World, listener: Listener, fields: Any, where: str
) -> None:
    status, answer = ask(
        open_world, "POST", TARGETS, target(listener, **fields)
    )
    assert status == 400
    assert where in fields_of(answer)


def test_a_target_on_this_machine_is_refused(
    world: World, listener: Listener
) -> None:
    status, answer = ask(world, "POST", TARGETS, target(listener))
    assert status == 400
    assert fields_of(answer) == ["url"]


def test_a_test_says_what_the_target_answered(
    open_world: World, listener: Listener
) -> None:
    ask(open_world, "POST", TARGETS, target(listener))
    status, answer = ask(open_world, "POST", f"{TARGETS}/team/test", {})
    assert status == 200
    assert answer["data"] == {"answered": 204}


def test_a_test_that_is_not_delivered_says_why(
    open_world: World, listener: Listener
) -> None:
    ask(open_world, "POST", TARGETS, target(listener))
    listener.statuses = [500]
    status, answer = ask(open_world, "POST", f"{TARGETS}/team/test", {})
    assert status == 502
    assert answer["error"]["problems"][0]["what"] == "it answered 500"


def test_a_test_of_a_target_whose_secret_is_missing_says_so(
    open_world: World, listener: Listener
) -> None:
    asked = target(listener, secret="none")
    ask(open_world, "POST", TARGETS, asked)
    status, answer = ask(open_world, "POST", f"{TARGETS}/team/test", {})
    assert status == 404
    assert "secret none" in answer["message"]


def test_a_form_of_another_site_can_not_post_a_test(
    open_world: World, listener: Listener
) -> None:
    ask(open_world, "POST", TARGETS, target(listener))
    builder = EnvironBuilder(f"{TARGETS}/team/test", method="POST", data="")
    response = api(Request(builder.get_environ()), open_world.ports)
    assert response.status_code == 415
    assert listener.posted == []
