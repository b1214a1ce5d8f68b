"""Log lines as Cloud Logging reads them: one JSON object each.

A line carries the labels of the event that is being handled: its function,
its correlation id, and the experiment once that is known. Who logs adds more
with `extra={"labels": {…}}`. No secret leaves: see `domain.redaction`.
"""

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from mmmflow.domain.redaction import redact

P = ParamSpec("P")
R = TypeVar("R")
Labels = Mapping[str, str]

_TRACE = "logging.googleapis.com/trace"
_SPAN = "logging.googleapis.com/spanId"
_LABELS = "logging.googleapis.com/labels"
_TRACEPARENT_PARTS = 4
_FROM_DATA = (
    "correlation_id",
    "experiment_id",
    "attempt",
    "state",
    "country",
    "goal",
    "queue",
    "batch_id",
)

_labels: ContextVar[Labels] = ContextVar("labels")
_trace: ContextVar[Mapping[str, str]] = ContextVar("trace")


def entry(
    labels_of: Callable[[Any], Labels] = lambda event: {},
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates an entry point: its event's labels hold until the next one.

    They are not taken back at the end, so that what the framework logs of a
    failure carries them too.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def labelled_function(*args: P.args, **kwargs: P.kwargs) -> R:
            named = {"function": function.__name__}
            _labels.set({**named, **labels_of(args[0])})
            _trace.set(_trace_of_request())
            return function(*args, **kwargs)

        return labelled_function

    return decorate


def label(**labels: object) -> None:
    """Add to the labels of the event that is being handled."""
    known = _labels.get({})
    added = {k: str(v) for k, v in labels.items() if v is not None}
    _labels.set({**known, **added})


@contextmanager
def labelled(**labels: object) -> Iterator[None]:
    """As `label`, for what is logged inside."""
    before = _labels.get({})
    label(**labels)
    try:
        yield
    finally:
        _labels.set(before)


def labels_of(data: Mapping[str, Any]) -> dict[str, str]:
    """The labels that a document or a message's body gives."""
    known = {name: data.get(name) for name in _FROM_DATA}
    if "attempt" in data and "id" in data:  # an experiment's own document
        known["experiment_id"] = data["id"]
    return {k: str(v) for k, v in known.items() if v is not None}


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        labels = {**_labels.get({}), **getattr(record, "labels", {})}
        line: dict[str, Any] = {
            "severity": record.levelname,
            "time": moment.isoformat().replace("+00:00", "Z"),
            "message": record.getMessage(),
            "logger": record.name,
            _LABELS: {k: str(v) for k, v in labels.items()},
            **_trace.get({}),
        }
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(redact(line), ensure_ascii=False)


def configure(handler: logging.Handler) -> None:
    """Every log line of this process goes to the handler, as JSON."""
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


def _trace_of_request() -> dict[str, str]:
    """From the header that the platform gives a request, if there is one."""
    from flask import has_request_context, request

    if not has_request_context():
        return {}
    return trace(
        request.headers.get("traceparent", ""),
        request.headers.get("X-Cloud-Trace-Context", ""),
        os.environ.get("GOOGLE_CLOUD_PROJECT", ""),
    )


def trace(parent: str, cloud: str, project: str) -> dict[str, str]:
    """Trace and span as fields of a line; none if no header names them.

    `parent` is the W3C's header `traceparent`, `cloud` Google's older
    `X-Cloud-Trace-Context`.
    """
    parts = parent.split("-")
    if len(parts) == _TRACEPARENT_PARTS:
        id, span = parts[1], parts[2]
    else:
        id, _, rest = cloud.partition("/")
        number = rest.partition(";")[0]
        span = f"{int(number):016x}" if number.isdecimal() else ""
    if not id:
        return {}
    name = f"projects/{project}/traces/{id}" if project else id
    return {_TRACE: name, **({_SPAN: span} if span else {})}
