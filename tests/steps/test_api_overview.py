"""All that the status page shows, in one answer."""

from typing import Any

import pytest
from mmmflow import wiring
from mmmflow.messaging import dead_letters
from mmmflow.ports import Message
from mmmflow.steps.collect import collect

from tests import held_client
from tests.held_client import HeldClient
from tests.steps.test_launch import run_launch
from tests.steps.world import World

PATH = "/api/v1/overview"


@pytest.fixture
def client(world: World, monkeypatch: pytest.MonkeyPatch) -> HeldClient:
    monkeypatch.setattr(wiring, "ports", lambda: world.ports)
    return held_client.client()


def overview(client: HeldClient) -> Any:
    answer = client.get(PATH)
    assert answer.json is not None
    return answer.json["data"]


def test_an_empty_system_has_an_empty_overview(client: HeldClient) -> None:
    found = overview(client)
    assert found["me"]["roles"] == ["operator", "viewer"]
    assert found["costs"]["total"] == 0
    parts = ("experiments", "champions", "datasets", "batches", "standing")
    assert [found[part] for part in parts] == [[]] * len(parts)


def test_each_part_is_as_its_own_route_shows_it(
    world: World, client: HeldClient
) -> None:
    world.prepared()
    first, _ = world.queued(2)
    run_launch(world)
    collect(world.succeeded(first), world.ports)
    dead_letters.bury(world.ports, Message("", "m", {"a": 1}))
    found = overview(client)
    for part, path in (
        ("experiments", "experiments"),
        ("champions", "champions"),
        ("datasets", "datasets"),
        ("queues", "queues"),
        ("dead_letters", "dead-letters"),
    ):
        own = client.get(f"/api/v1/{path}").json
        assert own is not None
        assert found[part] == own["data"][part] != []


def test_a_batch_says_how_many_of_its_experiments_have_ended(
    world: World, client: HeldClient
) -> None:
    world.prepared()
    first, _ = world.queued(2)
    run_launch(world)
    collect(world.succeeded(first), world.ports)
    (batch,) = overview(client)["batches"]
    assert (batch["ended"], batch["experiments"]) == (1, 2)


def test_what_runs_is_shown_though_fifty_others_are_newer(
    world: World, client: HeldClient
) -> None:
    world.prepared()
    (running,) = world.queued()
    run_launch(world)
    world.clock.advance(60)
    for _ in range(5):
        world.queued(10)
    found = overview(client)["experiments"]
    assert len(found) == 51
    assert running == found[-1]["id"]


def test_it_has_one_etag_until_something_changes(
    world: World, client: HeldClient
) -> None:
    world.prepared()
    tag = client.get(PATH).headers["ETag"]
    assert client.get(PATH, headers={"If-None-Match": tag}).status_code == 304
    world.queued()
    assert client.get(PATH, headers={"If-None-Match": tag}).status_code == 200
