"""What every service of jobs does: start, end, cancel, time out, tell."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from mmmflow import schema
from mmmflow.local import jobs as embedded
from mmmflow.local.ports import open_ports
from mmmflow.ports import Execution, Jobs

from tests.contract.conftest import World

T = TypeVar("T")
PATIENCE = 20.0
# Does what DO says, and leaves its process id in NOTE.
WORKER = """
import os, signal, subprocess, sys, time
note = os.environ["NOTE"]
def say(text):
    with open(note + ".partial", "w") as file:
        file.write(text)
    os.replace(note + ".partial", note)
match os.environ["DO"]:
    case "succeed":
        say(str(sorted(os.environ.items())))
    case "fail":
        sys.exit(3)
    case "hang":
        say(str(os.getpid()))
        time.sleep(60)
    case "ignore":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say(str(os.getpid()))
        time.sleep(60)
    case "leave a child":
        child = subprocess.Popen(["sleep", "60"])
        say(str(child.pid))
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A worker that does as it is told stands where the real one is found."""
    package = tmp_path / "path" / "mmmflow_worker"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(WORKER)
    before = os.environ.get("PYTHONPATH", "")
    path = f"{package.parent}{os.pathsep}{before}"
    monkeypatch.setenv("PYTHONPATH", path)
    return tmp_path / "note"


def wait_for(look: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + PATIENCE
    while (found := look()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def said(note: Path) -> str:
    return wait_for(lambda: note.read_text() if note.exists() else None)


def start(jobs: Jobs, note: Path, do: str, seconds: int = 30) -> str:
    return jobs.start("native", {"DO": do, "NOTE": str(note)}, seconds)


def ended(jobs: Jobs, name: str) -> Execution:
    def look() -> Execution | None:
        execution = jobs.get(name)
        assert execution is not None
        return execution if execution.ended else None

    return wait_for(look)


def test_an_execution_that_nobody_started_is_none(jobs: Jobs) -> None:
    assert jobs.get("native-1") is None


def test_an_execution_knows_the_environment_it_was_given(
    jobs: Jobs, note: Path
) -> None:
    execution = ended(jobs, start(jobs, note, "succeed"))
    assert execution.env == {"DO": "succeed", "NOTE": str(note)}


def test_the_worker_gets_it_with_its_execution_and_its_limit(
    jobs: Jobs, note: Path
) -> None:
    name = start(jobs, note, "succeed", seconds=17)
    environment = said(note)
    assert f"('MMMFLOW_EXECUTION', '{name}')" in environment
    assert "('MMMFLOW_TIMEOUT_SECONDS', '17')" in environment
    assert "('DO', 'succeed')" in environment


def test_the_worker_sees_no_secrets_of_the_one_who_started_it(
    jobs: Jobs, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_PASSWORD", "secret")
    start(jobs, note, "succeed")
    assert "A_PASSWORD" not in said(note)


def test_starting_does_not_wait_for_the_end(jobs: Jobs, note: Path) -> None:
    name = start(jobs, note, "hang")
    said(note)
    execution = jobs.get(name)
    assert execution is not None
    assert execution.state == "running"


def test_every_start_is_another_execution(jobs: Jobs, note: Path) -> None:
    names = {start(jobs, note, "succeed") for _ in range(3)}
    assert len(names) == 3


def test_exit_code_zero_is_success(jobs: Jobs, note: Path) -> None:
    execution = ended(jobs, start(jobs, note, "succeed"))
    assert (execution.state, execution.reason) == ("succeeded", "")


def test_any_other_exit_code_is_failure(jobs: Jobs, note: Path) -> None:
    execution = ended(jobs, start(jobs, note, "fail"))
    assert (execution.state, execution.reason) == ("failed", "exit code 3")


def test_a_worker_that_is_killed_has_failed(jobs: Jobs, note: Path) -> None:
    name = start(jobs, note, "hang")
    os.kill(int(said(note)), signal.SIGKILL)
    execution = ended(jobs, name)
    assert (execution.state, execution.reason) == (
        "failed",
        "killed by SIGKILL",
    )


def test_an_execution_can_be_cancelled(jobs: Jobs, note: Path) -> None:
    name = start(jobs, note, "hang")
    said(note)
    jobs.cancel(name)
    assert ended(jobs, name).state == "cancelled"


def test_cancelling_what_has_ended_or_never_was_is_nothing(
    jobs: Jobs, note: Path
) -> None:
    name = start(jobs, note, "succeed")
    ended(jobs, name)
    jobs.cancel(name)
    jobs.cancel("native-1")
    assert ended(jobs, name).state == "succeeded"


def test_an_execution_is_ended_at_its_limit(jobs: Jobs, note: Path) -> None:
    execution = ended(jobs, start(jobs, note, "hang", seconds=1))
    assert (execution.state, execution.reason) == (
        "failed",
        "over its limit of 1 s",
    )


def test_a_worker_that_does_not_listen_is_killed(
    jobs: Jobs, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_KILL_AFTER", 0.2)
    name = start(jobs, note, "ignore", seconds=1)
    assert ended(jobs, name).reason == "over its limit of 1 s"


def test_nothing_that_a_worker_started_outlives_it(
    jobs: Jobs, note: Path
) -> None:
    ended(jobs, start(jobs, note, "leave a child"))
    child = int(said(note))
    wait_for(lambda: True if is_gone(child) else None)


def is_gone(pid: int) -> bool:
    """No such process, or only its entry until somebody asks for its end."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


def test_the_end_of_an_execution_is_told_once_it_has_ended(
    world: World, note: Path
) -> None:
    name = start(world.ports.jobs, note, "fail")
    (delivery,) = wait_for(lambda: world.pull() or None)
    assert delivery.subscription == "reconcile"
    entry = json.loads(delivery.data)
    schema.require("execution.ended.json", entry)
    resource = entry["protoPayload"]["resourceName"]
    assert resource.rsplit("/", 1)[-1] == name
    assert ended(world.ports.jobs, name).state == "failed"


ORPHAN = """
import os, sys
from pathlib import Path
from mmmflow.local.ports import open_ports
home, note, do, seconds = sys.argv[1:]
jobs = open_ports(Path(home)).jobs
env = {"DO": do, "NOTE": note}
print(jobs.start("native", env, int(seconds)), flush=True)
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
    world: World, note: Path, orphan: str
) -> None:
    os.kill(int(said(note)), signal.SIGKILL)
    assert reaped(world.ports.jobs, orphan).state == "failed"
    (delivery,) = world.pull()
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
    world: World, note: Path, monkeypatch: pytest.MonkeyPatch, do: str
) -> None:
    monkeypatch.setattr(embedded, "_KILL_AFTER", 0.2)
    name = orphaned(world.home, note, do, 1)
    assert reaped(world.ports.jobs, name).state == "failed"


def test_a_new_runner_can_cancel_an_orphan(
    world: World, note: Path, orphan: str
) -> None:
    pid = int(said(note))
    world.ports.jobs.cancel(orphan)
    wait_for(lambda: True if is_gone(pid) else None)
