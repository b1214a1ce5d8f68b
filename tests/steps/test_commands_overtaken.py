"""Another hand acts between what a command reads and what it commits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from mmmflow.control import commands
from mmmflow.domain.errors import NotAllowedError
from mmmflow.ports import Document, NotFoundError, Ports
from mmmflow.queueing import ordering
from mmmflow.steps.collect import collect
from mmmflow.steps.launch import launch

from tests.steps.world import World

ME = "a person"


class Overtaken:
    """Documents that let the other hand act after the first experiment."""

    def __init__(self, ports: Ports, act: Callable[[], Any]) -> None:
        self._documents = ports.documents
        self._act: Callable[[], Any] | None = act

    def get(self, collection: str, id: str) -> Document | None:
        found = self._documents.get(collection, id)
        if collection == "experiments" and self._act is not None:
            act, self._act = self._act, None
            act()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)


def overtaken(world: World, act: Callable[[], Any]) -> Ports:
    documents: Any = Overtaken(world.ports, act)
    return replace(world.ports, documents=documents)


def cancel(world: World, id: str) -> None:
    commands.cancel(world.ports, id, actor=ME)


@pytest.fixture(autouse=True)
def data(world: World) -> None:
    world.prepared()


@pytest.fixture
def running(world: World) -> str:
    (id,) = world.queued()
    run_launch(world)
    world.claim(id, "native-medium-1")
    collect(world.started(id), world.ports)
    return id


def run_launch(world: World) -> None:
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), world.ports)


def test_a_finish_that_is_first_wins_over_the_cancel(
    world: World, running: str
) -> None:
    signal = world.succeeded(running)
    ports = overtaken(world, lambda: collect(signal, world.ports))
    with pytest.raises(NotAllowedError, match="SUCCEEDED"):
        commands.cancel(ports, running, actor=ME)
    assert world.experiment(running)["state"] == "SUCCEEDED"


def test_a_cancel_that_is_first_wins_over_the_finish(
    world: World, running: str
) -> None:
    signal = world.succeeded(running)
    collect(signal, overtaken(world, lambda: cancel(world, running)))
    data = world.experiment(running)
    assert data["state"] == "CANCELLED"
    assert data["history"][-1]["why"].endswith("succeeded")
    assert world.holders() == [None, None]


def test_a_launch_that_is_first_is_cancelled_all_the_same(
    world: World,
) -> None:
    (id,) = world.queued()
    ports = overtaken(world, lambda: run_launch(world))
    commands.cancel(ports, id, actor=ME)
    assert world.experiment(id)["state"] == "CANCELLED"
    assert world.holders() == [None, None]


def test_a_cancel_that_is_first_leaves_nothing_to_launch(
    world: World,
) -> None:
    (id,) = world.queued()
    queue = world.ports.documents.query

    class Late:
        """The candidates are those of before the cancel."""

        def query(self, collection: str, *a: Any, **k: Any) -> Any:
            found = queue(collection, *a, **k)
            asked = collection == "experiments" and bool(found)
            if asked and found[0].data["state"] == "QUEUED":
                cancel(world, id)
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(world.ports.documents, name)

    late: Any = Late()
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(
        world.message("queue.changed", **body),
        replace(world.ports, documents=late),
    )
    assert world.experiment(id)["state"] == "CANCELLED"
    assert world.jobs.executions == {}


def test_of_two_retries_at_once_one_is_refused(world: World) -> None:
    (id,) = world.queued()
    cancel(world, id)
    ports = overtaken(
        world, lambda: commands.retry(world.ports, id, actor="another")
    )
    with pytest.raises(NotAllowedError, match="QUEUED"):
        commands.retry(ports, id, actor=ME)
    assert world.experiment(id)["history"][-1]["actor"] == "another"


def test_what_is_retried_meanwhile_is_not_deleted(world: World) -> None:
    (id,) = world.queued()
    cancel(world, id)
    ports = overtaken(
        world, lambda: commands.retry(world.ports, id, actor="another")
    )
    with pytest.raises(NotAllowedError, match="QUEUED"):
        commands.delete(ports, id, actor=ME, keep_objects=False)
    assert world.experiment(id)["state"] == "QUEUED"
    assert world.all("removals") == []


def test_what_is_deleted_meanwhile_is_not_retried(world: World) -> None:
    (id,) = world.queued()
    cancel(world, id)
    ports = overtaken(
        world,
        lambda: commands.delete(
            world.ports, id, actor="another", keep_objects=True
        ),
    )
    with pytest.raises(NotFoundError):
        commands.retry(ports, id, actor=ME)


def test_a_clone_that_was_deleted_is_not_made_again(world: World) -> None:
    (id,) = world.queued()
    made, _ = commands.clone(
        world.ports, id, changes={"seed": 9}, actor=ME, key="k"
    )
    cancel(world, made.id)
    commands.delete(world.ports, made.id, actor=ME, keep_objects=True)
    with pytest.raises(NotFoundError, match="deleted"):
        commands.clone(world.ports, id, changes={"seed": 9}, actor=ME, key="k")


def test_a_priority_is_set_on_what_is_there_now(world: World) -> None:
    (id,) = world.queued()
    ports = overtaken(
        world, lambda: ordering.set_priority(world.ports, id, 3, actor="b")
    )
    ordering.set_priority(ports, id, 5, actor=ME)
    notes = [h["why"] for h in world.experiment(id)["history"][-2:]]
    assert notes == ["moved: priority 0 → 3", "moved: priority 3 → 5"]


def test_what_starts_meanwhile_is_moved_no_more(world: World) -> None:
    first, second = sorted(world.queued(2))
    ports = overtaken(world, lambda: run_launch(world))
    with pytest.raises(NotAllowedError, match="LAUNCHING"):
        ordering.move_before(ports, second, first, actor=ME)
