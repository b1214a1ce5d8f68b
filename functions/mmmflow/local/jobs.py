"""Jobs as subprocesses.

Each execution inherits a lock on a file of its own, taken before the process
starts and released by the system when it ends: so a restarted runner tells a
worker that lives from one that died, whatever became of its parent.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mmmflow.data import handover
from mmmflow.local import messages
from mmmflow.local.database import Database
from mmmflow.local.messages import SqliteMessages
from mmmflow.ports import Execution, RefusedError

_KILL_AFTER = 8.0
# The worker's process; `make chaos` runs one with a tiny engine.
WORKER = (sys.executable, "-m", "mmmflow_worker")
# A step of the flow that takes longer than a function may.
STEP = (sys.executable, "-m", "mmmflow.job")
_INHERITED = (
    *("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV"),
    *("R_LIBS", "RETICULATE_PYTHON"),  # where R finds Robyn, and nevergrad
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    why_stopped: str = ""


class SubprocessJobs:
    """Two commands: the worker, or a step; told what to do by their env."""

    def __init__(
        self, home: Path, database: Database, bus: SqliteMessages
    ) -> None:
        self._home = home
        self._folder = home / "executions"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._database = database
        self._bus = bus
        self._children: dict[str, _Child] = {}
        self._guard = threading.Lock()

    def start(
        self, job: str, env: Mapping[str, str], timeout_seconds: int
    ) -> str:
        name = f"{job}-{time.time_ns():x}"
        with self._lock_file(name).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._insert(name, job, env, timeout_seconds)
            try:
                process = self._spawn(name, env, timeout_seconds, lock.fileno())
            except OSError as error:
                self._end(name, "failed", f"it could not be started: {error}")
                raise RefusedError(str(error)) from error
        child = _Child(process)
        with self._guard:
            self._children[name] = child
        with self._database.write() as connection:
            connection.execute(
                "UPDATE executions SET pid = ? WHERE name = ?",
                (process.pid, name),
            )
        threading.Thread(
            target=self._watch,
            args=(name, child, timeout_seconds),
            name=f"watch {name}",
            daemon=True,
        ).start()
        return name

    def get(self, execution: str) -> Execution | None:
        row = self._database.connection.execute(
            "SELECT env, state, reason FROM executions WHERE name = ?",
            (execution,),
        ).fetchone()
        if row is None:
            return None
        return Execution(execution, row[1], json.loads(row[0]), row[2])

    def cancel(self, execution: str) -> None:
        row = self._database.connection.execute(
            "SELECT pid FROM executions WHERE name = ? AND state = 'running'",
            (execution,),
        ).fetchone()
        if row is None or row[0] is None or not self._is_alive(execution):
            return
        with self._guard:
            child = self._children.get(execution)
        if child is not None:
            child.why_stopped = "cancelled"
        _signal(row[0], signal.SIGTERM)

    def log(self, execution: str, lines: int) -> list[str]:
        row = self._database.connection.execute(
            "SELECT 1 FROM executions WHERE name = ?", (execution,)
        ).fetchone()
        if row is None:
            return []
        with self._console(execution).open(errors="replace") as console:
            return [line.rstrip("\n") for line in deque(console, lines)]

    def reap_orphans(self) -> None:
        """End what is late, and find what died, of an earlier runner."""
        rows = self._database.connection.execute(
            "SELECT name, pid, deadline FROM executions WHERE state = 'running'"
        ).fetchall()
        for name, pid, deadline in rows:
            with self._guard:
                if name in self._children:
                    continue
            if not self._is_alive(name):
                self._end(name, "failed", "it ended while nobody was watching")
            elif time.time() > deadline + _KILL_AFTER and pid is not None:
                _kill_group(pid)
            elif time.time() > deadline and pid is not None:
                _signal(pid, signal.SIGTERM)

    def stop(self) -> int:
        """End every running child; how many there were."""
        with self._guard:
            children = [
                child
                for child in self._children.values()
                if child.process.poll() is None
            ]
        for child in children:
            child.why_stopped = "stopped with the runner"
            child.process.terminate()
        deadline = time.monotonic() + _KILL_AFTER
        for child in children:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        return len(children)

    def _spawn(
        self,
        name: str,
        env: Mapping[str, str],
        timeout_seconds: int,
        lock: int,
    ) -> subprocess.Popen[bytes]:
        inherited = {k: os.environ[k] for k in _INHERITED if k in os.environ}
        environment = {
            **inherited,
            **dict.fromkeys(_THREADS, "1"),
            **env,
            "MMMFLOW_HOME": str(self._home),
            "MMMFLOW_EXECUTION": name,
            "MMMFLOW_TIMEOUT_SECONDS": str(timeout_seconds),
            "MMMFLOW_PROGRESS_SECONDS": "0.5",
        }
        with self._console(name).open("wb") as log:
            return subprocess.Popen(  # noqa: S603  (our own worker)
                STEP if handover.STEP in env else WORKER,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[lock],
                start_new_session=True,
            )

    def _watch(self, name: str, child: _Child, timeout_seconds: int) -> None:
        try:
            code = child.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            child.why_stopped = f"over its limit of {timeout_seconds} s"
            child.process.terminate()
            try:
                code = child.process.wait(_KILL_AFTER)
            except subprocess.TimeoutExpired:
                child.process.kill()
                code = child.process.wait()
        _kill_group(child.process.pid)
        if code == 0:
            self._end(name, "succeeded", "")
        else:
            reason = child.why_stopped or _reason(code)
            state = "cancelled" if reason == "cancelled" else "failed"
            self._end(name, state, reason)
        with self._guard:
            del self._children[name]

    def _insert(
        self,
        name: str,
        job: str,
        env: Mapping[str, str],
        timeout_seconds: int,
    ) -> None:
        now = datetime.now(UTC)
        deadline = now.timestamp() + timeout_seconds
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO executions (name, job, env, deadline, state,"
                " started_at) VALUES (?, ?, ?, ?, 'running', ?)",
                (name, job, json.dumps(dict(env)), deadline, now.isoformat()),
            )

    def _end(self, name: str, state: str, reason: str) -> None:
        """The end, and the log entry that tells of it, in one commit."""
        entry = {
            "protoPayload": {
                "methodName": "/Jobs.RunJob",
                "resourceName": f"namespaces/local/executions/{name}",
            }
        }
        with self._database.write() as connection:
            connection.execute(
                "UPDATE executions SET state = ?, reason = ?"
                " WHERE name = ? AND state = 'running'",
                (state, reason, name),
            )
            data = json.dumps(entry).encode()
            messages.insert(connection, "execution.ended", data, {})
        self._lock_file(name).unlink(missing_ok=True)
        self._bus.wake()

    def _is_alive(self, name: str) -> bool:
        """Somebody holds the execution's lock."""
        try:
            with self._lock_file(name).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _console(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _lock_file(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


def _reason(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"


def _kill_group(leader: int) -> None:
    """End what a worker that died without a word has left running."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
