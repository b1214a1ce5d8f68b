"""Cloud Logging: entries written and listed.

Speaks `google.logging.v2.LoggingServiceV2` as far as it is used here: a
filter is comparisons of one field each, joined by AND; the order is by
timestamp.

As a process of its own: `python -m tests.emulators.logging --port P`.
"""

import argparse
import json
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import grpc
from google.api.monitored_resource_pb2 import MonitoredResource
from google.cloud.logging_v2.services.logging_service_v2 import (
    LoggingServiceV2Client,
)
from google.cloud.logging_v2.types import (
    ListLogEntriesRequest,
    ListLogEntriesResponse,
    LogEntry,
    WriteLogEntriesRequest,
    WriteLogEntriesResponse,
)
from google.cloud.run_v2.types import Execution
from mmmflow.cloud.clients import client

from tests.emulators import processes
from tests.emulators.grpc_server import Method, Services, refuse, serve

_TERM = re.compile(
    r"(?P<field>[a-z_.]+?)(\.\"(?P<key>[^\"]+)\")?"
    r"(?P<op>>=|<=|=)\"(?P<value>[^\"]*)\""
)


class CloudLogging:
    """The entries of every project that asks."""

    def __init__(self) -> None:
        self._entries: list[LogEntry] = []
        self._guard = threading.Lock()

    @property
    def services(self) -> Services:
        return {
            "google.logging.v2.LoggingServiceV2": {
                "WriteLogEntries": Method(
                    self._write, WriteLogEntriesRequest, WriteLogEntriesResponse
                ),
                "ListLogEntries": Method(
                    self._list, ListLogEntriesRequest, ListLogEntriesResponse
                ),
            }
        }

    def _write(
        self, request: WriteLogEntriesRequest, context: Any
    ) -> WriteLogEntriesResponse:
        del context
        with self._guard:
            self._entries += request.entries
        return WriteLogEntriesResponse()

    def _list(
        self, request: ListLogEntriesRequest, context: Any
    ) -> ListLogEntriesResponse:
        terms = [_TERM.fullmatch(t) for t in request.filter.split(" AND ")]
        if None in terms:
            refuse(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                f"Unparseable filter: {request.filter}",
            )
        with self._guard:
            found = [
                entry
                for entry in self._entries
                if _is_of(entry, request.resource_names)
                and all(_holds(entry, term) for term in terms if term)
            ]
        newest_first = request.order_by == "timestamp desc"
        if newest_first:  # of equal times the last written comes first
            found.reverse()
        found.sort(key=lambda e: e.timestamp, reverse=newest_first)
        return ListLogEntriesResponse(entries=found[: request.page_size])


def _is_of(entry: LogEntry, resources: Any) -> bool:
    """Of the project that is asked, or that a view of its log is of."""
    projects = ("/".join(name.split("/")[:2]) for name in resources)
    return any(entry.log_name.startswith(f"{p}/") for p in projects)


def _holds(entry: LogEntry, term: "re.Match[str]") -> bool:
    field, key, value = term["field"], term["key"], term["value"]
    if field == "timestamp":
        limit = datetime.fromisoformat(value)
        return bool(
            entry.timestamp >= limit
            if term["op"] == ">="
            else entry.timestamp <= limit
        )
    if field == "labels":
        return bool(entry.labels.get(key) == value)
    if field == "resource.type":
        return bool(entry.resource.type == value)
    label = field.removeprefix("resource.labels.")
    return bool(entry.resource.labels.get(label) == value)


def writer(address: str) -> Callable[[Execution, list[str]], None]:
    """Writes an execution's lines as the agent of Cloud Run does."""
    service = client(LoggingServiceV2Client, address)

    def write(execution: Execution, lines: list[str]) -> None:
        service.write_log_entries(
            WriteLogEntriesRequest(
                entries=[_entry(execution, t) for t in lines]
            )
        )

    return write


def _entry(execution: Execution, line: str) -> LogEntry:
    """A line that is a JSON object is logged as such."""
    _, project, _, location, _, job, _, name = execution.name.split("/")
    try:
        parsed = json.loads(line)
    except ValueError:
        parsed = None
    payload: dict[str, Any] = (
        {"json_payload": parsed}
        if isinstance(parsed, dict)
        else {"text_payload": line}
    )
    return LogEntry(
        log_name=f"projects/{project}/logs/run.googleapis.com%2Fstdout",
        resource=MonitoredResource(
            type="cloud_run_job",
            labels={
                "project_id": project,
                "location": location,
                "job_name": job,
            },
        ),
        labels={"run.googleapis.com/execution_name": name},
        timestamp=datetime.now(UTC),
        **payload,
    )


@contextmanager
def emulated() -> Iterator[processes.Server]:
    """A process of its own, for MMMFLOW_LOGGING_ENDPOINT."""
    port = processes.free_port()
    module = [sys.executable, "-m", "tests.emulators.logging"]
    with processes.running([*module, f"--port={port}"], port) as server:
        yield server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    server, _ = serve(CloudLogging().services, options.port)
    signal.signal(signal.SIGTERM, lambda *_: server.stop(None))
    server.wait_for_termination()


if __name__ == "__main__":
    main()
