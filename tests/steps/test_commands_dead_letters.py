"""What could not be delivered is shown with its reason, and can be replayed."""

import base64
import json
from dataclasses import replace
from typing import Any

import functions_framework
import pytest
from mmmflow import wiring
from mmmflow.domain.errors import NotAllowedError
from mmmflow.local.messages import Delivery, SqliteMessages
from mmmflow.local.runner import SOURCE, envelope
from mmmflow.messaging import dead_letters
from mmmflow.messaging.topology import MAX_DELIVERIES
from mmmflow.ports import NotFoundError

from tests.steps.world import World

ME = "a person"
POISON = b'{"queue": 7}'
NO_JSON = b"\xff not JSON"


class Bus:
    """The runner's part, by hand: each delivery through the entry point."""

    def __init__(self, world: World) -> None:
        self._world = world
        bus = world.messages._bus
        assert isinstance(bus, SqliteMessages)
        self.bus = bus

    def deliver(self) -> list[Delivery]:
        """Deliver what is due, however late it was to be; what that was."""
        with self.bus._database.write() as connection:
            connection.execute("UPDATE messages SET due = 0")
        leased = self.bus.lease(100)
        for delivery in leased:
            if self._push(delivery) < 300:
                self.bus.acknowledge(delivery)
            else:
                self.bus.refuse(delivery)
        return leased

    def _push(self, delivery: Delivery) -> int:
        app = functions_framework.create_app(delivery.subscription, str(SOURCE))
        response = app.test_client().post(
            f"/projects/local/topics/{delivery.topic}",
            json=envelope(delivery),
        )
        return int(response.status_code)


@pytest.fixture
def bus(world: World, monkeypatch: pytest.MonkeyPatch) -> Bus:
    monkeypatch.setattr(wiring, "ports", lambda: world.ports)
    return Bus(world)


def bury(world: World, bus: Bus, data: bytes = POISON) -> str:
    """A message that nobody can handle, in the end; its letter's id."""
    known = {d.id for d in world.ports.documents.query("dead_letters")}
    bus.bus.publish("queue.changed", data, {"k": "v"})
    for _ in range(MAX_DELIVERIES + 1):
        bus.deliver()
    (id,) = {d.id for d in world.ports.documents.query("dead_letters")} - known
    return id


def mend(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """From now on `launch` can handle it; what it is given."""
    given: list[Any] = []
    monkeypatch.setattr(
        "mmmflow.steps.launch.launch",
        lambda message, ports: given.append(message.body),
    )
    return given


def test_a_dead_letter_says_what_failed_where_and_why(
    world: World, bus: Bus
) -> None:
    letter = world.document("dead_letters", bury(world, bus))
    assert letter["state"] == "BURIED"
    assert letter["topic"] == "queue.changed"
    assert letter["function"] == "launch"
    assert letter["deliveries"] == str(MAX_DELIVERIES)
    assert letter["body"] == {"queue": 7}
    assert letter["attributes"] == {"k": "v"}
    assert "7 is not of type 'string'" in letter["reason"]


def test_what_is_no_json_is_buried_too(world: World, bus: Bus) -> None:
    letter = world.document("dead_letters", bury(world, bus, NO_JSON))
    assert "no JSON" in letter["reason"]
    assert base64.b64decode(letter["body"]["undecodable"]) == NO_JSON


def test_a_poisoned_message_blocks_nobody(
    world: World, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus.bus.publish("queue.changed", POISON, {})
    world.prepared()
    (id,) = world.queued()
    bus.deliver()
    assert world.experiment(id)["state"] == "LAUNCHING"


def test_a_letter_is_buried_once_however_often_it_is_delivered(
    world: World, bus: Bus
) -> None:
    id = bury(world, bus)
    (letter,) = world.ports.documents.query("dead_letters")
    assert letter.id == id


def test_the_same_poison_sent_again_is_another_letter(
    world: World, bus: Bus
) -> None:
    first = bury(world, bus)
    dead_letters.discard(world.ports, first, actor=ME)
    second = bury(world, bus)
    assert second != first
    assert world.document("dead_letters", second)["state"] == "BURIED"


def test_a_replay_sends_the_original(
    world: World, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = bury(world, bus)
    given = mend(monkeypatch)
    dead_letters.replay(world.ports, id, actor=ME)
    bus.deliver()
    assert given == [{"queue": 7}]
    letter = world.document("dead_letters", id)
    assert (letter["state"], letter["actor"]) == ("REPLAYED", ME)


def test_a_replay_sends_bytes_as_they_were(world: World, bus: Bus) -> None:
    id = bury(world, bus, NO_JSON)
    ports = replace(world.ports, messages=bus.bus)
    dead_letters.replay(ports, id, actor=ME)
    (delivery,) = bus.bus.lease(10)
    assert delivery.data == NO_JSON


def test_only_the_function_that_failed_gets_it_again(
    world: World, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = bury(world, bus)
    given = mend(monkeypatch)
    monkeypatch.setattr(
        "mmmflow.messaging.topology.SUBSCRIPTIONS",
        {"launch": ("queue.changed",), "enqueue": ("queue.changed",)},
    )
    dead_letters.replay(world.ports, id, actor=ME)
    delivered = bus.deliver()
    assert {d.subscription for d in delivered} == {"launch", "enqueue"}
    assert len(given) == 1
    assert bus.bus.pending() == 0


def test_a_replay_that_fails_again_is_another_letter(
    world: World, bus: Bus
) -> None:
    id = bury(world, bus)
    dead_letters.replay(world.ports, id, actor=ME)
    for _ in range(MAX_DELIVERIES + 1):
        bus.deliver()
    states = sorted(d["state"] for d in world.all("dead_letters"))
    assert states == ["BURIED", "REPLAYED"]


def test_a_second_replay_sends_nothing(world: World, bus: Bus) -> None:
    id = bury(world, bus)
    dead_letters.replay(world.ports, id, actor=ME)
    sent = len(world.messages.published)
    dead_letters.replay(world.ports, id, actor=ME)
    assert len(world.messages.published) == sent


def test_what_is_discarded_stays_as_a_record(world: World, bus: Bus) -> None:
    id = bury(world, bus)
    dead_letters.discard(world.ports, id, actor=ME)
    letter = world.document("dead_letters", id)
    assert (letter["state"], letter["body"]) == ("DISCARDED", {"queue": 7})
    with pytest.raises(NotAllowedError, match="DISCARDED"):
        dead_letters.replay(world.ports, id, actor=ME)


def test_there_must_be_such_a_letter(world: World) -> None:
    with pytest.raises(NotFoundError, match="dead letter none"):
        dead_letters.replay(world.ports, "none", actor=ME)


def test_no_secret_stands_in_the_reason(world: World, bus: Bus) -> None:
    body = {"queue": {"password": "hunter2hunter2"}}
    id = bury(world, bus, json.dumps(body).encode())
    assert "hunter2" not in world.document("dead_letters", id)["reason"]


def test_errors_of_what_was_delivered_after_all_are_forgotten(
    world: World, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus.bus.publish("queue.changed", POISON, {})
    bus.deliver()
    mend(monkeypatch)
    bus.deliver()
    assert len(world.all("failures")) == 1
    world.sweep(after=8 * 24 * 3600)
    assert world.all("failures") == []
