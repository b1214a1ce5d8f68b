"""A batch's end is told once, when the last of its experiments has ended."""

from typing import Any

import pytest
from mmmflow.control import commands
from mmmflow.ports import Message
from mmmflow.steps.collect import collect
from mmmflow.steps.enqueue import enqueue
from mmmflow.steps.extract import extract
from mmmflow.steps.prepare import prepare
from mmmflow.steps.tally import tally

from tests.steps.test_launch import run_launch
from tests.steps.world import World

ME = "a person"


@pytest.fixture
def batch(world: World) -> list[str]:
    """Two experiments of one batch, both started."""
    world.prepared()
    ids = world.queued(2)
    run_launch(world)
    return ids


def hear_all(world: World) -> None:
    """Every change of an experiment that was told so far."""
    for body in world.sent("experiment.changed"):
        tally(Message("experiment.changed", "1", body), world.ports)


def told(world: World) -> list[Any]:
    return [body["counts"] for body in world.sent("batch.changed")]


def counts(**ends: int) -> dict[str, int]:
    none = dict.fromkeys(("succeeded", "failed", "skipped", "cancelled"), 0)
    return {**none, **ends}


def test_a_batch_with_one_that_runs_is_not_done(
    world: World, batch: list[str]
) -> None:
    collect(world.succeeded(batch[0]), world.ports)
    hear_all(world)
    assert told(world) == []


def test_the_last_end_is_told_with_what_came_of_all(
    world: World, batch: list[str]
) -> None:
    collect(world.succeeded(batch[0]), world.ports)
    collect(world.failed(batch[1]), world.ports)
    hear_all(world)
    assert told(world) == [counts(succeeded=1, failed=1)]
    assert world.sent("batch.changed")[0]["total"] == 2


def test_it_is_told_once_however_often_it_is_heard(
    world: World, batch: list[str]
) -> None:
    for id in batch:
        collect(world.succeeded(id), world.ports)
    hear_all(world)
    hear_all(world)
    assert len(told(world)) == 1


def test_a_batch_that_is_retried_ends_once_more(
    world: World, batch: list[str]
) -> None:
    collect(world.succeeded(batch[0]), world.ports)
    collect(world.failed(batch[1]), world.ports)
    hear_all(world)
    commands.retry(world.ports, batch[1], actor=ME)
    run_launch(world)
    hear_all(world)
    assert len(told(world)) == 1
    collect(world.succeeded(batch[1]), world.ports)
    hear_all(world)
    assert told(world)[1:] == [counts(succeeded=2)]


def test_an_experiment_alone_is_no_batch(world: World) -> None:
    world.prepared()
    body = {"experiment": {"country": "DE"}}
    enqueue(world.message("experiment.requested", **body), world.ports)
    run_launch(world)
    (data,) = world.all("experiments")
    collect(world.succeeded(data["id"]), world.ports)
    hear_all(world)
    assert told(world) == []


def test_a_batch_is_open_while_a_dataset_of_it_is_still_to_be_trained(
    world: World,
) -> None:
    prepare(world.put_mapping(), world.ports)
    world.put_table("weekly", "DE", "FR")
    message = world.message(
        "dataset.requested",
        source={"table": "weekly", "country_column": "market"},
        countries=["DE", "FR"],
        train={"experiment": {"preset": "test"}},
    )
    extract(message, world.ports)
    datasets = {d["country"]: d["id"] for d in world.all("datasets")}
    for country in ("DE", "FR"):
        prepare(world.marker_event(datasets[country]), world.ports)
        asked = world.sent("experiment.requested")[-1]
        enqueue(Message("experiment.requested", "1", asked), world.ports)
        run_launch(world)
        (id,) = (
            e["id"] for e in world.all("experiments") if e["country"] == country
        )
        collect(world.failed(id), world.ports)
        hear_all(world)
        assert len(told(world)) == (0 if country == "DE" else 1)
    assert told(world) == [counts(failed=2)]


def test_the_end_is_told_though_the_last_was_deleted_before(
    world: World,
) -> None:
    world.prepared()
    first, last = world.queued(2)
    for id in (first, last):
        commands.cancel(world.ports, id, actor="me")
    ended = [
        b for b in world.sent("experiment.changed") if b["state"] == "CANCELLED"
    ]
    commands.delete(world.ports, last, actor="me", keep_objects=True)
    (of_last,) = (b for b in ended if b["experiment_id"] == last)
    tally(Message("experiment.changed", "1", of_last), world.ports)
    (told,) = world.sent("batch.changed")
    assert told["batch_id"] == world.experiment(first)["batch_id"]
