"""Servers that tests start: processes of their own on free ports.

Each is started once per test session; a test has a project, bucket or
database of its own in it. None outlives the tests, however they end.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

# A small heap and the fast compiler: an emulator is up in a second.
JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m")
GRACE_SECONDS = 3.0

_running: "set[Server]" = set()


@dataclass(eq=False)
class Server:
    """A process that listens on `127.0.0.1:port`."""

    command: Sequence[str]
    port: int
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End it: asked first, then made to; nothing if it has ended."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        _running.discard(self)
        self.output.unlink(missing_ok=True)


def missing(what: str) -> NoReturn:
    """Skip the test that asks, or fail where emulators are required."""
    if os.environ.get("REQUIRE_EMULATORS") == "1":
        pytest.fail(f"REQUIRE_EMULATORS=1, but {what}", pytrace=False)
    pytest.skip(what)


def java() -> str:
    """The Java runtime; without one the test is skipped, or fails."""
    found = shutil.which("java")
    if found is None:
        missing("there is no java: apt-get install openjdk-17-jre-headless")
    return found


def emulator(pattern: str, package: str) -> Path:
    """A file of an emulator in the Google Cloud CLI's `platform` folder.

    Args:
        pattern: of the file, as `pubsub-emulator/lib/*-all.jar`.
        package: of Google's apt repository that brings it.
    """
    for platform in _platforms():
        for path in sorted(platform.glob(pattern)):
            return path
    missing(
        f"there is no {pattern} in the Google Cloud CLI:"
        f" apt-get install {package}, or gcloud components install"
    )


def _platforms() -> Iterator[Path]:
    roots = [Path("/usr/lib/google-cloud-sdk")]
    gcloud = shutil.which("gcloud")
    if gcloud is not None:
        roots.insert(0, Path(gcloud).resolve().parent.parent)
    for root in roots:
        yield root / "platform"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    command: Sequence[str],
    port: int,
    env: Mapping[str, str] | None = None,
    seconds: float = 30.0,
) -> Server:
    """Start a server and wait until it takes connections on the port.

    Args:
        command: the program and its arguments, without a shell between.
        port: the one that the command tells it to listen on.
        env: variables besides those of this process.
        seconds: how long it may take.

    Raises:
        RuntimeError: it ended, or did not listen in time; with its output.
    """
    _end_with_this_process()
    handle, name = tempfile.mkstemp(prefix="mmmflow-server-", suffix=".log")
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=handle,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
    )
    os.close(handle)
    server = Server(command, port, process, Path(name))
    _running.add(server)
    deadline = time.monotonic() + seconds
    while not _listens(port):
        if process.poll() is not None or time.monotonic() > deadline:
            said = server.output.read_text(errors="replace")[-2000:]
            server.stop()
            raise RuntimeError(f"{command[0]} does not listen: {said}")
        time.sleep(0.05)
    return server


@contextmanager
def running(
    command: Sequence[str], port: int, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server for as long as the block lasts."""
    server = start(command, port, env)
    try:
        yield server
    finally:
        server.stop()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end_with_this_process() -> None:
    """SIGTERM ends this process as an exit does, so that atexit runs."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


@atexit.register
def _stop_all() -> None:
    for server in list(_running):
        server.stop()
