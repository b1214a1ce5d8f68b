"""A retry is a person's word: out of an end, back into the queue."""

from pathlib import Path

import pytest
from mmmflow.control import commands
from mmmflow.domain.errors import NotAllowedError
from mmmflow.ports import NotFoundError, Ports
from mmmflow.steps.collect import collect
from mmmflow.steps.launch import launch

from tests.faults import Fault, Plan, deliver, every_fault
from tests.steps.world import World

ME = "a person"


def run_launch(world: World) -> None:
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), world.ports)


def retry(world: World, id: str) -> None:
    commands.retry(world.ports, id, actor=ME)


@pytest.fixture(autouse=True)
def data(world: World) -> None:
    world.prepared()


@pytest.fixture
def failed(world: World) -> str:
    (id,) = world.queued(max_tries=1)
    run_launch(world)
    world.claim(id, "native-medium-1")
    collect(world.failed(id, retriable=True), world.ports)
    assert world.experiment(id)["state"] == "FAILED"
    return id


def test_a_failed_experiment_is_queued_again(world: World, failed: str) -> None:
    retry(world, failed)
    data = world.experiment(failed)
    assert data["state"] == "QUEUED"
    assert data["error"] is None
    assert data["ended_at"] is None
    assert data["history"][-1]["actor"] == ME


def test_it_has_all_its_tries_again(world: World, failed: str) -> None:
    assert world.experiment(failed)["tries"] == 1
    retry(world, failed)
    assert world.experiment(failed)["tries"] == 0


def test_its_next_run_is_a_new_attempt_with_the_same_configuration(
    world: World, failed: str
) -> None:
    before = world.experiment(failed)["config"]
    retry(world, failed)
    run_launch(world)
    data = world.experiment(failed)
    assert data["attempt"] == 2
    assert data["config"] == before


def test_the_queue_is_told(world: World, failed: str) -> None:
    told = len(world.sent("queue.changed"))
    retry(world, failed)
    assert len(world.sent("queue.changed")) == told + 1


def test_a_late_word_of_the_attempt_before_changes_nothing(
    world: World, failed: str
) -> None:
    signal = world.failed(failed)
    retry(world, failed)
    collect(signal, world.ports)
    assert world.experiment(failed)["state"] == "QUEUED"


def test_what_was_skipped_may_run_again(world: World) -> None:
    (id,) = world.queued()
    run_launch(world)
    collect(world.skipped(id), world.ports)
    retry(world, id)
    assert world.experiment(id)["state"] == "QUEUED"


def test_what_was_cancelled_may_run_again(world: World) -> None:
    (id,) = world.queued()
    commands.cancel(world.ports, id, actor=ME)
    retry(world, id)
    run_launch(world)
    assert world.experiment(id)["state"] == "LAUNCHING"


def test_what_was_cancelled_in_its_wait_waits_again(world: World) -> None:
    (id,) = world.queued(country="FR")
    commands.cancel(world.ports, id, actor=ME)
    retry(world, id)
    assert world.experiment(id)["state"] == "WAITING"
    world.prepared("FR")
    assert world.experiment(id)["state"] == "QUEUED"


def test_what_came_meanwhile_is_found_at_once(world: World) -> None:
    (id,) = world.queued(country="FR")
    commands.cancel(world.ports, id, actor=ME)
    world.prepared("FR")
    retry(world, id)
    assert world.experiment(id)["state"] == "QUEUED"


def test_what_is_still_being_stopped_must_end_first(world: World) -> None:
    (id,) = world.queued()
    run_launch(world)
    world.claim(id, "native-medium-1")
    commands.cancel(world.ports, id, actor=ME)
    with pytest.raises(NotAllowedError, match="still being stopped"):
        retry(world, id)
    collect(world.failed(id, interrupted=True), world.ports)
    retry(world, id)
    assert world.experiment(id)["state"] == "QUEUED"


def test_success_is_not_retried_but_cloned(world: World) -> None:
    (id,) = world.queued()
    run_launch(world)
    collect(world.succeeded(id), world.ports)
    with pytest.raises(NotAllowedError, match=r"SUCCEEDED.*clone"):
        retry(world, id)


@pytest.mark.parametrize("launched", [False, True])
def test_what_has_not_ended_is_not_retried(
    world: World, *, launched: bool
) -> None:
    (id,) = world.queued()
    if launched:
        run_launch(world)
    with pytest.raises(NotAllowedError, match=r"only what is FAILED"):
        retry(world, id)


def test_there_must_be_something_to_retry(world: World) -> None:
    with pytest.raises(NotFoundError):
        retry(world, "none")


def test_wherever_the_handler_dies_it_is_retried_wholly_or_not(
    tmp_path: Path,
) -> None:
    worlds: list[tuple[World, str]] = []

    def run(fault: Fault, at: int) -> Plan:
        world = World(tmp_path / f"{fault.name}-{at}")
        (id,) = world.queued()
        commands.cancel(world.ports, id, actor=ME)
        world.prepared()
        plan = Plan(fault, at)

        def handle(ports: Ports) -> None:
            commands.retry(ports, id, actor=ME)

        deliver(handle, world.ports, plan)
        worlds.append((world, id))
        return plan

    for _ in every_fault(run):
        world, id = worlds[-1]
        world.sweep()
        state = world.experiment(id)["state"]
        assert state in ("CANCELLED", "QUEUED")
        run_launch(world)
        assert world.experiment(id)["attempt"] == int(state == "QUEUED")
        assert world.all("outbox") == []
