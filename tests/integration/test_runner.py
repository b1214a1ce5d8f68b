"""The runner delivers real envelopes to the entry points of main.py.

Workers are the real supervisor; the engine is one that writes at once what
an engine writes.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from mmmflow import wiring
from mmmflow.domain import experiment, paths
from mmmflow.local import messages, runner
from mmmflow.local.runner import AlreadyRunningError, Runner
from mmmflow.messaging import topology
from mmmflow.ports import Json, Ports

from tests.steps.world import MAPPING, summary, table

T = TypeVar("T")
PATIENCE = 30.0
ID = "20261120T104512Z-000000000000"
ENGINE = """
import json, os, sys, time
from pathlib import Path
here = Path(__file__).parent
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
out = Path(given["--output"])
if (here / "hang").exists():
    (here / "pid").write_text(str(os.getppid()))
    time.sleep(60)
config = json.loads(Path(given["--input"], "job_config.json").read_text())
summary = json.loads((here / "summary.json").read_text())
summary["experiment_id"] = config["experiment_id"]
(out / "results").mkdir()
(out / "results" / "onepager.png").write_bytes(b"a picture")
(out / "model_summary.json").write_text(json.dumps(summary))
status = {"schema_version": 1, "status": "succeeded"}
(out / "status.json").write_text(json.dumps(status))
"""


@dataclass
class Services:
    ports: Ports
    home: Path
    engine: Path
    runner: Runner

    def publish(self, topic: str, **body: Any) -> None:
        content = json.dumps({"schema_version": 1, **body}).encode()
        self.ports.messages.publish(topic, content, {})

    def put_mapping(self) -> None:
        name = paths.mapping_marker("universal", "v1")
        self.ports.data.create(name, json.dumps(MAPPING).encode())

    def put_table(self, *countries: str) -> None:
        (self.home / "warehouse" / "weekly.csv").write_bytes(table(*countries))

    def all(self, collection: str) -> list[Json]:
        return [d.data for d in self.ports.documents.query(collection)]

    def restart(self) -> None:
        self.runner.stop()
        self.runner = Runner(self.home, self.ports)
        self.runner.start()


def wait_for(look: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


@pytest.fixture
def services(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    engine = tmp_path / "path" / "mmmflow_native"
    engine.mkdir(parents=True)
    (engine / "__init__.py").touch()
    (engine / "__main__.py").write_text(ENGINE)
    (engine / "summary.json").write_text(json.dumps(summary(ID, 0.1)))
    before = os.environ.get("PYTHONPATH", "")
    path = f"{engine.parent}{os.pathsep}{before}"
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv("MMMFLOW_HOME", str(home))
    monkeypatch.setattr(runner, "_SWEEP_EVERY", 0.2)
    monkeypatch.setattr(messages, "_FIRST_BACK_OFF", 0.0005)
    monkeypatch.setattr(experiment, "_BACK_OFF", timedelta(0))
    wiring.ports.cache_clear()
    ports = wiring.ports()
    running = Services(ports, home, engine, Runner(home, ports))
    running.runner.start()
    yield running
    running.runner.stop()
    wiring.ports.cache_clear()


def ask(services: Services, **train: Any) -> None:
    """One experiment with data that is in the warehouse."""
    services.put_table("DE")
    services.publish(
        "dataset.requested",
        source={"table": "weekly"},
        countries=["DE"],
        train={"experiment": {"preset": "test", **train}},
    )


def ended(services: Services) -> list[Json] | None:
    found = services.all("experiments")
    done = found and all(experiment.is_terminal(e) for e in found)
    return found if done else None


def test_annotations_that_are_dropped_can_be_named(services: Services) -> None:
    path = services.home / "data" / "annotations" / "DE" / "strikes.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"date,strike\n2024-01-10,1\n")
    os.utime(path, (0, 0))
    name = "annotations/DE/strikes.csv"
    assert wait_for(lambda: services.ports.data.stat(name)).size == 25


def test_one_message_leads_to_a_champion(services: Services) -> None:
    services.put_mapping()
    ask(services)
    (trained,) = wait_for(lambda: ended(services))
    assert trained["state"] == "SUCCEEDED"
    (champion,) = wait_for(lambda: services.all("champions"))
    assert champion["experiment_id"] == trained["id"]


def test_nothing_is_left_over(services: Services) -> None:
    services.put_mapping()
    ask(services)
    wait_for(lambda: services.all("champions"))
    services.runner.settle()
    assert services.all("outbox") == []
    assert services.all("dead_letters") == []
    assert [slot["holder"] for slot in services.all("slots")] == [None, None]


def test_a_file_that_is_dropped_is_picked_up(services: Services) -> None:
    folder = services.home / "uploads" / "DE"
    folder.mkdir(parents=True)
    (folder / "weekly.csv").write_bytes(table("DE"))
    services.put_mapping()
    (dataset,) = wait_for(
        lambda: [d for d in services.all("datasets") if d["prepared_with"]]
    )
    assert dataset["country"] == "DE"


@pytest.mark.parametrize("data", [b"no json", b"[]", b'{"queue": 1}'])
def test_a_message_that_nobody_can_read_is_buried(
    services: Services, data: bytes
) -> None:
    services.ports.messages.publish("queue.changed", data, {"k": "v"})
    (letter,) = wait_for(lambda: services.all("dead_letters"))
    assert letter["subscription"] == "launch"
    assert str(letter["deliveries"]) == str(topology.MAX_DELIVERIES)


def test_a_message_that_nobody_can_read_holds_up_nobody(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_FIRST_BACK_OFF", 60.0)
    for topic in ("dataset.requested", "queue.changed", "experiment.requested"):
        services.ports.messages.publish(topic, b"no json", {})
    services.put_mapping()
    ask(services)
    wait_for(lambda: ended(services))


def test_a_worker_that_is_killed_is_tried_again(services: Services) -> None:
    (services.engine / "hang").touch()
    services.put_mapping()
    ask(services)
    pid = wait_for(lambda: supervisor_of(services))
    (services.engine / "hang").unlink()
    os.kill(pid, signal.SIGKILL)
    (trained,) = wait_for(lambda: ended(services))
    assert trained["state"] == "SUCCEEDED"
    assert (trained["attempt"], trained["tries"]) == (2, 1)


def test_a_new_runner_goes_on_where_the_old_one_stopped(
    services: Services,
) -> None:
    (services.engine / "hang").touch()
    services.put_mapping()
    ask(services)
    wait_for(lambda: supervisor_of(services))
    (services.engine / "hang").unlink()
    services.restart()
    (trained,) = wait_for(lambda: ended(services))
    assert trained["state"] == "SUCCEEDED"
    assert trained["tries"] == 0


def supervisor_of(services: Services) -> int | None:
    """The process id of the worker whose engine hangs."""
    note = services.engine / "pid"
    text = note.read_text() if note.exists() else ""
    return int(text) if text else None


def test_a_folder_has_one_runner(services: Services) -> None:
    with pytest.raises(AlreadyRunningError):
        Runner(services.home, services.ports)
