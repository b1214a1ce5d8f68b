"""A cancel cancels: nothing of it trains on, and no slot is lost or doubled."""

from pathlib import Path

import pytest
from mmmflow.control import commands
from mmmflow.domain.errors import NotAllowedError
from mmmflow.ports import Message, NotFoundError, Ports
from mmmflow.steps.collect import collect
from mmmflow.steps.launch import launch
from mmmflow.steps.reconcile import reconcile

from tests.faults import Fault, Plan, deliver, every_fault
from tests.steps.world import World

ME = "a person"


def run_launch(world: World) -> None:
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), world.ports)


def ended(execution: str) -> Message:
    entry = {
        "methodName": "/Jobs.RunJob",
        "resourceName": f"namespaces/local/executions/{execution}",
    }
    return Message("execution.ended", "1", {"protoPayload": entry})


def cancel(world: World, id: str, why: str = "") -> None:
    commands.cancel(world.ports, id, actor=ME, why=why)


@pytest.fixture(autouse=True)
def data(world: World) -> None:
    world.prepared()


@pytest.fixture
def launched(world: World) -> str:
    """An experiment whose job is started, and not heard of."""
    (id,) = world.queued()
    run_launch(world)
    return id


@pytest.fixture
def running(world: World, launched: str) -> str:
    """An experiment that is being trained."""
    world.claim(launched, "native-medium-1")
    collect(world.started(launched), world.ports)
    return launched


def test_what_is_queued_is_cancelled_at_once(world: World) -> None:
    (id,) = world.queued()
    cancel(world, id)
    run_launch(world)
    assert world.experiment(id)["state"] == "CANCELLED"
    assert world.jobs.executions == {}


def test_what_waits_is_cancelled_at_once(world: World) -> None:
    (id,) = world.queued(country="FR")
    cancel(world, id)
    assert world.experiment(id)["state"] == "CANCELLED"


def test_a_cancel_says_who_and_why(world: World) -> None:
    (id,) = world.queued()
    cancel(world, id, why="wrong window")
    entry = world.experiment(id)["history"][-1]
    assert entry["actor"] == ME
    assert entry["why"] == "cancelled: wrong window"


def test_a_cancel_is_told_to_others(world: World) -> None:
    (id,) = world.queued()
    cancel(world, id)
    assert world.sent("experiment.changed")[-1]["state"] == "CANCELLED"


def test_there_must_be_something_to_cancel(world: World) -> None:
    with pytest.raises(NotFoundError, match="experiment none"):
        cancel(world, "none")


def test_before_its_worker_claims_the_slot_is_free_at_once(
    world: World, launched: str
) -> None:
    cancel(world, launched)
    assert world.holders() == [None, None]


def test_no_worker_that_comes_after_the_cancel_may_claim(
    world: World, launched: str
) -> None:
    cancel(world, launched)
    claim = world.read(f"{world.run(launched)}/attempts/1/claim.json")
    assert claim["execution"] == "none"


def test_a_start_that_comes_after_the_cancel_changes_nothing(
    world: World, launched: str
) -> None:
    cancel(world, launched)
    collect(world.started(launched), world.ports)
    assert world.experiment(launched)["state"] == "CANCELLED"


def test_the_execution_that_holds_the_claim_is_cancelled(
    world: World, running: str
) -> None:
    cancel(world, running)
    assert world.jobs.cancelled == ["native-medium-1"]


def test_until_that_has_ended_the_slot_is_held(
    world: World, running: str
) -> None:
    cancel(world, running)
    assert world.experiment(running)["state"] == "CANCELLED"
    assert running in world.holders()


def test_its_end_frees_the_slot(world: World, running: str) -> None:
    cancel(world, running)
    world.jobs.end("native-medium-1", "cancelled")
    reconcile(ended("native-medium-1"), world.ports)
    assert world.holders() == [None, None]
    assert world.experiment(running)["state"] == "CANCELLED"


def test_its_last_word_frees_the_slot(world: World, running: str) -> None:
    cancel(world, running)
    collect(world.failed(running, interrupted=True), world.ports)
    assert world.holders() == [None, None]
    assert world.experiment(running)["state"] == "CANCELLED"


def test_the_freed_slot_is_told_to_the_queue(
    world: World, running: str
) -> None:
    cancel(world, running)
    told = len(world.sent("queue.changed"))
    collect(world.failed(running, interrupted=True), world.ports)
    assert len(world.sent("queue.changed")) == told + 1


def test_a_success_after_the_cancel_is_noted_and_no_result(
    world: World, running: str
) -> None:
    cancel(world, running)
    collect(world.succeeded(running), world.ports)
    data = world.experiment(running)
    assert data["state"] == "CANCELLED"
    assert data["result"] is None
    assert "succeeded" in data["history"][-1]["why"]
    assert world.all("champions") == []


def test_a_success_is_noted_once_however_often_it_is_heard(
    world: World, running: str
) -> None:
    cancel(world, running)
    signal = world.succeeded(running)
    collect(signal, world.ports)
    noted = world.experiment(running)["history"]
    collect(signal, world.ports)
    assert world.experiment(running)["history"] == noted


def test_a_cancel_after_the_end_is_refused_and_noted(
    world: World, running: str
) -> None:
    collect(world.succeeded(running), world.ports)
    with pytest.raises(NotAllowedError, match="SUCCEEDED"):
        cancel(world, running)
    data = world.experiment(running)
    assert data["state"] == "SUCCEEDED"
    assert data["history"][-1]["why"].startswith("cancelled too late")
    assert data["history"][-1]["actor"] == ME


def test_a_second_cancel_changes_nothing(world: World, running: str) -> None:
    cancel(world, running)
    before = world.experiment(running)["history"]
    cancel(world, running)
    assert world.experiment(running)["history"] == before


def test_a_run_that_does_not_stop_is_told_again(
    world: World, running: str
) -> None:
    cancel(world, running)
    world.sweep()
    assert world.jobs.cancelled == ["native-medium-1", "native-medium-1"]
    assert running in world.holders()


def test_an_end_that_nobody_told_of_is_found(
    world: World, running: str
) -> None:
    cancel(world, running)
    world.jobs.end("native-medium-1", "cancelled")
    world.sweep()
    assert world.holders() == [None, None]


def test_a_refused_start_of_what_was_cancelled_changes_nothing(
    world: World,
) -> None:
    (id,) = world.queued()
    jobs = world.jobs
    start = jobs.start
    jobs.refusal = "no quota"

    def start_after_cancel(*a: object, **k: object) -> str:
        cancel(world, id)
        return start(*a, **k)  # type: ignore[arg-type]

    jobs.start = start_after_cancel  # type: ignore[method-assign]
    run_launch(world)
    assert world.experiment(id)["state"] == "CANCELLED"
    assert world.holders() == [None, None]


@pytest.mark.parametrize("claimed", [False, True])
def test_wherever_the_handler_dies_the_timer_finishes_the_cancel(
    tmp_path: Path, *, claimed: bool
) -> None:
    """Each fault at each call; what was committed is finished by `sweep`."""
    worlds: list[tuple[World, str]] = []

    def run(fault: Fault, at: int) -> Plan:
        world = World(tmp_path / f"{fault.name}-{at}")
        world.prepared()
        (id,) = world.queued()
        run_launch(world)
        if claimed:
            world.claim(id, "native-medium-1")
        plan = Plan(fault, at)

        def handle(ports: Ports) -> None:
            commands.cancel(ports, id, actor=ME)

        deliver(handle, world.ports, plan)
        worlds.append((world, id))
        return plan

    for plan in every_fault(run):
        world, id = worlds[-1]
        if world.experiment(id)["state"] != "CANCELLED":
            # It died before its commit: the command did nothing.
            assert "documents.commit" not in plan.made[:-1]
            continue
        world.sweep()
        if claimed:
            assert "native-medium-1" in world.jobs.cancelled
            assert id in world.holders()
            world.jobs.end("native-medium-1", "cancelled")
            world.sweep()
        assert world.holders() == [None, None], plan
        assert world.experiment(id)["state"] == "CANCELLED"
        assert world.all("outbox") == []
