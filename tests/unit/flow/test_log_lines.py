"""Log lines in Cloud Logging's form."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from mmmflow import log
from mmmflow.messaging import events

LABELS = "logging.googleapis.com/labels"
TRACE = "logging.googleapis.com/trace"
SPAN = "logging.googleapis.com/spanId"
ID = "20261120T104512Z-1f3a9c0b77de"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What the process would write; its logging as before afterwards."""
    root = logging.getLogger()
    before = root.handlers, root.level
    text = io.StringIO()
    log.configure(logging.StreamHandler(text))
    yield text
    root.handlers = before[0]
    root.setLevel(before[1])


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class Pushed(SimpleNamespace):
    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


def pushed(topic: str, **attributes: str) -> Any:
    return Pushed(
        source=f"//pubsub.googleapis.com/projects/p/topics/{topic}",
        data={"message": {"messageId": "1", "attributes": attributes}},
    )


def test_a_line_has_severity_time_and_message(stream: io.StringIO) -> None:
    logging.getLogger("mmmflow.test").warning("slot %s is held", 3)
    (line,) = lines(stream)
    assert line["severity"] == "WARNING"
    assert line["message"] == "slot 3 is held"
    assert line["time"].endswith("Z")


def test_a_line_carries_the_labels_of_its_event(stream: io.StringIO) -> None:
    @log.entry(events.labels)
    def launch(event: Any) -> None:
        logging.getLogger("mmmflow.test").info("a slot is free")

    launch(pushed("queue.changed", correlation_id="c-1"))
    (line,) = lines(stream)
    assert line[LABELS] == {
        "function": "launch",
        "topic": "queue.changed",
        "correlation_id": "c-1",
    }


def test_an_event_keeps_no_labels_of_the_one_before(
    stream: io.StringIO,
) -> None:
    @log.entry(events.labels)
    def launch(event: Any) -> None:
        logging.getLogger("mmmflow.test").info("handled")
        log.label(experiment_id=ID)

    launch(pushed("queue.changed", correlation_id="c-1"))
    launch(pushed("queue.changed"))
    second = lines(stream)[1][LABELS]
    assert second == {"function": "launch", "topic": "queue.changed"}


def test_a_signal_names_its_experiment_and_attempt() -> None:
    name = f"signals/{ID}/2/finished.json"
    labels = events.labels(pushed("object.signals", objectId=name))
    assert labels["experiment_id"] == ID
    assert labels["attempt"] == "2"


def test_labels_of_a_part_end_with_it(stream: io.StringIO) -> None:
    with log.labelled(slot="default-3"):
        logging.getLogger("mmmflow.test").info("inside")
    logging.getLogger("mmmflow.test").info("after")
    inside, after = lines(stream)
    assert inside[LABELS]["slot"] == "default-3"
    assert "slot" not in after[LABELS]


def test_an_exception_is_one_line_with_its_stack(stream: io.StringIO) -> None:
    try:
        raise ValueError("no such slot")
    except ValueError:
        logging.getLogger("mmmflow.test").exception("failed")
    (line,) = lines(stream)
    assert line["severity"] == "ERROR"
    assert line["stack_trace"].endswith("ValueError: no such slot")


def test_no_secret_leaves_in_message_label_or_stack(
    stream: io.StringIO,
) -> None:
    labels = {"labels": {"token": "hunter22"}}
    try:
        raise ValueError("password=hunter22")
    except ValueError:
        logging.getLogger("mmmflow.test").exception(
            "sent %s", {"private_key": "hunter22"}, extra=labels
        )
    assert "hunter22" not in stream.getvalue()


def test_the_trace_is_that_of_the_requests_header() -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert log.trace(parent, "", "acme") == {
        TRACE: "projects/acme/traces/4bf92f3577b34da6a3ce929d0e0e4736",
        SPAN: "00f067aa0ba902b7",
    }


def test_googles_older_header_names_a_trace_too() -> None:
    cloud = "105445aa7843bc8bf206b12000100000/1;o=1"
    assert log.trace("", cloud, "acme") == {
        TRACE: "projects/acme/traces/105445aa7843bc8bf206b12000100000",
        SPAN: "0000000000000001",
    }


def test_on_the_platform_a_function_logs_json_to_its_output() -> None:
    told = "import logging, main; logging.getLogger('x').warning('hello')"
    environment = {**os.environ, "K_SERVICE": "mmmflow-launch"}
    done = subprocess.run(
        [sys.executable, "-c", told],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    line = json.loads(done.stdout)
    assert (line["severity"], line["message"]) == ("WARNING", "hello")


def test_without_a_header_there_is_no_trace() -> None:
    assert log.trace("", "", "acme") == {}
