"""Jobs of one machine outlive the runner that started them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mmmflow import schema
from mmmflow.local import jobs as embedded
from mmmflow.local.messages import Delivery, SqliteMessages
from mmmflow.local.ports import open_ports
from mmmflow.ports import Execution, Jobs, Ports

from tests import obedient_worker
from tests.obedient_worker import ended, is_gone, said, start, wait_for


@pytest.fixture(autouse=True)
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return obedient_worker.install(tmp_path, monkeypatch)


def pull(ports: Ports) -> list[Delivery]:
    assert isinstance(ports.messages, SqliteMessages)
    return ports.messages.lease(100)


def test_the_end_of_an_execution_is_told_once_it_has_ended(
    ports: Ports, note: Path
) -> None:
    name = start(ports.jobs, note, "fail")
    (delivery,) = wait_for(lambda: pull(ports) or None)
    assert delivery.subscription == "reconcile"
    entry = json.loads(delivery.data)
    schema.require("execution.ended.json", entry)
    resource = entry["protoPayload"]["resourceName"]
    assert resource.rsplit("/", 1)[-1] == name
    assert ended(ports.jobs, name).state == "failed"


ORPHAN = """
import os, sys
from pathlib import Path
from mmmflow.local.ports import open_ports
home, note, do, seconds = sys.argv[1:]
jobs = open_ports(Path(home)).jobs
env = {"DO": do, "NOTE": note}
print(jobs.start("native-small", env, int(seconds)), flush=True)
os._exit(1)
"""


def orphaned(home: Path, note: Path, do: str, seconds: int) -> str:
    """An execution whose runner has died at once."""
    told = [str(home), str(note), do, str(seconds)]
    started = subprocess.run(
        [sys.executable, "-c", ORPHAN, *told],
        check=False,
        capture_output=True,
        text=True,
    )
    return started.stdout.strip()


@pytest.fixture
def orphan(home: Path, note: Path) -> str:
    return orphaned(home, note, "hang", 30)


def test_a_new_runner_leaves_an_orphan_alone_that_lives(
    home: Path, note: Path, orphan: str
) -> None:
    pid = int(said(note))
    jobs = open_ports(home).jobs
    assert isinstance(jobs, embedded.SubprocessJobs)
    jobs.reap_orphans()
    execution = jobs.get(orphan)
    os.kill(pid, signal.SIGKILL)
    assert execution is not None
    assert execution.state == "running"


def test_a_new_runner_finds_an_orphan_that_died(
    ports: Ports, note: Path, orphan: str
) -> None:
    os.kill(int(said(note)), signal.SIGKILL)
    assert reaped(ports.jobs, orphan).state == "failed"
    (delivery,) = pull(ports)
    assert delivery.subscription == "reconcile"


def reaped(jobs: Jobs, name: str) -> Execution:
    """The execution's end, found by looking after orphans."""
    assert isinstance(jobs, embedded.SubprocessJobs)

    def look() -> Execution | None:
        jobs.reap_orphans()
        execution = jobs.get(name)
        assert execution is not None
        return execution if execution.ended else None

    return wait_for(look)


@pytest.mark.parametrize("do", ["hang", "ignore"])
def test_a_new_runner_ends_an_orphan_at_its_limit(
    home: Path,
    ports: Ports,
    note: Path,
    monkeypatch: pytest.MonkeyPatch,
    do: str,
) -> None:
    monkeypatch.setattr(embedded, "_KILL_AFTER", 0.2)
    name = orphaned(home, note, do, 1)
    assert reaped(ports.jobs, name).state == "failed"


def test_a_new_runner_can_cancel_an_orphan(
    ports: Ports, note: Path, orphan: str
) -> None:
    pid = int(said(note))
    ports.jobs.cancel(orphan)
    wait_for(lambda: True if is_gone(pid) else None)
