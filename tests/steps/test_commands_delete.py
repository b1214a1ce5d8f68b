"""Only what has ended is deleted, and never a champion."""

from pathlib import Path

import pytest
from mmmflow.control import commands
from mmmflow.domain.errors import NotAllowedError
from mmmflow.ports import Delete, NotFoundError, Ports
from mmmflow.steps.collect import collect
from mmmflow.steps.launch import launch

from tests.faults import Fault, Plan, deliver, every_fault
from tests.steps.world import World

ME = "a person"


def trained(world: World, error: float) -> str:
    """An experiment that succeeded with that error; less is better."""
    (id,) = world.queued()
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), world.ports)
    world.claim(id, world.experiment(id)["execution"])
    collect(world.succeeded(id, error=error), world.ports)
    return id


def delete(world: World, id: str, *, keep_objects: bool = True) -> None:
    commands.delete(world.ports, id, actor=ME, keep_objects=keep_objects)


def ids(world: World) -> set[str]:
    return {data["id"] for data in world.all("experiments")}


def objects(world: World, run: str, id: str) -> list[str]:
    found = [
        *world.ports.data.list(f"{run}/"),
        *world.ports.data.list(f"signals/{id}/"),
    ]
    return [info.name for info in found]


@pytest.fixture(autouse=True)
def data(world: World) -> None:
    world.prepared()


def test_what_has_ended_is_forgotten(world: World) -> None:
    (id,) = world.queued()
    commands.cancel(world.ports, id, actor=ME)
    delete(world, id)
    assert ids(world) == set()


def test_what_has_not_ended_must_be_cancelled_first(world: World) -> None:
    (id,) = world.queued()
    with pytest.raises(NotAllowedError, match=r"QUEUED.*cancel it first"):
        delete(world, id)


def test_what_is_still_being_stopped_is_not_deleted(world: World) -> None:
    (id,) = world.queued()
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), world.ports)
    world.claim(id, "native-medium-1")
    commands.cancel(world.ports, id, actor=ME)
    with pytest.raises(NotAllowedError, match="still being stopped"):
        delete(world, id)


def test_the_champion_is_not_deleted(world: World) -> None:
    best, worse = trained(world, 0.1), trained(world, 0.2)
    with pytest.raises(NotAllowedError, match="champion of DE, revenue"):
        delete(world, best)
    assert ids(world) == {best, worse}


def test_a_champion_that_nobody_has_crowned_yet_is_not_deleted(
    world: World,
) -> None:
    id = trained(world, 0.1)
    (champion,) = world.ports.documents.query("champions")
    world.ports.documents.commit([Delete("champions", champion.id)])
    with pytest.raises(NotAllowedError, match="champion"):
        delete(world, id)


def test_the_leaderboard_ranks_it_no_more(world: World) -> None:
    best, worse = trained(world, 0.1), trained(world, 0.2)
    delete(world, worse)
    board = world.read("models/DE/revenue/leaderboard.json")
    assert [row["experiment_id"] for row in board["ranking"]] == [best]


def test_its_objects_are_kept_when_that_is_asked_for(world: World) -> None:
    trained(world, 0.1)
    worse = trained(world, 0.2)
    run = world.run(worse)
    before = objects(world, run, worse)
    delete(world, worse, keep_objects=True)
    assert objects(world, run, worse) == before != []


def test_its_objects_are_removed_when_that_is_asked_for(world: World) -> None:
    best, worse = trained(world, 0.1), trained(world, 0.2)
    run = world.run(worse)
    delete(world, worse, keep_objects=False)
    assert objects(world, run, worse) == []
    assert objects(world, world.run(best), best) != []


def test_a_deletion_is_told_to_others(world: World) -> None:
    (id,) = world.queued()
    commands.cancel(world.ports, id, actor=ME)
    delete(world, id)
    told = world.sent("experiment.changed")[-1]
    assert (told["experiment_id"], told["state"]) == (id, "DELETED")


def test_there_is_nothing_to_delete_twice(world: World) -> None:
    (id,) = world.queued()
    commands.cancel(world.ports, id, actor=ME)
    delete(world, id)
    with pytest.raises(NotFoundError):
        delete(world, id)


def test_a_signal_of_what_was_deleted_changes_nothing(world: World) -> None:
    trained(world, 0.1)
    worse = trained(world, 0.2)
    signal = world.succeeded(worse, attempt=1)
    delete(world, worse)
    collect(signal, world.ports)
    assert worse not in ids(world)


def test_wherever_the_handler_dies_the_timer_removes_the_rest(
    tmp_path: Path,
) -> None:
    worlds: list[tuple[World, str, str]] = []

    def run(fault: Fault, at: int) -> Plan:
        world = World(tmp_path / f"{fault.name}-{at}")
        world.prepared()
        (id,) = world.queued()
        commands.cancel(world.ports, id, actor=ME)
        folder = world.run(id)
        plan = Plan(fault, at)

        def handle(ports: Ports) -> None:
            commands.delete(ports, id, actor=ME, keep_objects=False)

        deliver(handle, world.ports, plan)
        worlds.append((world, id, folder))
        return plan

    for plan in every_fault(run):
        world, id, folder = worlds[-1]
        world.sweep()
        if ids(world):
            assert "documents.commit" not in plan.made[:-1]
            continue
        assert objects(world, folder, id) == []
        assert world.all("removals") == []
        assert world.all("outbox") == []
