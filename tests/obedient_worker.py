"""A worker that does as it is told, where the real one would be found."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from mmmflow.ports import Execution, Jobs

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
    case "speak":
        for number in range(5):
            print("line", number, flush=True)
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


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put it where workers are found; the file that it will leave."""
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
    return jobs.start("native-small", {"DO": do, "NOTE": str(note)}, seconds)


def ended(jobs: Jobs, name: str) -> Execution:
    def look() -> Execution | None:
        execution = jobs.get(name)
        assert execution is not None
        return execution if execution.ended else None

    return wait_for(look)


def is_gone(pid: int) -> bool:
    """No such process, or only its entry until somebody asks for its end."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return status.rpartition(")")[2].split()[0] == "Z"
