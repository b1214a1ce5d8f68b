"""What an execution wrote to its console, as Cloud Logging keeps it."""

import json
from datetime import datetime
from functools import cache

from google.cloud.logging_v2.services.logging_service_v2 import (
    LoggingServiceV2Client,
)
from google.cloud.logging_v2.types import ListLogEntriesRequest, LogEntry

from mmmflow.cloud import failures
from mmmflow.cloud.clients import client
from mmmflow.cloud.environment import Environment

_LABEL = "run.googleapis.com/execution_name"
_SECONDS = 20.0


def last_lines(
    environment: Environment,
    execution: str,
    *,
    job: str,
    since: datetime,
    lines: int,
) -> list[str]:
    """Oldest first; a line that was logged as JSON is shown as such.

    The service looks through the entries from `since` on only.
    """
    query = " AND ".join(
        (
            'resource.type="cloud_run_job"',
            f'resource.labels.job_name="{job}"',
            f'labels."{_LABEL}"="{execution}"',
            f'timestamp>="{since.isoformat()}"',
        )
    )
    request = ListLogEntriesRequest(
        resource_names=[environment.log_view],
        filter=query,
        order_by="timestamp desc",
        page_size=lines,
    )
    pager = _client(environment.logging_endpoint).list_log_entries(
        request, retry=failures.RETRY, timeout=_SECONDS
    )
    first_page = next(iter(pager.pages))
    return [_line(entry) for entry in reversed(first_page.entries)]


@cache
def _client(endpoint: str) -> LoggingServiceV2Client:
    return client(LoggingServiceV2Client, endpoint)


def _line(entry: LogEntry) -> str:
    if entry.json_payload:
        return json.dumps(dict(entry.json_payload), ensure_ascii=False)
    return str(entry.text_payload)
