"""What each function has to load before it can answer its first request."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The clients of the ports, by the modules that their authors tell to import.
CLIENTS: Mapping[str, str] = {
    "documents": "google.cloud.firestore_v1",
    "messages": "google.pubsub_v1",
    "data": "google.cloud.storage",
    "jobs": "google.cloud.run_v2",
    "secrets": "google.cloud.secretmanager_v1",
    "warehouse": "snowflake.connector",
    "billing": "google.cloud.bigquery",
}
_KEPT = ("documents", "messages")  # every event may change a document
# The ports that the function's usual event needs.
USES: Mapping[str, tuple[str, ...]] = {
    "extract": (*_KEPT, "data", "secrets", "warehouse"),
    "ingest": (*_KEPT, "data"),
    "prepare": (*_KEPT, "data"),
    "enqueue": (*_KEPT, "data"),
    "launch": (*_KEPT, "jobs"),
    "collect": (*_KEPT, "data"),
    "rank": (*_KEPT, "data"),
    "tally": _KEPT,
    "notify": _KEPT,
    "reconcile": (*_KEPT, "data", "jobs"),
    "sweep": _KEPT,
    "costs": ("documents", "billing"),
    "bury": _KEPT,
    "api": ("documents", "data"),
}
# Names as in a deployment, with nothing behind them.
ENV: Mapping[str, str] = {
    "MMMFLOW_PROJECT": "mmm-dev",
    "MMMFLOW_REGION": "europe-west3",
    "MMMFLOW_PREFIX": "mmmflow-dev",
    "MMMFLOW_UPLOADS_BUCKET": "mmm-dev-uploads",
    "MMMFLOW_DATA_BUCKET": "mmm-dev-data",
    "MMMFLOW_RUN_ENDPOINT": "127.0.0.1:1",
    "MMMFLOW_SECRETS_ENDPOINT": "127.0.0.1:1",
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1",
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:1",
    "STORAGE_EMULATOR_HOST": "http://127.0.0.1:1",
}
_CLOCK = """
import json, sys, time
before, began = time.process_time(), time.perf_counter()
{program}
with open("/proc/self/status") as status:
    peak = next(line for line in status if line.startswith("VmHWM"))
print(json.dumps({{
    "seconds": time.perf_counter() - began,
    "cpu_seconds": time.process_time() - before,
    "mib": int(peak.split()[1]) / 1024,
    "modules": sorted(sys.modules),
}}))
"""
_START = """
from functions_framework import create_app
app = create_app({function!r}, {source!r})
"""
_READY = """
import importlib
from mmmflow import wiring
importlib.import_module("mmmflow.steps.{function}")
for port in {ports!r}:
    getattr(wiring.ports(), port)
"""
# What a port opens at its first call only.
_OPEN = {
    "jobs": "wiring.ports().jobs._jobs",
    "secrets": "wiring.ports().secrets._client",
    "warehouse": 'importlib.import_module("snowflake.connector")',
    "billing": 'importlib.import_module("google.cloud.bigquery")',
}


@dataclass(frozen=True)
class Loaded:
    """What a fresh process had to pay."""

    seconds: float
    cpu_seconds: float
    mib: float
    modules: frozenset[str]


def start(function: str, source: Path) -> Loaded:
    """The entry point as the platform starts it, before any request."""
    return _measured(_start(function, source), source)


def ready(function: str, source: Path) -> Loaded:
    """That, its step, and the ports that the step needs, opened."""
    program = _start(function, source) + _READY.format(
        function=function, ports=USES[function]
    )
    for port in USES[function]:
        if port in _OPEN:
            program += f"{_OPEN[port]}\n"
    return _measured(program, source)


def bare(function: str, source: Path) -> Loaded:
    """Only the framework and the clients."""
    clients = ", ".join(CLIENTS[port] for port in USES[function])
    program = f"import functions_framework, {clients}"
    return _measured(program, source)


def _start(function: str, source: Path) -> str:
    return _START.format(function=function, source=str(source / "main.py"))


def _measured(program: str, source: Path) -> Loaded:
    ended = subprocess.run(
        [sys.executable, "-c", _CLOCK.format(program=program)],
        env={**ENV, "PYTHONPATH": str(source)},
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(ended.stderr[-2000:])
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return Loaded(
        found["seconds"],
        found["cpu_seconds"],
        found["mib"],
        frozenset(found["modules"]),
    )
