"""What died without a word, and what any lost event left behind."""

import pytest
from mmmflow.domain import paths
from mmmflow.ports import Message
from mmmflow.steps.collect import collect
from mmmflow.steps.launch import launch
from mmmflow.steps.reconcile import reconcile

from tests.faults import CallFailedError, Fault, Plan, faulty
from tests.steps.test_launch import run_launch, woken
from tests.steps.world import World


def entry(execution: str) -> Message:
    body = {
        "protoPayload": {
            "methodName": "/Jobs.RunJob",
            "resourceName": f"namespaces/x/executions/{execution}",
        }
    }
    return Message("execution.ended", "1", body)


@pytest.fixture
def launched(world: World) -> str:
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    return id


def claim_of(world: World, id: str, attempt: int = 1) -> str:
    """Which execution owns the attempt."""
    claim = world.read(paths.claim(world.run(id), attempt))
    return str(claim["execution"])


def test_a_worker_that_died_without_a_word_is_tried_again(
    world: World, launched: str
) -> None:
    world.claim(launched, "native-medium-1")
    world.jobs.end("native-medium-1", "killed by SIGKILL")
    reconcile(entry("native-medium-1"), world.ports)
    queued = world.experiment(launched)
    assert (queued["state"], queued["tries"]) == ("QUEUED", 1)
    assert "killed by SIGKILL" in queued["history"][-1]["why"]
    assert set(world.holders()) == {None}


def test_being_told_twice_costs_one_try(world: World, launched: str) -> None:
    world.jobs.end("native-medium-1")
    reconcile(entry("native-medium-1"), world.ports)
    before = world.experiment(launched)
    reconcile(entry("native-medium-1"), world.ports)
    assert world.experiment(launched) == before


def test_an_execution_that_still_runs_is_left_alone(
    world: World, launched: str
) -> None:
    before = world.experiment(launched)
    reconcile(entry("native-medium-1"), world.ports)
    assert world.experiment(launched) == before


def test_an_execution_of_somebody_else_is_none_of_ours(world: World) -> None:
    reconcile(entry("other-1"), world.ports)


def test_another_job_of_the_project_is_none_of_ours(
    world: World, launched: str
) -> None:
    execution = world.jobs.start("backup", {"TARGET": "there"}, 60)
    world.jobs.end(execution)
    reconcile(entry(execution), world.ports)
    assert world.experiment(launched)["state"] == "LAUNCHING"


def test_a_finished_signal_that_was_overtaken_is_heard_first(
    world: World, launched: str
) -> None:
    world.succeeded(launched)
    world.jobs.end("native-medium-1")
    reconcile(entry("native-medium-1"), world.ports)
    assert world.experiment(launched)["state"] == "SUCCEEDED"
    assert len(world.all("champions")) == 1


def test_an_execution_that_did_not_own_the_attempt_ends_nothing(
    world: World, launched: str
) -> None:
    world.claim(launched, "native-medium-2")
    world.jobs.end("native-medium-1")
    reconcile(entry("native-medium-1"), world.ports)
    assert world.experiment(launched)["state"] == "LAUNCHING"
    assert launched in world.holders()


def test_the_attempt_of_a_worker_that_never_claimed_it_is_fenced(
    world: World, launched: str
) -> None:
    world.jobs.end("native-medium-1")
    reconcile(entry("native-medium-1"), world.ports)
    assert claim_of(world, launched) == "none"


def test_a_late_end_of_an_old_attempt_changes_nothing(
    world: World, launched: str
) -> None:
    collect(world.failed(launched, retriable=True), world.ports)
    world.clock.advance(60)
    run_launch(world)
    world.jobs.end("native-medium-1")
    before = world.experiment(launched)
    reconcile(entry("native-medium-1"), world.ports)
    assert world.experiment(launched) == before


def test_a_signal_that_is_none_does_not_keep_the_slot_for_ever(
    world: World, launched: str
) -> None:
    world.put(paths.signal(launched, 1, "finished"), b'{"kind": "finished"}')
    world.claim(launched, "native-medium-1")
    world.jobs.end("native-medium-1")
    reconcile(entry("native-medium-1"), world.ports)
    assert world.experiment(launched)["state"] == "QUEUED"
    assert set(world.holders()) == {None}


# Sweep


def test_a_start_that_was_never_heard_is_found(
    world: World, launched: str
) -> None:
    world.started(launched)
    world.sweep()
    assert world.experiment(launched)["state"] == "RUNNING"


def test_an_end_that_was_never_heard_is_found(
    world: World, launched: str
) -> None:
    world.succeeded(launched)
    world.sweep()
    assert world.experiment(launched)["state"] == "SUCCEEDED"


def test_an_execution_whose_end_was_never_told_is_found(
    world: World, launched: str
) -> None:
    world.claim(launched, "native-medium-1")
    world.jobs.end("native-medium-1")
    world.sweep()
    assert world.experiment(launched)["tries"] == 1


def test_a_run_that_lives_keeps_its_slot_however_long(
    world: World, launched: str
) -> None:
    collect(world.started(launched), world.ports)
    for _ in range(3):
        world.sweep(3600)
    assert world.experiment(launched)["state"] == "RUNNING"
    assert launched in world.holders()


def test_nobody_is_looked_after_before_the_lease_is_over(
    world: World, launched: str
) -> None:
    world.succeeded(launched)
    world.sweep(after=59)
    assert world.experiment(launched)["state"] == "LAUNCHING"


def launch_that_dies(world: World, fault: Fault) -> str:
    """An experiment whose launch ends at the start of its job."""
    world.prepared()
    (id,) = world.queued()
    plan = Plan(fault, at="jobs.start")
    with pytest.raises(CallFailedError):
        launch(woken(world), faulty(world.ports, plan))
    return id


def test_a_job_that_was_never_started_is_queued_again(world: World) -> None:
    id = launch_that_dies(world, Fault.FAILED)
    world.sweep()
    queued = world.experiment(id)
    assert (queued["state"], queued["tries"]) == ("QUEUED", 0)
    assert claim_of(world, id) == "none"
    assert set(world.holders()) == {None}


def test_a_job_whose_start_was_not_confirmed_is_found_by_its_claim(
    world: World,
) -> None:
    id = launch_that_dies(world, Fault.APPLIED)
    world.claim(id, "native-medium-1")
    world.sweep()
    assert world.experiment(id)["state"] == "LAUNCHING"
    assert world.experiment(id)["execution"] == "native-medium-1"
    assert id in world.holders()


def test_a_worker_that_comes_after_it_was_given_up_finds_its_claim_taken(
    world: World,
) -> None:
    id = launch_that_dies(world, Fault.APPLIED)
    world.sweep()
    assert world.experiment(id)["state"] == "QUEUED"
    assert claim_of(world, id) == "none"
    run_launch(world)
    assert world.experiment(id)["attempt"] == 2


def test_a_queue_that_was_not_told_is_woken(world: World) -> None:
    world.prepared()
    world.queued()
    before = len(world.sent("queue.changed"))
    world.sweep()
    assert len(world.sent("queue.changed")) == before + 1


def test_one_signal_that_is_none_does_not_stop_the_sweep(
    world: World,
) -> None:
    world.prepared()
    first, second = world.queued(2)
    run_launch(world)
    world.put(paths.signal(first, 1, "finished"), b"no json")
    world.succeeded(second)
    world.sweep()
    assert world.experiment(second)["state"] == "SUCCEEDED"
    assert world.experiment(first)["state"] == "LAUNCHING"
