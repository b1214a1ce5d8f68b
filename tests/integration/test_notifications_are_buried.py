"""A target that never takes a notice: tried, buried, replayed; told why."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from mmmflow.messaging import dead_letters, topology
from mmmflow.people import notifications

from tests.integration.test_one_correlation_id import logged as logged_fixture
from tests.integration.test_runner import Services, wait_for
from tests.integration.test_runner import services as services_fixture
from tests.listener import Listener, listening

logged, services = logged_fixture, services_fixture
LABELS = "logging.googleapis.com/labels"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        found.statuses = [500] * topology.MAX_DELIVERIES
        yield found


@pytest.fixture
def buried(logged: Any, services: Services, listener: Listener) -> Any:
    """The dead letter of a notice that was refused ten times."""
    target = {
        "id": "team",
        "kind": "webhook",
        "events": ["champion.changed"],
        "url": listener.url,
    }
    notifications.save(services.ports, target, actor="a person")
    services.put_mapping()
    services.put_table("DE")
    services.publish(
        "dataset.requested",
        source={"table": "weekly"},
        countries=["DE"],
        train={"experiment": {"preset": "test"}},
    )
    (letter,) = wait_for(lambda: services.ports.documents.query("dead_letters"))
    return letter


def test_it_is_tried_and_then_buried_with_the_reason(
    buried: Any, listener: Listener
) -> None:
    assert len(listener.posted) == topology.MAX_DELIVERIES
    assert buried.data["function"] == "notify"
    assert "team answered 500" in buried.data["reason"]


def test_every_try_has_the_same_key(buried: Any, listener: Listener) -> None:
    keys = {posted.headers["Idempotency-Key"] for posted in listener.posted}
    assert len(keys) == 1


def test_nothing_else_is_held_up(buried: Any, services: Services) -> None:
    (experiment,) = services.all("experiments")
    assert experiment["state"] == "SUCCEEDED"
    assert len(services.all("champions")) == 1


def test_each_failure_is_a_line_with_its_stack(
    buried: Any, logged: Any
) -> None:
    lines = [json.loads(line) for line in logged.read_text().splitlines()]
    failures = [line for line in lines if "stack_trace" in line]
    assert len(failures) == topology.MAX_DELIVERIES
    assert {line[LABELS]["function"] for line in failures} == {"notify"}
    assert all("team answered 500" in e["stack_trace"] for e in failures)


def test_a_replay_delivers_it(
    buried: Any, services: Services, listener: Listener
) -> None:
    dead_letters.replay(services.ports, buried.id, actor="a person")
    wait_for(lambda: services.all("notifications"))
    assert len(listener.posted) == topology.MAX_DELIVERIES + 1
