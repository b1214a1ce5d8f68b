"""Standing experiments: asked for whenever the country has new data."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.ports import Document, Json, Message, NotFoundError
from mmmflow.steps.enqueue import enqueue
from mmmflow.steps.ingest import ingest
from mmmflow.steps.prepare import prepare
from mmmflow.submit import standing

from tests import faults
from tests.faults import Fault, Plan
from tests.steps.world import World, table


def made(world: World, **body: Any) -> Document:
    asked: Json = {"country": "DE", "experiment": {"preset": "test"}, **body}
    return standing.create(world.ports, asked, actor="a person")[0]


def asked_for(world: World) -> list[Json]:
    """What was sent by standing experiments, each message once."""
    sent = world.sent("experiment.requested")
    return list({body["message_id"]: body for body in sent}.values())


def enqueued(world: World) -> None:
    for body in world.sent("experiment.requested"):
        enqueue(Message("experiment.requested", "1", body), world.ports)


def considered(world: World, document: Document) -> Json:
    found: Json = world.document("standing", document.id)["last_considered"]
    return found


# started by data


def test_new_data_starts_it(world: World) -> None:
    document = made(world, sweep={"seed": [1, 2]})
    dataset = world.prepared()
    enqueued(world)
    experiments = world.all("experiments")
    assert [e["state"] for e in experiments] == ["QUEUED"] * 2
    assert {e["dataset_id"] for e in experiments} == {dataset}
    assert {e["labels"]["standing"] for e in experiments} == {document.id}
    assert considered(world, document)["started"]


def test_data_of_another_country_does_not(world: World) -> None:
    made(world, country="FR")
    world.prepared("DE")
    assert asked_for(world) == []


def test_one_that_is_switched_off_is_not_started(world: World) -> None:
    document = made(world, enabled=False)
    world.prepared()
    assert asked_for(world) == []
    standing.change(
        world.ports, document.id, {"enabled": True}, actor="a person"
    )
    world.clock.advance(1)
    world.prepared()
    assert len(asked_for(world)) == 1


def test_each_new_dataset_starts_it_once(world: World) -> None:
    made(world)
    for _ in range(2):
        dataset = world.prepared()
        prepare(world.marker_event(dataset), world.ports)
        prepare(world.put_mapping("v2"), world.ports)
        world.clock.advance(1)
    assert len(asked_for(world)) == 2


def test_why_it_was_not_started_stands_in_its_document(world: World) -> None:
    document = made(world, minimum_interval_hours=24, new_rows_threshold=1)
    first = world.prepared()
    world.clock.advance(3600)
    second = world.prepared()
    assert considered(world, document)["dataset_id"] == second
    assert "24 hours must lie between" in considered(world, document)["why"]
    world.clock.advance(24 * 3600)
    world.prepared()
    why = "0 new rows since it was last started; it wants 1"
    assert considered(world, document)["why"] == why
    assert [b["experiment"]["dataset_id"] for b in asked_for(world)] == [first]


@pytest.mark.parametrize("fault", Fault)
def test_whatever_call_fails_it_is_started_once(
    home: Path, fault: Fault
) -> None:
    at, plan = 1, Plan(fault, 1)
    while plan.struck or at == 1:
        world, plan = World(home / f"{at}"), Plan(fault, at)
        made(world)
        prepare(world.put_mapping(), world.ports)
        ingest(world.drop("DE/t.csv", table("DE")), world.ports)
        (dataset,) = world.all("datasets")
        event = world.marker_event(dataset["id"])
        faults.deliver(partial(prepare, event), world.ports, plan)
        prepare(event, world.ports)
        world.sweep()
        assert len(asked_for(world)) == 1
        at += 3
    assert at > 10


# made, changed, deleted


def test_the_same_one_asked_for_twice_is_one(world: World) -> None:
    assert made(world).id == made(world).id
    assert len(standing.index(world.ports)) == 1


def test_those_of_a_country_are_listed_newest_first(world: World) -> None:
    first = made(world)
    world.clock.advance(1)
    second = made(world, name="weekly")
    made(world, country="FR")
    found = standing.index(world.ports, "DE")
    assert [document.id for document in found] == [second.id, first.id]


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"experiment": {"dataset_id": "x"}}, "experiment.dataset_id"),
        ({"experiment": {"country": "FR"}}, "experiment.country"),
        ({"experiment": {"seed": "x"}}, "seed"),
        ({"experiment": {"labels": 1}}, "labels"),
        ({"experiment": {"hyperparameters": {"train_size": 1}}}, "train_size"),
        ({"sweep": {"country": ["FR"]}}, "sweep.country"),
        ({"sweep": {"seed": list(range(50))}, "enabled": 1}, "enabled"),
        ({"minimum_interval_hours": -1}, "minimum_interval_hours"),
    ],
)
def test_what_it_would_ask_for_is_checked_when_it_is_made(
    world: World, wrong: Json, where: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        made(world, **wrong)
    assert any(where in p.where for p in refused.value.problems)
    assert standing.index(world.ports) == []


def test_a_large_sweep_is_confirmed_when_it_is_made(world: World) -> None:
    sweep = {"seed": list(range(40)), "adstock": ["geometric", "weibull_cdf"]}
    with pytest.raises(InvalidInputError, match="must be confirmed"):
        made(world, sweep=sweep)
    made(world, sweep=sweep, confirm=True)
    world.prepared()
    enqueued(world)
    assert len(world.states()) == 80


def test_it_is_changed_field_by_field(world: World) -> None:
    document = made(world, minimum_interval_hours=24, name="weekly")
    changes = {"minimum_interval_hours": 48, "name": None}
    data = standing.change(
        world.ports, document.id, changes, actor="another"
    ).data
    assert data["minimum_interval_hours"] == 48
    assert data["name"] is None
    assert data["actor"] == "another"
    assert data["experiment"] == {"preset": "test"}


@pytest.mark.parametrize(
    "changes", [{"country": "FR"}, {"experiment": {"seed": "x"}}, {"x": 1}]
)
def test_a_change_is_checked_as_a_whole(world: World, changes: Json) -> None:
    document = made(world)
    with pytest.raises(InvalidInputError):
        standing.change(world.ports, document.id, changes, actor="another")
    assert world.document("standing", document.id) == document.data


def test_one_that_is_deleted_starts_nothing(world: World) -> None:
    document = made(world)
    standing.delete(world.ports, document.id)
    world.prepared()
    assert asked_for(world) == []
    with pytest.raises(NotFoundError):
        standing.get(world.ports, document.id)


def test_the_request_that_made_it_does_not_make_it_again(world: World) -> None:
    standing.delete(world.ports, made(world).id)
    with pytest.raises(NotAllowedError, match="deleted since"):
        made(world)
