"""Whichever call of a handler fails, and however: the outcome is the same.

Each handler is delivered once with one of its calls going wrong, then once
more as it should be, and the timer comes by: what there is afterwards must
be what there is when nothing goes wrong.
"""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mmmflow import settings
from mmmflow.people import notifications
from mmmflow.ports import Message, Ports
from mmmflow.steps.collect import collect
from mmmflow.steps.enqueue import enqueue
from mmmflow.steps.extract import extract
from mmmflow.steps.ingest import ingest
from mmmflow.steps.launch import launch
from mmmflow.steps.notify import notify
from mmmflow.steps.prepare import prepare
from mmmflow.steps.rank import rank
from mmmflow.steps.reconcile import reconcile
from mmmflow.steps.tally import tally

from tests.faults import Fault, Plan, deliver, every_fault
from tests.steps.test_launch import run_launch, woken
from tests.steps.test_reconcile_and_sweep import entry
from tests.steps.world import World, table

Handle = Callable[[Ports], None]
Setup = Callable[[World], Handle]
NO_FAULT = Plan(Fault.FAILED, at="none")
COLLECTIONS = (
    "requests",
    "datasets",
    "mappings",
    "experiments",
    "slots",
    "champions",
    "batch_ends",
    "outbox",
    "unranked",
    "dead_letters",
)
# What differs from run to run, as times, names and hashes of paths do.
_INCIDENTAL = (
    "op",
    "token",
    "message_id",
    "correlation_id",
    "at",
    "content_hash",
)


def extracting(world: World) -> Handle:
    world.put_table("weekly", "DE", "FR")
    message = world.message(
        "dataset.requested",
        source={"table": "weekly", "country_column": "market"},
        countries=["DE"],
    )
    return lambda ports: extract(message, ports)


def ingesting(world: World) -> Handle:
    event = world.drop("DE/t.csv", table("DE"))
    return lambda ports: ingest(event, ports)


def a_dataset_comes(world: World) -> Handle:
    prepare(world.put_mapping(), world.ports)
    world.queued()
    ingesting(world)(world.ports)
    event = world.marker_event(world.all("datasets")[0]["id"])
    return lambda ports: prepare(event, ports)


def a_mapping_comes(world: World) -> Handle:
    ingesting(world)(world.ports)
    event = world.marker_event(world.all("datasets")[0]["id"])
    prepare(event, world.ports)
    mapping = world.put_mapping()
    return lambda ports: prepare(mapping, ports)


def a_dataset_that_wants_training_comes(world: World) -> Handle:
    prepare(world.put_mapping(), world.ports)
    world.put_table("weekly", "DE")
    message = world.message(
        "dataset.requested",
        source={"table": "weekly"},
        countries=["DE"],
        train={"experiment": {"preset": "test"}},
    )
    extract(message, world.ports)
    event = world.marker_event(world.all("datasets")[0]["id"])
    return lambda ports: prepare(event, ports)


def enqueuing(world: World) -> Handle:
    world.prepared()
    message = world.message(
        "experiment.requested",
        experiment={"country": "DE", "preset": "test"},
    )
    return lambda ports: enqueue(message, ports)


def launched(world: World) -> str:
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    return id


def hearing_a_start(world: World) -> Handle:
    event = world.started(launched(world))
    return lambda ports: collect(event, ports)


def hearing_a_success(world: World) -> Handle:
    event = world.succeeded(launched(world))
    return lambda ports: collect(event, ports)


def hearing_a_failure(world: World) -> Handle:
    event = world.failed(launched(world))
    return lambda ports: collect(event, ports)


def hearing_a_failure_to_be_retried(world: World) -> Handle:
    event = world.failed(launched(world), retriable=True)
    return lambda ports: collect(event, ports)


def reconciling(world: World) -> Handle:
    id = launched(world)
    world.claim(id, "native-medium-1")
    world.jobs.end("native-medium-1")
    return lambda ports: reconcile(entry("native-medium-1"), ports)


def reconciling_what_was_overtaken(world: World) -> Handle:
    world.succeeded(launched(world))
    world.jobs.end("native-medium-1")
    return lambda ports: reconcile(entry("native-medium-1"), ports)


def hearing_of_a_better_one(world: World) -> Handle:
    collect(world.succeeded(launched(world), error=0.2), world.ports)
    (id,) = world.queued()
    run_launch(world)
    event = world.succeeded(id, error=0.1)
    return lambda ports: collect(event, ports)


def ranking_by_another_rule(world: World) -> Handle:
    collect(world.succeeded(launched(world)), world.ports)
    rule = {"rule": "weighted", "weights": {"decomp_rssd": 1}}
    settings.set_ranking(world.ports, None, rule, actor="a person")
    body = world.sent("ranking.changed")[-1]
    return lambda ports: rank(Message("ranking.changed", "1", body), ports)


def the_last_of_a_batch_ends(world: World) -> Handle:
    world.prepared()
    ids = world.queued(2)
    run_launch(world)
    for id in ids:
        collect(world.succeeded(id), world.ports)
    body = world.sent("experiment.changed")[-1]
    return lambda ports: tally(Message("experiment.changed", "1", body), ports)


def two_want_to_be_told(world: World) -> Handle:
    for id in ("team", "boss"):
        target = {
            "id": id,
            "kind": "webhook",
            "events": ["experiment.failed"],
            "url": "https://example.com/hook",
        }
        notifications.save(world.ports, target, actor="a person")
    collect(world.failed(launched(world)), world.ports)
    body = world.sent("experiment.changed")[-1]
    told = Message("experiment.changed", "1", body)
    return lambda ports: notify(told, ports)


SETUPS = [
    extracting,
    ingesting,
    a_dataset_comes,
    a_mapping_comes,
    a_dataset_that_wants_training_comes,
    enqueuing,
    hearing_a_start,
    hearing_a_success,
    hearing_a_failure,
    hearing_a_failure_to_be_retried,
    hearing_of_a_better_one,
    ranking_by_another_rule,
    the_last_of_a_batch_ends,
    two_want_to_be_told,
    reconciling,
    reconciling_what_was_overtaken,
]


@pytest.mark.parametrize("setup", SETUPS)
def test_the_outcome_is_the_same(tmp_path: Path, setup: Setup) -> None:
    """The handler is called with the ports of each copy of the world."""
    world = World(tmp_path / "world")
    handle = setup(world)
    expected = outcome(world.copy(tmp_path / "right"), handle, NO_FAULT)

    def run(fault: Fault, at: int) -> Plan:
        plan = Plan(fault, at)
        other = world.copy(tmp_path / f"{fault.name}-{at}")
        assert outcome(other, handle, plan) ^ expected == set(), why(plan)
        return plan

    assert list(every_fault(run))


@pytest.mark.parametrize("setup", SETUPS)
def test_the_outcome_is_the_same_of_three_at_once(
    tmp_path: Path, setup: Setup
) -> None:
    world = World(tmp_path / "world")
    handle = setup(world)
    expected = outcome(world.copy(tmp_path / "right"), handle, NO_FAULT)
    other = world.copy(tmp_path / "at once")
    start = threading.Barrier(3)

    def at_once(_: int) -> None:
        start.wait()
        handle(other.ports)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(at_once, range(3)))
    assert outcome(other, handle, NO_FAULT) ^ expected == set()


def why(plan: Plan) -> str:
    return f"call {plan.at} is {plan.fault.value}: {plan.made}"


def outcome(world: World, handle: Handle, plan: Plan) -> set[str]:
    """What there is after two deliveries, the first with the fault."""
    deliver(handle, world.ports, plan)
    handle(world.ports)
    world.sweep(31)
    return snapshot(world)


def snapshot(world: World) -> set[str]:
    """Documents, objects and executions, and what was published at all."""
    documents = [
        (f"{name}/{document.id}", document.data)
        for name in COLLECTIONS
        for document in world.ports.documents.query(name)
    ]
    objects = [
        (info.name, content(world.ports.data.read(info.name)))
        for info in world.ports.data.list("")
    ]
    executions = [(e.name, dict(e.env)) for e in world.jobs.executions.values()]
    found = [*documents, *objects, *executions, *world.messages.published]
    return {f"{name}: {plain(value, world)}" for name, value in found}


def content(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.hex()


def plain(value: Any, world: World) -> Any:
    """Without what differs from run to run."""
    if isinstance(value, dict):
        return {
            key: plain(item, world)
            for key, item in sorted(value.items())
            if key not in _INCIDENTAL and not key.endswith(("_at", "_until"))
        }
    if isinstance(value, list):
        return [plain(item, world) for item in value]
    if isinstance(value, str):
        return value.replace(str(world.home), "")
    return value


def test_each_job_is_started_at_most_once_an_attempt(tmp_path: Path) -> None:
    world = World(tmp_path / "world")
    world.prepared()
    world.queued(3)

    def handle(ports: Ports) -> None:
        launch(woken(world), ports)

    def run(fault: Fault, at: int) -> Plan:
        plan = Plan(fault, at)
        other = world.copy(tmp_path / f"{fault.name}-{at}")
        deliver(handle, other.ports, plan)
        if fault is Fault.REPEATED and plan.made[at - 1] == "jobs.start":
            return plan  # which nobody repeats
        check_slots(other, why(plan))
        handle(other.ports)
        other.sweep()
        handle(other.ports)
        check_slots(other, why(plan))
        states = sorted(other.states())
        assert states == ["LAUNCHING", "LAUNCHING", "QUEUED"], why(plan)
        return plan

    assert list(every_fault(run))


def check_slots(world: World, when: str) -> None:
    """Who holds a slot runs, who runs holds one, and was started once."""
    active = {
        (e["id"], e["attempt"]): e["slot"]
        for e in world.all("experiments")
        if e["state"] in ("LAUNCHING", "RUNNING")
    }
    held = {
        (slot["holder"]["experiment_id"], slot["holder"]["attempt"])
        for slot in world.all("slots")
        if slot["holder"]
    }
    assert held == set(active), when
    assert len(set(active.values())) == len(active), when
    started = [
        (e.env["MMMFLOW_EXPERIMENT"], e.env["MMMFLOW_ATTEMPT"])
        for e in world.jobs.executions.values()
    ]
    assert len(started) == len(set(started)), when
