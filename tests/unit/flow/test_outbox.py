"""A change of state and the messages that follow from it are one commit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from mmmflow.domain.errors import InvalidInputError
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import Create, Delete, Outbound, Ports, Update

from tests.faults import CallFailedError, Fault, Plan, faulty

MESSAGE = Outgoing("queue.changed", "c", {"queue": "default"})
THING = Create("things", "x", {"a": 1})


class Recorder:
    """The message port of these tests."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, Mapping[str, str]]] = []

    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str]
    ) -> None:
        self.sent.append((topic, data, attributes))

    def publish_all(self, messages: Sequence[Outbound]) -> None:
        for message in messages:
            self.publish(message.topic, message.data, message.attributes)


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def world(ports: Ports, bus: Recorder) -> Ports:
    return replace(ports, messages=bus)


def test_the_document_is_written_and_the_message_sent(
    world: Ports, bus: Recorder
) -> None:
    assert outbox.commit(world, [THING], [MESSAGE])
    assert world.documents.get("things", "x") is not None
    ((topic, _, attributes),) = bus.sent
    assert topic == "queue.changed"
    assert attributes == {"correlation_id": "c", "topic": "queue.changed"}


def test_what_was_sent_leaves_no_row(world: Ports) -> None:
    outbox.commit(world, [THING], [MESSAGE])
    assert world.documents.query("outbox") == []


def test_a_message_that_breaks_its_schema_stops_the_commit(
    world: Ports, bus: Recorder
) -> None:
    broken = Outgoing("queue.changed", "c", {"queue": 1})
    with pytest.raises(InvalidInputError):
        outbox.commit(world, [THING], [broken])
    assert world.documents.get("things", "x") is None
    assert not bus.sent


def test_who_was_overtaken_writes_and_sends_nothing(
    world: Ports, bus: Recorder
) -> None:
    outbox.commit(world, [THING])
    other = Create("things", "y", {})
    assert not outbox.commit(world, [other, THING], [MESSAGE])
    assert world.documents.get("things", "y") is None
    assert not bus.sent


def test_an_old_version_is_overtaken(world: Ports) -> None:
    outbox.commit(world, [THING])
    read = world.documents.get("things", "x")
    assert read is not None
    assert outbox.commit(world, [Update("things", "x", read.version, {})])
    assert not outbox.commit(world, [Update("things", "x", read.version, {})])


def test_ones_own_commit_that_was_reported_as_refused_is_a_success(
    world: Ports, bus: Recorder
) -> None:
    plan = Plan(Fault.REPEATED, at=1)
    assert outbox.commit(faulty(world, plan), [THING], [MESSAGE])
    assert plan.made[0] == "documents.commit"
    assert len(bus.sent) == 1


def test_every_commit_marks_what_it_writes_with_an_op_of_its_own(
    world: Ports,
) -> None:
    outbox.commit(world, [THING, Create("things", "y", {})])
    outbox.commit(world, [Create("things", "z", {})])
    ops = [d.data["op"] for d in world.documents.query("things")]
    assert ops[0] == ops[1] != ops[2]


def test_a_message_has_an_id_and_its_topics_id_keeps_it_apart(
    world: Ports, bus: Recorder
) -> None:
    outbox.commit(world, [], [MESSAGE, MESSAGE])
    assert len({data for _, data, _ in bus.sent}) == 2


@pytest.mark.parametrize("fault", [Fault.FAILED, Fault.APPLIED])
def test_what_a_crash_leaves_unsent_the_sweep_sends(
    world: Ports, bus: Recorder, fault: Fault
) -> None:
    plan = Plan(fault, at=2)
    with pytest.raises(CallFailedError, match=r"messages\.publish"):
        outbox.commit(faulty(world, plan), [THING], [MESSAGE])
    sent_before = len(bus.sent)
    later = world.clock.now().isoformat()
    assert outbox.send_overdue(world, later) == 1
    assert len(bus.sent) == sent_before + 1
    assert outbox.send_overdue(world, later) == 0


def test_the_sweep_leaves_alone_what_is_young(world: Ports) -> None:
    before = world.clock.now().isoformat()
    with pytest.raises(CallFailedError):
        outbox.commit(
            faulty(world, Plan(Fault.FAILED, at=2)), [THING], [MESSAGE]
        )
    assert outbox.send_overdue(world, before) == 0


def test_deleting_needs_no_version(world: Ports) -> None:
    outbox.commit(world, [THING])
    assert outbox.commit(world, [Delete("things", "x")])
    assert world.documents.get("things", "x") is None


def test_a_message_that_follows_from_no_change_is_sent_at_once(
    world: Ports, bus: Recorder
) -> None:
    outbox.send(world, [MESSAGE])
    assert len(bus.sent) == 1
    assert world.documents.query("outbox") == []
