"""Large batches: validated whole, made in chunks, run when complete."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mmmflow.messaging.outbox import MAX_MESSAGE
from mmmflow.ports import Json, Message
from mmmflow.steps.enqueue import enqueue
from mmmflow.submit import batches, revisions

from tests import faults
from tests.faults import Fault, Plan
from tests.steps.world import World

SWEEP = {"seed": list(range(50)), "adstock": ["geometric", "weibull_cdf"]}


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones: what holds for them holds for large ones."""
    monkeypatch.setattr(batches, "CHUNK", 2)


def asked(world: World, **body: Any) -> Message:
    body = {"experiment": {"country": "DE", "preset": "test"}, **body}
    return world.message("experiment.requested", **body)


def sweep(seeds: int) -> dict[str, list[int]]:
    return {"seed": list(range(seeds))}


def continued(world: World) -> int:
    """Deliver every chunk's message, and those that follow; how many."""
    delivered = 0
    while len(found := world.sent("batch.continued")) > delivered:
        message = Message("batch.continued", "1", found[delivered])
        enqueue(message, world.ports)
        delivered += 1
    return delivered


def batch(world: World) -> Json:
    (found,) = world.all("batches")
    return found


# asked for


def test_a_sweep_of_more_than_fifty_must_be_confirmed(world: World) -> None:
    enqueue(asked(world, sweep={**SWEEP}), world.ports)
    (refused,) = world.all("requests")
    assert refused["problems"][0]["where"] == "confirm"
    assert "the sweep makes 100 experiments" in refused["problems"][0]["what"]
    assert world.states() == []


def test_a_sweep_that_is_confirmed_is_made(world: World) -> None:
    enqueue(asked(world, sweep={**SWEEP}, confirm=True), world.ports)
    assert len(world.states()) == 100


def test_every_problem_of_a_large_sweep_is_listed_once(world: World) -> None:
    wrong = {**SWEEP, "adstock": ["none", "geometric"], "country": ["a b"]}
    enqueue(asked(world, sweep=wrong, confirm=True), world.ports)
    (refused,) = world.all("requests")
    assert [p["where"] for p in refused["problems"]] == ["country", "adstock"]


def test_contradictions_are_refused_when_they_are_asked_for(
    world: World,
) -> None:
    window = {"start": "2024-02-01", "end": "2024-01-01"}
    one = {"country": "DE", "window": window, "not_before": "soon"}
    enqueue(asked(world, experiment=one), world.ports)
    (refused,) = world.all("requests")
    assert [p["where"] for p in refused["problems"]] == ["window", "not_before"]


def test_one_experiment_alone_is_no_batch(world: World) -> None:
    enqueue(asked(world), world.ports)
    assert world.all("batches") == []
    assert world.all("experiments")[0]["batch_id"] is None


def test_a_small_batch_is_complete_when_it_is_made(world: World) -> None:
    enqueue(asked(world, sweep=sweep(3)), world.ports)
    assert batch(world)["state"] == "COMPLETE"
    assert (batch(world)["created"], batch(world)["total"]) == (3, 3)
    ids = {e["batch_id"] for e in world.all("experiments")}
    assert ids == {batch(world)["id"]}


# made in chunks


@pytest.mark.usefixtures("chunks")
def test_a_large_batch_is_its_manifest_before_any_experiment(
    world: World,
) -> None:
    enqueue(asked(world, sweep=sweep(5)), world.ports)
    assert batch(world)["state"] == "CREATING"
    assert world.states() == []
    name = f"batches/{batch(world)['id']}/manifest.jsonl"
    lines = world.ports.data.read(name).splitlines()
    assert [json.loads(line)["seed"] for line in lines] == [0, 1, 2, 3, 4]


@pytest.mark.usefixtures("chunks")
def test_its_experiments_wait_until_it_is_complete(world: World) -> None:
    world.prepared()
    enqueue(asked(world, sweep=sweep(5)), world.ports)
    (first,) = world.sent("batch.continued")
    enqueue(Message("batch.continued", "1", first), world.ports)
    assert batch(world)["created"] == 2
    world.sweep(0)
    world.prepared()
    assert world.states() == ["WAITING"] * 2
    waits = world.all("experiments")[0]["waits_for"]
    assert waits["batch"] == batch(world)["id"]


@pytest.mark.usefixtures("chunks")
def test_when_it_is_complete_they_are_let_go_in_chunks(world: World) -> None:
    world.prepared()
    enqueue(asked(world, sweep=sweep(5)), world.ports)
    assert continued(world) == 6
    assert world.states() == ["QUEUED"] * 5
    made = batch(world)
    assert (made["state"], made["created"]) == ("COMPLETE", 5)
    assert not made["open"]


@pytest.mark.usefixtures("chunks")
def test_without_data_they_wait_for_that_alone(world: World) -> None:
    enqueue(asked(world, sweep=sweep(3)), world.ports)
    continued(world)
    waits = [e["waits_for"] for e in world.all("experiments")]
    assert waits == [{"dataset_id": None, "mapping_version": None}] * 3
    world.prepared()
    assert world.states() == ["QUEUED"] * 3


@pytest.mark.usefixtures("chunks")
def test_the_queue_is_told_once_a_chunk(world: World) -> None:
    world.prepared()
    enqueue(asked(world, sweep=sweep(5)), world.ports)
    continued(world)
    assert len(world.sent("queue.changed")) == 3


@pytest.mark.usefixtures("chunks")
def test_a_chunk_that_comes_again_makes_nothing(world: World) -> None:
    world.prepared()
    enqueue(asked(world, sweep=sweep(5)), world.ports)
    continued(world)
    before = world.all("experiments")
    for body in world.sent("batch.continued"):
        enqueue(Message("batch.continued", "2", body), world.ports)
    assert world.all("experiments") == before


@pytest.mark.usefixtures("chunks")
def test_the_same_large_request_again_makes_nothing(world: World) -> None:
    enqueue(asked(world, sweep=sweep(5)), world.ports)
    continued(world)
    world.clock.advance(5)
    enqueue(asked(world, sweep=sweep(5)), world.ports)
    assert len(world.all("batches")) == 1
    assert len(world.all("experiments")) == 5


@pytest.mark.usefixtures("chunks")
def test_a_chunk_whose_message_is_lost_is_asked_for_again(
    world: World,
) -> None:
    enqueue(asked(world, sweep=sweep(3)), world.ports)
    world.sweep()
    assert [b["at"] for b in world.sent("batch.continued")] == [0, 0]
    continued(world)
    asked_for = len(world.sent("batch.continued"))
    world.sweep()
    assert len(world.sent("batch.continued")) == asked_for


@pytest.mark.usefixtures("chunks")
@pytest.mark.parametrize("fault", Fault)
def test_whatever_call_fails_a_large_batch_is_made_once(
    home: Path, fault: Fault
) -> None:
    """A delivery may die at any of its calls; it comes again, or the sweep."""
    at, plan = 1, Plan(fault, 1)
    while plan.struck or at == 1:
        world, plan = World(home / f"{at}"), Plan(fault, at)
        twice(asked(world, sweep=sweep(3)), world, plan)
        delivered = 0
        while len(found := world.sent("batch.continued")) > delivered:
            body = found[delivered]
            twice(Message("batch.continued", "1", body), world, plan)
            delivered += 1
        world.sweep()
        continued(world)
        made = world.all("experiments")
        assert [e["request"]["seed"] for e in sorted_by_seed(made)] == [0, 1, 2]
        assert not any("batch" in e["waits_for"] for e in made)
        assert not batch(world)["open"]
        at += 1
    assert at > 30


def twice(message: Message, world: World, plan: Plan) -> None:
    """A delivery that may fail, and the next one of the same message."""
    faults.deliver(partial(enqueue, message), world.ports, plan)
    enqueue(message, world.ports)


def sorted_by_seed(experiments: list[Json]) -> list[Json]:
    return sorted(experiments, key=lambda e: int(e["request"]["seed"]))


def test_ten_thousand_are_the_most(world: World) -> None:
    wide = {
        **SWEEP,
        "seed": list(range(50)),
        "country": [f"c{n}" for n in range(50)],
    }
    wide["revision"] = [{"tag": "a", "number": n} for n in range(1, 4)]
    enqueue(asked(world, sweep=wide, confirm=True), world.ports)
    (refused,) = world.all("requests")
    assert "more than 10000 experiments" in refused["problems"][0]["what"]


# forced


def test_force_makes_the_same_again_as_the_next_revision(world: World) -> None:
    enqueue(asked(world, sweep=sweep(2)), world.ports)
    world.clock.advance(1)
    forced = asked(world, sweep=sweep(2), force=True)
    enqueue(forced, world.ports)
    enqueue(forced, world.ports)
    revisions_made = [e["revision"]["number"] for e in world.all("experiments")]
    assert revisions_made == [1, 1, 2, 2]
    assert revisions.proposed(world.ports, "r", "DE") == 3


def test_forced_by_another_message_it_is_made_once_more(world: World) -> None:
    for delivery in ("1", "2", "2"):
        message = asked(world, force=True)
        enqueue(Message(message.topic, delivery, message.body), world.ports)
    numbers = sorted(e["revision"]["number"] for e in world.all("experiments"))
    assert numbers == [1, 2]


@pytest.mark.usefixtures("chunks")
def test_a_large_batch_may_be_forced_too(world: World) -> None:
    for key in ("a", "b"):
        body = asked(world, sweep=sweep(3), force=True, message_id=key)
        enqueue(body, world.ports)
    continued(world)
    numbers = sorted(e["revision"]["number"] for e in world.all("experiments"))
    assert numbers == [1, 1, 1, 2, 2, 2]


# an object named in the message


def named(world: World, name: str, content: str) -> Message:
    event = world.put(name, content.encode())
    body = {"batch_object": {"name": name, "generation": event.generation}}
    return world.message("experiment.requested", **body)


def test_a_message_may_name_an_object_of_experiments(world: World) -> None:
    text = '{"country": "DE", "seed": 1}\n\n{"country": "FR", "seed": 2}\n'
    enqueue(named(world, "batches/in/a.jsonl", text), world.ports)
    made = [
        (e["country"], e["request"]["seed"]) for e in world.all("experiments")
    ]
    assert sorted(made) == [("DE", 1), ("FR", 2)]


def test_the_object_may_be_a_csv(world: World) -> None:
    text = "country;seed\nDE;1\nFR;2\n"
    enqueue(named(world, "batches/in/a.csv", text), world.ports)
    assert len(world.states()) == 2


def test_every_wrong_line_of_the_object_is_named(world: World) -> None:
    text = '{"country": "DE"}\n{"seed": "x"}\nnonsense\n[1]\n'
    enqueue(named(world, "batches/in/a.jsonl", text), world.ports)
    (refused,) = world.all("requests")
    where = [p["where"] for p in refused["problems"]]
    assert where == ["row 2", "row 2, column 'seed'", "row 3", "row 4"]
    assert world.states() == []


def test_an_object_of_another_generation_is_refused(world: World) -> None:
    message = named(world, "batches/in/a.csv", "country\nDE\n")
    message.body["batch_object"]["generation"] = "0"
    enqueue(message, world.ports)
    (refused,) = world.all("requests")
    assert refused["problems"][0]["where"] == "batch_object"


def test_a_message_that_is_too_large_is_answered_with_the_way_to_do_it(
    world: World,
) -> None:
    body = asked(world).body
    enqueue(
        Message("experiment.requested", "1", body, size=MAX_MESSAGE + 1),
        world.ports,
    )
    (refused,) = world.all("requests")
    (problem,) = refused["problems"]
    assert "more than 262144" in problem["what"]
    assert '{"batch_object": {"name": …, "generation": …}}' in problem["hint"]


# released when the clock says so


def test_an_experiment_waits_for_its_time(world: World) -> None:
    world.prepared()
    world.queued(not_before="2026-11-20T13:00:00+01:00")
    (waiting,) = world.all("experiments")
    assert waiting["state"] == "WAITING"
    assert waiting["waits_for"]["time"] == "2026-11-20T12:00:00+00:00"
    world.sweep(60)
    assert world.states() == ["WAITING"]
    world.sweep(2 * 3600)
    assert world.states() == ["QUEUED"]


def test_when_its_time_comes_before_its_data_it_waits_for_the_data(
    world: World,
) -> None:
    world.queued(not_before="2026-11-20T12:00:00Z")
    world.sweep(2 * 3600)
    (waiting,) = world.all("experiments")
    assert "time" not in waiting["waits_for"]
    world.prepared()
    assert world.states() == ["QUEUED"]


# what waits for a country's data


def test_what_waits_for_data_is_let_go_in_chunks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmmflow.queueing.training.CHUNK", 2)
    world.queued(5)
    world.prepared()
    assert world.states().count("QUEUED") == 2
    delivered = 0
    while len(found := world.sent("training.prepared")) > delivered:
        message = Message("training.prepared", "1", found[delivered])
        enqueue(message, world.ports)
        delivered += 1
    assert world.states() == ["QUEUED"] * 5


def test_the_sweep_looks_at_everything_that_waits_in_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmmflow.queueing.training.CHUNK", 2)
    world.queued(5)
    monkeypatch.setattr(
        "mmmflow.queueing.training.release_waiting", lambda *_: None
    )
    world.prepared()
    for queued in (2, 4, 5):
        world.sweep()
        assert world.states().count("QUEUED") == queued
