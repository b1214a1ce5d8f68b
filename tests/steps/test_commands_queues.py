"""A queue does what its administrator says: exactly, and from then on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from mmmflow.control import commands
from mmmflow.domain import costs
from mmmflow.ports import Document, NotFoundError, Where
from mmmflow.queueing import queues
from mmmflow.show import queue_views
from mmmflow.steps.collect import collect
from mmmflow.steps.launch import launch

from tests.steps.world import World

ME = "a person"
NIGHT = 14 * 3600.0


def run_launch(world: World, queue: str = "default") -> None:
    body = {"message_id": "m", "correlation_id": "c", "queue": queue}
    launch(world.message("queue.changed", **body), world.ports)


def set_queue(world: World, name: str = "default", **fields: Any) -> None:
    queues.change(world.ports, name, actor=ME, **fields)


def started(world: World) -> int:
    return len(world.jobs.executions)


def end_all(world: World) -> None:
    for data in world.all("experiments"):
        if data["state"] == "LAUNCHING":
            collect(world.failed(data["id"]), world.ports)


def cost(world: World) -> float:
    return costs.estimate(world.all("experiments")[0]["request"])


@pytest.fixture(autouse=True)
def data(world: World) -> None:
    world.prepared()


# parallelism


def test_more_parallelism_starts_more_at_once(world: World) -> None:
    world.queued(6)
    set_queue(world, parallelism=5)
    run_launch(world)
    assert started(world) == 5


def test_with_less_parallelism_slots_retire_as_they_fall_free(
    world: World,
) -> None:
    world.queued(8)
    set_queue(world, parallelism=4)
    run_launch(world)
    set_queue(world, parallelism=1)
    assert world.holders().count(None) == 0
    end_all(world)
    run_launch(world)
    assert len([h for h in world.holders() if h]) == 1


def test_a_change_wakes_the_queue(world: World) -> None:
    told = len(world.sent("queue.changed"))
    set_queue(world, parallelism=3)
    assert world.sent("queue.changed")[told:][-1]["queue"] == "default"


def test_a_change_says_who_made_it(world: World) -> None:
    set_queue(world, parallelism=3)
    data = world.document("queues", "default")
    assert (data["actor"], data["updated_at"]) == (
        ME,
        world.clock.now().isoformat(),
    )


class Interrupted:
    """Documents that let another hand act right before a candidate query."""

    def __init__(self, world: World, act: Any) -> None:
        self._documents = world.ports.documents
        self._act = act

    def query(
        self, collection: str, where: Sequence[Where] = (), *a: Any, **k: Any
    ) -> list[Document]:
        found = self._documents.query(collection, where, *a, **k)
        if collection == "experiments" and self._act is not None:
            act, self._act = self._act, None
            act()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)


@pytest.mark.parametrize(
    "fields", [{"paused": True}, {"daily_runs": 0}, {"parallelism": 1}]
)
def test_a_launch_that_looked_before_the_change_is_refused(
    world: World, fields: dict[str, Any]
) -> None:
    world.queued(3)
    queues.get(world.ports, "default")
    hand = Interrupted(world, lambda: set_queue(world, **fields))
    ports = replace(world.ports, documents=hand)
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), ports)
    assert started(world) == (1 if "parallelism" in fields else 0)


def test_a_launch_that_looked_before_all_were_paused_is_refused(
    world: World,
) -> None:
    world.queued(3)
    queues.get(world.ports, "default")
    hand = Interrupted(world, lambda: queues.pause_all(world.ports, actor=ME))
    ports = replace(world.ports, documents=hand)
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), ports)
    assert started(world) == 0


# pause


def test_a_paused_queue_starts_nothing_and_says_so(world: World) -> None:
    world.queued()
    set_queue(world, paused=True)
    run_launch(world)
    assert started(world) == 0
    held = queue_views.queue(world.ports, "default")["held"]
    assert held == {
        "reason": "the queue is paused by a person",
        "until": None,
    }


def test_a_resumed_queue_goes_on(world: World) -> None:
    world.queued()
    set_queue(world, paused=True)
    set_queue(world, paused=False)
    run_launch(world)
    assert started(world) == 1


def test_one_switch_pauses_every_queue(world: World) -> None:
    world.queued()
    world.queued(queue="other")
    queues.pause_all(world.ports, actor=ME, why="too expensive")
    run_launch(world)
    run_launch(world, "other")
    assert started(world) == 0
    held = queue_views.queue(world.ports, "other")["held"]
    assert held["reason"] == (
        "every queue is paused by a person: too expensive"
    )


def test_and_lets_them_go_on(world: World) -> None:
    world.queued()
    world.queued(queue="other")
    queues.pause_all(world.ports, actor=ME)
    told = len(world.sent("queue.changed"))
    queues.resume_all(world.ports, actor=ME)
    woken = [body["queue"] for body in world.sent("queue.changed")[told:]]
    assert woken == ["default", "other"]
    run_launch(world)
    run_launch(world, "other")
    assert started(world) == 2


def test_a_queue_that_is_paused_by_itself_stays_so(world: World) -> None:
    world.queued()
    set_queue(world, paused=True)
    queues.pause_all(world.ports, actor=ME)
    queues.resume_all(world.ports, actor=ME)
    run_launch(world)
    assert started(world) == 0


# the guard of spending


def test_no_more_runs_are_started_in_a_day_than_the_cap(world: World) -> None:
    world.queued(4)
    set_queue(world, parallelism=4, daily_runs=3)
    run_launch(world)
    assert started(world) == 3
    assert world.states().count("QUEUED") == 1


def test_a_run_that_ended_counts_on(world: World) -> None:
    world.queued(4)
    set_queue(world, daily_runs=2)
    run_launch(world)
    end_all(world)
    run_launch(world)
    assert started(world) == 2


def test_a_slot_that_retired_counts_on(world: World) -> None:
    world.queued(4)
    set_queue(world, parallelism=3, daily_runs=3)
    run_launch(world)
    set_queue(world, parallelism=1)
    end_all(world)
    run_launch(world)
    assert started(world) == 3


def test_what_was_started_before_there_was_a_cap_counts(world: World) -> None:
    world.queued(4)
    run_launch(world)
    end_all(world)
    set_queue(world, daily_runs=3)
    run_launch(world)
    assert started(world) == 3


def test_the_queue_says_why_it_waits_and_until_when(world: World) -> None:
    world.queued(2)
    set_queue(world, daily_runs=1)
    run_launch(world)
    assert queue_views.queue(world.ports, "default")["held"] == {
        "reason": "1 of 1 runs a day are started",
        "until": "2026-11-21T00:00:00+00:00",
    }


def test_what_waits_for_the_day_is_no_failure(world: World) -> None:
    world.queued(2)
    set_queue(world, daily_runs=1)
    run_launch(world)
    waiting = [e for e in world.all("experiments") if e["state"] == "QUEUED"]
    assert [e["error"] for e in waiting] == [None]


def test_the_next_day_it_goes_on_by_itself(world: World) -> None:
    world.queued(2)
    set_queue(world, daily_runs=1)
    run_launch(world)
    end_all(world)
    told = len(world.sent("queue.changed"))
    world.sweep(after=NIGHT)
    assert len(world.sent("queue.changed")) > told
    run_launch(world)
    assert started(world) == 2


def test_no_more_money_is_spent_in_a_day_than_the_cap(world: World) -> None:
    world.queued(4)
    set_queue(world, parallelism=4, daily_cost=cost(world) * 2.5)
    run_launch(world)
    assert started(world) == 2
    held = queue_views.queue(world.ports, "default")["held"]
    assert "USD a day are spent by estimate" in held["reason"]


def test_what_costs_more_than_a_day_may_holds_up_nobody(world: World) -> None:
    (large,) = world.queued(preset="production", priority=9)
    (small,) = world.queued(preset="test")
    limit = costs.estimate(world.experiment(small)["request"]) * 1.01
    set_queue(world, daily_cost=limit)
    run_launch(world)
    assert world.experiment(small)["state"] == "LAUNCHING"
    assert world.experiment(large)["state"] == "QUEUED"
    assert queue_views.queue(world.ports, "default")["too_expensive"] == 1


def test_a_start_that_was_refused_is_not_counted(world: World) -> None:
    world.queued()
    set_queue(world, daily_runs=1)
    world.jobs.refusal = "no quota"
    run_launch(world)
    world.jobs.refusal = ""
    world.clock.advance(60)
    run_launch(world)
    assert started(world) == 1


def test_two_launches_at_once_keep_the_cap(world: World) -> None:
    world.queued(4)
    set_queue(world, parallelism=4, daily_runs=1)
    hand = Interrupted(world, lambda: run_launch(world))
    ports = replace(world.ports, documents=hand)
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), ports)
    assert started(world) == 1


# what is shown, and who is woken


def test_a_queue_shows_what_it_does(world: World) -> None:
    world.queued(3)
    world.queued(country="FR")
    run_launch(world)
    shown = queue_views.queue(world.ports, "default")
    assert (shown["running"], shown["queued"], shown["waiting"]) == (2, 1, 1)
    assert shown["today"]["runs"] == 2
    assert shown["today"]["cost"] == pytest.approx(2 * cost(world))
    assert shown["held"] is None


def test_a_queue_that_nobody_uses_is_not_there(world: World) -> None:
    with pytest.raises(NotFoundError, match="queue nobody"):
        queue_views.queue(world.ports, "nobody")


def test_the_timer_wakes_each_queue_that_has_work(world: World) -> None:
    world.queued(30)
    for name in ("b", "b-2", "b2"):
        world.queued(queue=name)
    (cancelled,) = world.queued(queue="empty")
    commands.cancel(world.ports, cancelled, actor=ME)
    assert queues.with_work(world.ports) == ["b", "b-2", "b2", "default"]


def test_a_batch_shows_how_far_it_is(world: World) -> None:
    batch = "20261120T104512Z-1f3a9c0b77de"
    for id in world.queued(3):
        world.change("experiments", id, batch_id=batch)
    run_launch(world)
    end_all(world)
    shown = queue_views.batch(world.ports, batch)
    assert shown["experiments"] == 3
    assert shown["ended"] == 2
    assert shown["states"]["FAILED"] == 2
    assert not shown["done"]


def test_there_must_be_such_a_batch(world: World) -> None:
    with pytest.raises(NotFoundError, match="batch none"):
        queue_views.batch(world.ports, "none")
