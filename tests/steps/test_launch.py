"""Jobs are started while there are slots and candidates, each once."""

import json
import threading
from collections.abc import Mapping

import pytest
from mmmflow.domain import paths, request
from mmmflow.ports import (
    DeniedError,
    Execution,
    Message,
    Ports,
    UnreachableError,
)
from mmmflow.steps.collect import collect
from mmmflow.steps.launch import launch

from tests.steps.world import World


def run_launch(world: World, queue: str = "default") -> None:
    launch(woken(world, queue), world.ports)


def woken(world: World, queue: str = "default") -> Message:
    return world.message(
        "queue.changed", message_id="m", correlation_id="c", queue=queue
    )


@pytest.fixture(autouse=True)
def data(world: World) -> None:
    world.prepared()


def test_a_launch_takes_a_slot_and_starts_a_job(world: World) -> None:
    (id,) = world.queued()
    run_launch(world)
    launched = world.experiment(id)
    assert launched["state"] == "LAUNCHING"
    assert launched["attempt"] == 1
    assert launched["execution"] == "native-medium-1"
    assert id in world.holders()


def test_the_worker_is_told_its_attempt_and_its_size(world: World) -> None:
    (id,) = world.queued()
    run_launch(world)
    assert world.jobs.executions["native-medium-1"].env == {
        "MMMFLOW_EXPERIMENT": id,
        "MMMFLOW_ATTEMPT": "1",
        "MMMFLOW_RUN_URI": world.ports.data.uri(world.run(id)),
        "MMMFLOW_PROCESSES": "2",
    }


def test_no_more_run_at_once_than_there_are_slots(world: World) -> None:
    world.queued(5)
    run_launch(world)
    run_launch(world)
    assert sorted(world.states()) == ["LAUNCHING"] * 2 + ["QUEUED"] * 3
    assert len(world.jobs.executions) == 2


def test_the_higher_priority_goes_first_then_the_older(world: World) -> None:
    old, new = world.queued(2)
    (urgent,) = world.queued(priority=5)
    run_launch(world)
    assert set(world.holders()) == {urgent, min(old, new)}


def test_what_backs_off_is_not_started_yet(world: World) -> None:
    (id,) = world.queued()
    world.change("experiments", id, eligible_at="2026-11-20T11:00:00+00:00")
    run_launch(world)
    assert world.states() == ["QUEUED"]
    world.clock.advance(3600)
    run_launch(world)
    assert world.states() == ["LAUNCHING"]


def test_a_paused_queue_starts_nothing(world: World) -> None:
    run_launch(world)  # makes the queue
    world.change("queues", "default", paused=True)
    world.queued()
    run_launch(world)
    assert world.states() == ["QUEUED"]


def test_a_queue_starts_what_is_its_own(world: World) -> None:
    (mine,) = world.queued(queue="night")
    (other,) = world.queued()
    run_launch(world, "night")
    assert world.experiment(mine)["state"] == "LAUNCHING"
    assert world.experiment(other)["state"] == "QUEUED"


def test_less_parallelism_retires_slots_as_they_fall_free(
    world: World,
) -> None:
    world.queued(4)
    run_launch(world)
    world.change("queues", "default", parallelism=1)
    first, second = [h for h in world.holders() if h is not None]
    collect(world.succeeded(second), world.ports)
    run_launch(world)
    assert [h for h in world.holders() if h is not None] == [first]
    collect(world.succeeded(first), world.ports)
    run_launch(world)
    assert len([h for h in world.holders() if h is not None]) == 1


def test_more_parallelism_makes_slots(world: World) -> None:
    world.queued(4)
    run_launch(world)
    world.change("queues", "default", parallelism=4)
    run_launch(world)
    assert world.states() == ["LAUNCHING"] * 4


def test_a_start_that_was_refused_gives_the_slot_back(world: World) -> None:
    (id,) = world.queued()
    world.jobs.refusal = "quota"
    run_launch(world)
    queued = world.experiment(id)
    assert queued["state"] == "QUEUED"
    assert queued["tries"] == 0
    assert "quota" in queued["history"][-1]["why"]
    assert set(world.holders()) == {None}


def test_a_start_that_was_refused_is_tried_again_later(world: World) -> None:
    (id,) = world.queued()
    world.jobs.refusal = "quota"
    run_launch(world)
    world.jobs.refusal = ""
    run_launch(world)
    assert world.experiment(id)["state"] == "QUEUED"
    world.clock.advance(11)
    run_launch(world)
    assert world.experiment(id)["state"] == "LAUNCHING"


def test_each_refusal_makes_the_next_wait_longer(world: World) -> None:
    (id,) = world.queued()
    world.jobs.refusal = "quota"
    run_launch(world)
    world.clock.advance(11)
    run_launch(world)
    world.clock.advance(11)
    world.jobs.refusal = ""
    run_launch(world)
    assert world.experiment(id)["state"] == "QUEUED"
    world.clock.advance(10)
    run_launch(world)
    assert world.experiment(id)["state"] == "LAUNCHING"


def test_who_is_refused_does_not_ask_for_all_others_too(world: World) -> None:
    world.queued(3)
    world.jobs.refusal = "quota"
    run_launch(world)
    attempts = [e["attempt"] for e in world.all("experiments")]
    assert sorted(attempts) == [0, 0, 1]


def test_a_start_that_needs_a_person_is_the_end(world: World) -> None:
    (id,) = world.queued()
    world.jobs.refusal = "permission denied on jobs/x: grant roles/y"
    world.jobs.refused_as = DeniedError
    run_launch(world)
    failed = world.experiment(id)
    assert failed["state"] == "FAILED"
    assert "grant roles/y" in failed["error"]["error"]
    assert set(world.holders()) == {None}


def test_a_start_without_an_answer_is_fenced_and_queued_again(
    world: World,
) -> None:
    (id,) = world.queued()
    world.jobs.unheard = True
    run_launch(world)
    queued = world.experiment(id)
    assert (queued["state"], queued["tries"]) == ("QUEUED", 0)
    assert set(world.holders()) == {None}
    claim = paths.claim(request.run_folder(queued), 1)
    assert json.loads(world.ports.data.read(claim))["execution"] == "none"


def test_a_worker_that_began_though_its_start_was_unheard_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (id,) = world.queued()
    start = world.jobs.start

    def start_and_claim(
        job: str, env: Mapping[str, str], timeout_seconds: int
    ) -> str:
        name = start(job, env, timeout_seconds)
        claim = paths.claim(request.run_folder(world.experiment(id)), 1)
        world.ports.data.create(claim, json.dumps({"execution": name}).encode())
        raise UnreachableError("no answer")

    monkeypatch.setattr(world.jobs, "start", start_and_claim)
    run_launch(world)
    assert world.experiment(id)["state"] == "LAUNCHING"
    assert len([h for h in world.holders() if h is not None]) == 1


def test_a_worker_that_is_faster_than_its_start_is_not_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (id,) = world.queued()
    start = world.jobs.start

    def slow(*args: object, **kwargs: object) -> str:
        name = start(*args, **kwargs)  # type: ignore[arg-type]
        collect(world.started(id, execution=name), world.ports)
        return name

    monkeypatch.setattr(world.jobs, "start", slow)
    run_launch(world)
    assert world.experiment(id)["state"] == "RUNNING"


def test_many_launches_at_once_start_each_experiment_once(
    world: World,
) -> None:
    world.queued(6)
    run_launch(world)  # makes the queue
    world.change("queues", "default", parallelism=4)
    start = threading.Barrier(4)

    def race(ports: Ports) -> None:
        start.wait()
        launch(woken(world), ports)

    threads = [
        threading.Thread(target=race, args=(world.ports,)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    executions: list[Execution] = list(world.jobs.executions.values())
    started = [e.env["MMMFLOW_EXPERIMENT"] for e in executions]
    assert len(started) == len(set(started)) == 4
    held = [h for h in world.holders() if h is not None]
    assert sorted(held) == sorted(started)
