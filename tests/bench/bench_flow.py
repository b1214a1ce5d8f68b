"""How fast the flow is on the embedded services.

    python -m tests.bench.bench_flow

Time to enqueue many experiments; from an event until the call that starts
the job has returned, with few and with very many experiments in the store;
messages through the bus; a page of a long list. A tiny engine trains. The
last line is JSON; times in it are milliseconds unless they say seconds.
"""

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from mmmflow import wiring
from mmmflow.domain import ids, paths
from mmmflow.local import jobs, runner
from mmmflow.local.jobs import SubprocessJobs
from mmmflow.local.messages import SqliteMessages
from mmmflow.local.ports import open_ports
from mmmflow.ports import Create, Json, Ports, Where
from mmmflow.queueing import queues
from mmmflow.show import views

from tests.simulation import data
from tests.simulation.worker import summary

ENQUEUED = (1_000, 10_000)
STORED = (1, 1_000, 100_000)
_STARTS = 25
_MESSAGES = 2_000
_LISTS = 30
_CHUNK = 500
_PATIENCE = 600.0
_POLL = 0.002
_BULK = "bulk"


class TimedJobs:
    """Notes when each start of a job has returned."""

    def __init__(self, real: SubprocessJobs) -> None:
        self._real = real
        self.started: dict[str, float] = {}
        self._start = real.start

    def start(
        self, job: str, env: Mapping[str, str], timeout_seconds: int
    ) -> str:
        name = self._start(job, env, timeout_seconds)
        self.started[env["MMMFLOW_EXPERIMENT"]] = time.time()
        return name


def main() -> int:
    jobs.WORKER = (sys.executable, "-m", "tests.chaos.worker")
    figures: dict[str, Any] = {}
    for number in ENQUEUED:
        seconds = _enqueue(number)
        figures[f"enqueue_{number}_seconds"] = seconds
        print(f"enqueue {number} experiments: {seconds:.1f} s", flush=True)
    for number in STORED:
        figures |= _with_stored(number)
    figures["messages_per_second"] = _messages()
    print(f"messages/s through the bus: {figures['messages_per_second']}")
    print(json.dumps(figures))
    return 0


def _enqueue(number: int) -> float:
    """Seconds from one request until all its experiments are queued."""
    with _world() as (ports, _, _):
        queues.change(ports, "default", actor="bench", paused=True)
        begun = time.monotonic()
        revisions = min(number // 50, 50)
        axes: Json = {
            "seed": list(range(50)),
            "revision": [
                {"tag": "b", "number": n} for n in range(1, revisions + 1)
            ],
        }
        if number > 50 * revisions:  # an axis has 50 values at most
            axes |= {
                "adstock": ["geometric", "weibull_cdf"],
                "ts_validation": [False, True],
            }
        _publish(ports, {"sweep": axes, "confirm": True})
        queued = [Where("state", "==", "QUEUED")]
        _until(lambda: ports.documents.count("experiments", queued) >= number)
        return round(time.monotonic() - begun, 2)


def _with_stored(number: int) -> dict[str, Any]:
    """Starts and lists with that many experiments in the store."""
    with _world() as (ports, timed, _):
        _store(ports, number)
        lists = [_timed(lambda: _list(ports)) for _ in range(_LISTS)]
        asked = [_request_to_start(ports, timed, n) for n in range(_STARTS)]
        freed = _freed_to_start(ports, timed) if number > 1 else []
    starts, lines = zip(*asked, strict=True)
    figures = {
        f"request_to_start_{number}": _percentiles(starts),
        f"request_to_first_line_{number}": _percentiles(lines),
        f"list_of_50_{number}": _percentiles(lists),
    }
    if freed:
        figures[f"slot_freed_to_start_{number}"] = _percentiles(freed)
    for name, value in figures.items():
        print(f"{name:<32} p50 {value['p50']:7.1f}  p95 {value['p95']:7.1f} ms")
    return figures


def _request_to_start(
    ports: Ports, timed: TimedJobs, index: int
) -> tuple[float, float]:
    """Milliseconds from a request to its job's start, and its first word.

    The queue is idle; what else is stored waits in another one.
    """
    begun = time.time()
    key = f"one {index}"
    _publish(ports, {"correlation_id": key}, seed=index)
    _until(lambda: len(timed.started) > index)
    id, started = list(timed.started.items())[-1]
    signal = paths.signal(id, 1, "started")
    _until(lambda: ports.data.stat(signal) is not None)
    said = json.loads(ports.data.read(signal))["sent_at"]
    line = datetime.fromisoformat(said).timestamp()
    _until(lambda: _state(ports, id) == "SUCCEEDED")
    return (started - begun) * 1e3, (line - begun) * 1e3


def _freed_to_start(ports: Ports, timed: TimedJobs) -> list[float]:
    """Milliseconds from a worker's end to the next start in a long queue."""
    known = len(timed.started)
    queues.change(ports, _BULK, actor="bench", paused=False, parallelism=1)
    stored = ports.documents.count("experiments", [Where("queue", "==", _BULK)])
    wanted = min(_STARTS, stored)
    _until(lambda: len(timed.started) >= known + wanted)
    queues.change(ports, _BULK, actor="bench", paused=True)
    ran = list(timed.started.items())[known : known + wanted]
    found = []
    for (before, _), (_, started) in pairwise(ran):
        name = paths.signal(before, 1, "finished")
        ended = json.loads(ports.data.read(name))["sent_at"]
        at = datetime.fromisoformat(ended).timestamp()
        found.append((started - at) * 1e3)
    return found


def _messages() -> int:
    """Messages a second: published, delivered one by one, acknowledged."""
    with tempfile.TemporaryDirectory() as folder:
        ports = open_ports(Path(folder))
        bus = ports.messages
        assert isinstance(bus, SqliteMessages)
        begun = time.monotonic()
        for number in range(_MESSAGES):
            body = json.dumps({"number": number}).encode()
            bus.publish("queue.changed", body, {})
        delivered = 0
        while found := bus.lease(1):
            for delivery in found:
                bus.acknowledge(delivery)
                delivered += 1
        assert delivered == _MESSAGES
        return round(_MESSAGES / (time.monotonic() - begun))


def _list(ports: Ports) -> None:
    found = views.experiments(ports, views.read_filter({"limit": "50"}))
    assert found["experiments"]


@contextmanager
def _world() -> Iterator[tuple[Ports, TimedJobs, Path]]:
    """A home with training data of one country, and a runner in it."""
    with tempfile.TemporaryDirectory(
        prefix="mmmflow-bench-", ignore_cleanup_errors=True
    ) as folder:
        home = Path(folder)
        os.environ["MMMFLOW_HOME"] = str(home)
        ports = open_ports(home)
        _seed(ports, home)
        wiring.ports.cache_clear()
        shared = wiring.ports()
        assert isinstance(shared.jobs, SubprocessJobs)
        timed = TimedJobs(shared.jobs)
        shared.jobs.start = timed.start  # type: ignore[method-assign]
        runner.configure_logging(home)
        running = runner.Runner(home, shared)
        running.start()
        try:
            yield shared, timed, home
        finally:
            running.stop()
            for thread in threading.enumerate():
                if thread.name.startswith("watch "):
                    thread.join()


def _seed(ports: Ports, home: Path) -> None:
    now = datetime.now(UTC).isoformat()
    for name, content in data.objects().items():
        ports.data.create(name, content)
    stored = ports.data.stat(data.TRAINING_DATA)
    assert stored is not None
    uri = ports.data.uri(data.TRAINING_DATA)
    ports.documents.commit(
        [
            Create(collection, id, document)
            for collection, id, document in data.documents(
                uri, stored.generation, now
            )
        ]
    )
    config = {
        "experiment_id": "",
        "country": data.COUNTRY,
        "dep_var": "revenue",
        "dep_var_type": "revenue",
        "engine": {"name": "native", "version": "tiny"},
    }
    (home / "summary.json").write_text(json.dumps(summary(config, 0.5)))


def _store(ports: Ports, number: int) -> None:
    """So many experiments, queued in a paused queue; the few that will run
    have their configuration.
    """
    queues.change(ports, _BULK, actor="bench", paused=True)
    few = min(number, _STARTS)
    _publish(ports, {"sweep": {"seed": list(range(few))}}, queue=_BULK)
    queued = [Where("queue", "==", _BULK), Where("state", "==", "QUEUED")]
    _until(lambda: ports.documents.count("experiments", queued) >= few)
    like = ports.documents.query("experiments", queued, limit=1)[0].data
    now = datetime.now(UTC)
    for first in range(few, number, _CHUNK):
        made = []
        for index in range(first, min(first + _CHUNK, number)):
            id = ids.mint(now, "bench", index)
            one = {**like, "id": id, "priority": -1, "batch_id": None}
            made.append(Create("experiments", id, one))
        ports.documents.commit(made)


def _publish(ports: Ports, fields: Json, **experiment: Any) -> None:
    asked = {"country": data.COUNTRY, "preset": "test"}
    body = {
        "schema_version": 1,
        "actor": "bench",
        "experiment": {**asked, **experiment},
        **fields,
    }
    text = json.dumps(body).encode()
    ports.messages.publish("experiment.requested", text, {})


def _state(ports: Ports, id: str) -> str:
    document = ports.documents.get("experiments", id)
    return document.data["state"] if document else ""


def _until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not met():
        if time.monotonic() > deadline:
            raise TimeoutError("the flow stands still")
        time.sleep(_POLL)


def _timed(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1e3


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    return {"p50": round(cuts[9], 2), "p95": round(cuts[18], 2)}


if __name__ == "__main__":
    sys.exit(main())
