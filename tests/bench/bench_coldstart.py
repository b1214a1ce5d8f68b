"""What a cold start of each function costs, beside what it can't do without.

    python -m tests.bench.bench_coldstart

`bare` imports the framework and the clients that the function must use;
`start` makes the entry point from the archive as it is deployed; `ready` has
its step and those clients opened as well. Times are of the processor, the
least of several runs, as waiting for a core is no cost of the import; memory
is the process's largest. Then, on the emulators, the first and the second
request to a fresh process. The last line is JSON.
"""

import argparse
import base64
import compileall
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from infra import package
from tests import cold_starts
from tests.emulators.deployment import Deployment, Function, deployed

LIMIT = 1.3
HELD = ("api", "launch")
_OBJECTS = {
    "ingest": ("uploads", "object.uploads", "DE/none.csv"),
    "prepare": ("data", "object.datasets", "datasets/DE/none/dataset.json"),
    "collect": (
        "data",
        "object.signals",
        "signals/20260101T000000Z-000000000000/1/finished.json",
    ),
}
_HEAD = {"schema_version": 1, "message_id": "m", "correlation_id": "c"}
_CHANGED = {
    **_HEAD,
    "experiment_id": "20260101T000000Z-000000000000",
    "country": "DE",
    "state": "QUEUED",
    "attempt": 0,
    "updated_at": "2026-01-01T00:00:00+00:00",
}
# Of something that is not there: what is measured is the way to it.
_MESSAGES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "extract": ("dataset.requested", {"schema_version": 1}),
    "enqueue": ("experiment.requested", {"schema_version": 1}),
    "launch": ("queue.changed", {**_HEAD, "queue": "default"}),
    "rank": ("ranking.changed", {**_HEAD, "country": None}),
    "tally": ("experiment.changed", _CHANGED),
    "notify": ("experiment.changed", _CHANGED),
    "reconcile": (
        "execution.ended",
        {
            "protoPayload": {
                "methodName": "/Jobs.RunJob",
                "resourceName": "namespaces/p/executions/mmmflow-dev-x-abcde",
            }
        },
    ),
    "sweep": ("timer.sweep", {}),
    "costs": ("timer.costs", {}),
    "bury": ("dead-letter", {}),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(f"Load of the machine: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as temporary:
        source = _unpacked(Path(temporary))
        imports = {
            name: _imports(name, source, options.runs)
            for name in cold_starts.USES
        }
        requests = _requests(source)
    _show(imports, requests)
    worst = {name: imports[name]["ratio"] for name in HELD}
    print(
        json.dumps(
            {
                "load": round(os.getloadavg()[0], 1),
                "limit": LIMIT,
                "imports": imports,
                "requests": requests,
            }
        )
    )
    return 0 if all(ratio <= LIMIT for ratio in worst.values()) else 1


def _unpacked(folder: Path) -> Path:
    """The archive's source, compiled, as the platform's build leaves it."""
    archive = package.write(folder / "build")
    source = folder / "source"
    with zipfile.ZipFile(archive) as staged:
        staged.extractall(source)
    compileall.compile_dir(source, quiet=1)
    return source


def _imports(name: str, source: Path, runs: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for what, measure in (
        ("bare", cold_starts.bare),
        ("start", cold_starts.start),
        ("ready", cold_starts.ready),
    ):
        measured = [measure(name, source) for _ in range(runs)]
        least = min(measured, key=lambda loaded: loaded.cpu_seconds)
        found[f"{what}_ms"] = round(least.cpu_seconds * 1000)
        found[f"{what}_mib"] = round(least.mib)
    found["ratio"] = round(found["ready_ms"] / found["bare_ms"], 2)
    return found


def _requests(source: Path) -> dict[str, dict[str, float]]:
    """Seconds to listen, of the first and of the second request."""
    try:
        with deployed("mmm-cold", functions=("sweep",)) as deployment:
            return {
                name: _asked(name, source, deployment)
                for name in cold_starts.USES
            }
    except pytest.skip.Exception as absent:
        print(f"No requests are measured: {absent.msg}")
        return {}


def _asked(name: str, source: Path, deployment: Deployment) -> dict[str, float]:
    function = Function(name, deployment.env, source / "main.py")
    began = time.perf_counter()
    function.start()
    listens = time.perf_counter() - began
    try:
        first, status = _ask(function, deployment)
        second, _ = _ask(function, deployment)
    finally:
        function.server.stop()
    return {
        "listens_ms": round(listens * 1000),
        "first_ms": round(first * 1000),
        "second_ms": round(second * 1000),
        "status": status,
    }


def _ask(function: Function, deployment: Deployment) -> tuple[float, int]:
    connection = HTTPConnection("127.0.0.1", function.port, timeout=60)
    began = time.perf_counter()
    if function.name == "api":
        connection.request("GET", "/api/v1/health")
    else:
        path, body = _push(function.name, deployment)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return time.perf_counter() - began, response.status


def _push(name: str, deployment: Deployment) -> tuple[str, dict[str, Any]]:
    environment = deployment.environment
    attributes: dict[str, str] = {}
    if name in _OBJECTS:
        bucket, topic, object_id = _OBJECTS[name]
        data: dict[str, Any] = {}
        attributes = {
            "eventType": "OBJECT_FINALIZE",
            "bucketId": f"{environment.project}-{bucket}",
            "objectId": object_id,
            "objectGeneration": "1",
        }
    else:
        topic, data = _MESSAGES[name]
    message = {
        "data": base64.b64encode(json.dumps(data).encode()).decode(),
        "attributes": attributes,
        "messageId": "1",
        "publishTime": "2026-01-01T00:00:00Z",
    }
    body = {
        "message": message,
        "subscription": environment.subscription(name, topic),
    }
    return f"/{environment.topic(topic)}", body


def _show(
    imports: Mapping[str, Mapping[str, float]],
    requests: Mapping[str, Mapping[str, float]],
) -> None:
    print(
        f"{'function':<10} {'bare':>15} {'start':>15} {'ready':>15}"
        f" {'ready/bare':>11} {'listens':>9} {'first':>8} {'second':>8}"
    )
    for name, found in imports.items():
        columns = [
            f"{found[f'{what}_ms']:>5.0f} ms {found[f'{what}_mib']:>3.0f} MiB"
            for what in ("bare", "start", "ready")
        ]
        asked = requests.get(name)
        times = (
            f"{asked['listens_ms']:>6.0f} ms {asked['first_ms']:>5.0f} ms"
            f" {asked['second_ms']:>5.0f} ms  {asked['status']:.0f}"
            if asked
            else ""
        )
        print(f"{name:<10} {' '.join(columns)} {found['ratio']:>11} {times}")


if __name__ == "__main__":
    raise SystemExit(main())
