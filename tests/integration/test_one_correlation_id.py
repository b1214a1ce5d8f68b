"""One correlation id follows an experiment from its first event to the end."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mmmflow.local.runner import configure_logging
from mmmflow.people import notifications

from tests.integration.test_runner import Services, wait_for
from tests.integration.test_runner import services as services_fixture
from tests.listener import Listener, listening

services = services_fixture
ID = "ask-42"
LABELS = "logging.googleapis.com/labels"


@dataclass
class Told:
    """All log lines of the machine once everything was told."""

    lines: list[dict[str, Any]]
    posted: list[Any]

    @property
    def own(self) -> list[dict[str, Any]]:
        """Lines of the one request, in the order of their time."""
        found = [
            line
            for line in self.lines
            if line[LABELS].get("correlation_id") == ID
        ]
        return sorted(found, key=lambda line: str(line["time"]))

    def functions(self) -> set[str]:
        return {line[LABELS]["function"] for line in self.own}


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture
def logged(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The functions' log; the process logs as before afterwards."""
    monkeypatch.setenv("MMMFLOW_PRIVATE_TARGETS", "1")
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    path = configure_logging(home)
    yield path
    root.handlers[0].close()
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture
def told(logged: Path, services: Services, listener: Listener) -> Told:
    """A dataset was asked for, trained on, ranked, and people were told."""
    target = {
        "id": "team",
        "kind": "webhook",
        "events": ["champion.changed", "batch.changed"],
        "url": listener.url,
    }
    notifications.save(services.ports, target, actor="a person")
    services.put_mapping()
    services.put_table("DE")
    services.publish(
        "dataset.requested",
        correlation_id=ID,
        source={"table": "weekly"},
        countries=["DE"],
        train={"experiment": {"preset": "test"}},
    )
    wait_for(lambda: len(services.all("notifications")) == 2 or None)
    services.runner.settle()
    files = [logged, *(services.home / "executions").glob("*.log")]
    lines = [
        json.loads(line)
        for file in files
        for line in file.read_text().splitlines()
    ]
    return Told(lines, [posted.body for posted in listener.posted])


def test_every_function_on_the_way_says_it(told: Told) -> None:
    assert told.functions() >= {
        "extract",
        "prepare",
        "enqueue",
        "launch",
        "worker",
        "collect",
        "tally",
        "notify",
    }


def test_it_goes_from_the_request_to_the_last_notice(told: Told) -> None:
    assert told.own[0]["message"].startswith("dataset.requested from")
    assert told.own[-1]["message"].startswith("told team: ")


def test_every_change_of_state_is_a_line_with_it(told: Told) -> None:
    changes = [
        line[LABELS]
        for line in told.own
        if line["message"].startswith("experiment.changed")
    ]
    states = [labels["state"] for labels in changes]
    assert states[:3] == ["WAITING", "QUEUED", "LAUNCHING"]
    assert states[-1] == "SUCCEEDED"
    assert len({labels["experiment_id"] for labels in changes}) == 1


def test_no_change_of_state_is_without_it(told: Told) -> None:
    of_others = [
        line["message"]
        for line in told.lines
        if "experiment.changed" in line["message"]
        and line[LABELS].get("correlation_id") != ID
    ]
    assert of_others == []


def test_people_are_told_with_it(told: Told) -> None:
    assert {body["data"]["correlation_id"] for body in told.posted} == {ID}
    assert {body["event"] for body in told.posted} == {
        "champion.changed",
        "batch.changed",
    }


def test_every_line_has_a_severity_and_a_time(told: Told) -> None:
    assert all({"severity", "time", "message"} <= set(e) for e in told.lines)
