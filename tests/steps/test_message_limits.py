"""Data travels in objects: a large message is refused, and how to do it."""

import base64
from types import SimpleNamespace
from typing import Any

import pytest
from mmmflow.domain.errors import InvalidInputError
from mmmflow.messaging import events, outbox
from mmmflow.messaging.outbox import MAX_MESSAGE, Outgoing
from mmmflow.ports import Create, Message
from mmmflow.steps.extract import extract

from tests.steps.world import World

SEEDS = {"seed": list(range(20))}


class Pushed(SimpleNamespace):
    """A CloudEvent, as far as it is read."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


def test_a_message_knows_how_large_it_came() -> None:
    text = b'{"schema_version": 1}   '
    data = {
        "message": {"data": base64.b64encode(text).decode(), "messageId": "1"}
    }
    event = Pushed(data=data, source="//pubsub/topics/t")
    assert events.read_message(event).size == len(text)


def test_we_publish_no_message_that_is_too_large(world: World) -> None:
    body = {"experiment": {"country": "DE", "goal": "x" * MAX_MESSAGE}}
    message = Outgoing("experiment.requested", "c", body)
    with pytest.raises(InvalidInputError, match="more than 262144"):
        outbox.commit(world.ports, [Create("things", "x", {})], [message])
    assert world.all("things") == []


def test_a_request_for_data_that_is_too_large_says_what_to_do(
    world: World,
) -> None:
    body = {
        "schema_version": 1,
        "source": {"table": "weekly"},
        "countries": ["DE"],
    }
    message = Message("dataset.requested", "1", body, size=MAX_MESSAGE + 1)
    extract(message, world.ports)
    (refused,) = world.all("requests")
    assert "name that as the table" in refused["problems"][0]["hint"]
    assert world.all("datasets") == []


@pytest.mark.parametrize(
    ("countries", "confirm", "made"),
    [(["DE", "FR"], False, 2), (["DE", "FR", "SE"], False, 0),
     (["DE", "FR", "SE"], True, 3)],
)  # fmt: skip
def test_what_is_trained_with_all_countries_is_confirmed_together(
    world: World, countries: list[str], confirm: bool, made: int
) -> None:
    world.put_table("weekly", *countries)
    train = {"experiment": {}, "sweep": SEEDS, "confirm": confirm}
    message = world.message(
        "dataset.requested",
        source={"table": "weekly", "country_column": "market"},
        countries=countries,
        train=train,
    )
    extract(message, world.ports)
    assert len(world.all("datasets")) == made
