"""Objects that nobody was told of are announced once more."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mmmflow.local.messages import SqliteMessages
from mmmflow.messaging import announcements
from mmmflow.ports import ObjectEvent
from mmmflow.steps.enqueue import enqueue
from mmmflow.steps.ingest import ingest
from mmmflow.steps.prepare import prepare

from tests.steps.world import MAPPING, World, table

OBJECTS = ("object.uploads", "object.datasets", "object.metadata")
UNFIT = {
    **MAPPING,
    "columns": {"radio": {"category": "paid_spend", "channel": "radio"}},
}


class Bus:
    """Only what was announced since the last look."""

    def __init__(self, world: World) -> None:
        bus = world.messages._bus
        assert isinstance(bus, SqliteMessages)
        self._bus = bus

    def announced(self) -> list[str]:
        found = []
        for delivery in self._bus.lease(1000):
            self._bus.acknowledge(delivery)
            if delivery.topic in OBJECTS:
                found.append(delivery.attributes["objectId"])
        return found


@pytest.fixture
def bus(world: World) -> Bus:
    return Bus(world)


def repeated(world: World, bus: Bus, after: timedelta) -> list[str]:
    """What is announced again when so much time has gone by."""
    bus.announced()
    world.clock.time = datetime.now(UTC) + after
    announcements.repeat_lost(world.ports)
    return bus.announced()


MINUTES = timedelta(minutes=5)


def test_a_dropped_file_of_which_no_dataset_was_made(
    world: World, bus: Bus
) -> None:
    world.drop("DE/t.csv", table("DE"))
    assert repeated(world, bus, MINUTES) == ["DE/t.csv"]


def test_but_not_while_it_may_be_under_way(world: World, bus: Bus) -> None:
    world.drop("DE/t.csv", table("DE"))
    assert repeated(world, bus, timedelta(seconds=20)) == []


def test_and_not_when_it_was_read(world: World, bus: Bus) -> None:
    ingest(world.drop("DE/t.csv", table("DE")), world.ports)
    assert "DE/t.csv" not in repeated(world, bus, MINUTES)


def test_a_mapping_that_was_never_read(world: World, bus: Bus) -> None:
    world.put_mapping("v1")
    announced = repeated(world, bus, MINUTES)
    assert announced == ["metadata/universal/v1/mapping.json"]


def test_a_dataset_whose_marker_nobody_saw(world: World, bus: Bus) -> None:
    world.clock.time = datetime.now(UTC)
    ingest(world.drop("DE/t.csv", table("DE")), world.ports)
    (dataset,) = world.all("datasets")
    marker = world.marker_event(dataset["id"]).name
    assert repeated(world, bus, MINUTES) == [marker]


def wanted(world: World, **asked: Any) -> dict[str, Any]:
    """An experiment that wants the dataset prepared with v2."""
    body = {"experiment": {"country": "DE", "mapping_version": "v2", **asked}}
    enqueue(world.message("experiment.requested", **body), world.ports)
    return world.all("experiments")[0]


def test_a_mapping_that_an_experiment_wants_for_a_prepared_dataset(
    world: World, bus: Bus
) -> None:
    world.prepared()
    event = world.put_mapping("v2")
    prepare(event, world.ports)
    experiment = wanted(world)
    assert experiment["state"] == "WAITING"
    assert repeated(world, bus, MINUTES) == [event.name]
    prepare(ObjectEvent("data", event.name, event.generation), world.ports)
    assert world.experiment(experiment["id"])["state"] == "QUEUED"
    assert repeated(world, bus, MINUTES) == []


def test_an_experiment_whose_mapping_does_not_fit_fails_with_the_reason(
    world: World,
) -> None:
    world.prepared()
    experiment = wanted(world)
    prepare(world.put_mapping("v2", mapping=UNFIT), world.ports)
    failed = world.experiment(experiment["id"])
    assert failed["state"] == "FAILED"
    assert "radio" in failed["error"]["error"]
