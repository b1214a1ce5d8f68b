"""Delivers messages to the functions, as Pub/Sub pushes them.

The functions are the entry points of `main.py` under functions-framework;
each delivery is the HTTP request of a push subscription, made in process.
"""

import base64
import fcntl
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import functions_framework

from mmmflow.local.jobs import SubprocessJobs
from mmmflow.local.messages import Delivery, SqliteMessages
from mmmflow.local.objects import FolderBucket
from mmmflow.log import configure
from mmmflow.messaging import topology
from mmmflow.ports import Ports

log = logging.getLogger(__name__)

SOURCE = Path(__file__).resolve().parents[2] / "main.py"
_LOCK = "runner.lock"
_AT_ONCE = 4
_POLL = 0.05
_SETTLE = 10.0
_SWEEP_EVERY = 5.0
_LOOK_EVERY = 0.5
_OK = range(200, 300)


class AlreadyRunningError(Exception):
    """Another runner holds the folder."""


class Runner:
    """Delivers until it is stopped; one runner a folder.

    Raises:
        AlreadyRunningError: another process runs in this folder.
    """

    def __init__(self, home: Path, ports: Ports) -> None:
        self._lock = _lock(home / _LOCK)
        assert isinstance(ports.messages, SqliteMessages)  # noqa: S101
        assert isinstance(ports.jobs, SubprocessJobs)  # noqa: S101
        assert isinstance(ports.uploads, FolderBucket)  # noqa: S101
        assert isinstance(ports.data, FolderBucket)  # noqa: S101
        self._bus = ports.messages
        self._jobs = ports.jobs
        self._uploads = ports.uploads
        self._data = ports.data
        self._wake = threading.Event()
        self._bus.wake = self._wake.set
        self._stopping = threading.Event()
        self._free = threading.Semaphore(_AT_ONCE)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="deliver")
        self._apps = {
            name: functions_framework.create_app(name, str(SOURCE))
            for name in topology.SUBSCRIPTIONS
        }
        self._thread = threading.Thread(target=self._run, name="runner")

    def start(self) -> None:
        self._bus.recover()
        self._thread.start()

    def settle(self) -> None:
        """Return when every message is delivered, or ten seconds later."""
        deadline = time.monotonic() + _SETTLE
        while self._bus.pending() and time.monotonic() < deadline:
            time.sleep(_POLL)

    def stop(self) -> int:
        """Finish what is in hand, end the workers; how many those were."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()
        self._pool.shutdown(wait=True)
        stopped = self._jobs.stop()
        self._lock.close()
        return stopped

    def _run(self) -> None:
        looked = swept = 0.0
        while not self._stopping.is_set():
            now = time.monotonic()
            if now - looked > _LOOK_EVERY:
                self._uploads.adopt()
                self._data.adopt("metadata")
                self._data.adopt("batches")
                self._data.adopt("annotations")
                self._jobs.reap_orphans()
                looked = now
            if now - swept > _SWEEP_EVERY:
                self._bus.publish("timer.sweep", b"{}", {})
                swept = now
            if not self._deliver_due():
                self._wake.wait(_POLL)
                self._wake.clear()

    def _deliver_due(self) -> bool:
        """Hand one due message to a free thread; False if there is none."""
        self._free.acquire()
        leased = self._bus.lease(1)
        if not leased:
            self._free.release()
            return False
        self._pool.submit(self._deliver, leased[0])
        return True

    def _deliver(self, delivery: Delivery) -> None:
        try:
            status = self._push(delivery)
            if status in _OK:
                self._bus.acknowledge(delivery)
            else:
                log.warning(
                    "%s answered %s to delivery %s of %s",
                    delivery.subscription,
                    status,
                    delivery.deliveries,
                    delivery.topic,
                )
                self._bus.refuse(delivery)
        finally:
            self._free.release()

    def _push(self, delivery: Delivery) -> int:
        app = self._apps[delivery.subscription]
        response = app.test_client().post(
            f"/projects/local/topics/{delivery.topic}",
            json=envelope(delivery),
        )
        return int(response.status_code)


def envelope(delivery: Delivery) -> dict[str, Any]:
    """The body of a Pub/Sub push request."""
    return {
        "message": {
            "data": base64.b64encode(delivery.data).decode(),
            "attributes": dict(delivery.attributes),
            "messageId": str(delivery.id),
            "publishTime": delivery.published_at,
        },
        "subscription": f"projects/local/subscriptions/{delivery.subscription}",
        "deliveryAttempt": delivery.deliveries,
    }


def configure_logging(home: Path) -> Path:
    """The functions' log lines go to a file, as JSON; its path."""
    path = home / "functions.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers = logging.getLogger().handlers
    known = {getattr(handler, "baseFilename", "") for handler in handlers}
    if str(path.absolute()) not in known:
        configure(logging.FileHandler(path))
    return path


def is_running(home: Path) -> bool:
    """Whether some process delivers in this folder."""
    path = home / _LOCK
    if not path.exists():
        return False
    try:
        _lock(path).close()
    except AlreadyRunningError:
        return True
    return False


def _lock(path: Path) -> Any:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyRunningError(str(path.parent)) from None
    return lock
