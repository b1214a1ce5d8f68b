"""A change of state and the messages that follow from it: one commit.

The messages are rows of `outbox`, written in the same commit, published
right after it and removed once the publish is confirmed. What a crash
leaves behind, `sweep` sends.
"""

import base64
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mmmflow import schema
from mmmflow.domain.errors import InvalidInputError
from mmmflow.log import labels_of
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    Create,
    Delete,
    Document,
    Json,
    Order,
    Outbound,
    Ports,
    Where,
    Write,
)

log = logging.getLogger(__name__)

COLLECTION = "outbox"
MAX_MESSAGE = 256 * 1024


@dataclass(frozen=True)
class Outgoing:
    """A message to send; without an id of its own it gets a new one."""

    topic: str
    correlation_id: str
    body: Json
    message_id: str | None = None


@dataclass(frozen=True)
class Original:
    """A message that is sent again just as it was, whatever it holds."""

    topic: str
    correlation_id: str
    content: bytes
    attributes: Mapping[str, str]


def commit(
    ports: Ports,
    writes: Sequence[Write],
    messages: Sequence[Outgoing | Original] = (),
) -> bool:
    """Commit the writes and send the messages; False if overtaken.

    Every document written carries this commit's random `op`: where the
    commit is refused but the `op` stands in the document, the commit had
    been applied and only its report was lost.

    Raises:
        InvalidInputError: a message breaks its schema, or is too large.
    """
    op = ports.entropy.token()
    rows = [
        _again(ports, message, op)
        if isinstance(message, Original)
        else _row(ports, message, op)
        for message in messages
    ]
    stamped = [*(_stamped(write, op) for write in writes), *rows]
    try:
        ports.documents.commit(stamped)
    except (AlreadyExistsError, ConflictError):
        if not _applied(ports, stamped, op):
            return False
    for row in rows:
        _say(row.data)
    _send(ports, rows)
    return True


def send(ports: Ports, messages: Sequence[Outgoing]) -> None:
    """Send messages that follow from no change of state."""
    rows = [_row(ports, message, "") for message in messages]
    ports.messages.publish_all([_outbound(row.data) for row in rows])


def send_overdue(ports: Ports, before: str) -> int:
    """Send what was committed before that time and never confirmed."""
    rows = ports.documents.query(
        COLLECTION,
        where=[Where("created_at", "<=", before)],
        order_by=[Order("created_at")],
        limit=500,
    )
    for row in rows:
        _say(row.data, "sent late: ")
        _send(ports, [row])
    return len(rows)


def require_fits(topic: str, body: Json) -> None:
    """Raises: InvalidInputError: data travels in objects, not in messages."""
    size = len(json.dumps(body, ensure_ascii=False).encode())
    if size > MAX_MESSAGE:
        raise InvalidInputError.of(
            topic,
            f"a message of {size} bytes, more than {MAX_MESSAGE}",
            "put the content into an object, and name that in the message",
        )


def _stamped(write: Write, op: str) -> Write:
    if isinstance(write, Delete):
        return write
    return replace(write, data={**write.data, "op": op})


def _applied(ports: Ports, writes: Sequence[Write], op: str) -> bool:
    documents: list[Document | None] = [
        ports.documents.get(write.collection, write.id)
        for write in writes
        if not isinstance(write, Delete)
    ]
    return any(d is not None and d.data.get("op") == op for d in documents)


def _row(ports: Ports, message: Outgoing, op: str) -> Create:
    message_id = message.message_id or ports.entropy.token()
    body: Json = {
        "schema_version": 1,
        "message_id": message_id,
        "correlation_id": message.correlation_id,
        **message.body,
    }
    schema.require(f"{message.topic}.json", body)
    require_fits(message.topic, body)
    return Create(
        COLLECTION,
        f"{message.topic}-{message_id}",
        {
            "topic": message.topic,
            "body": body,
            "correlation_id": message.correlation_id,
            "created_at": ports.clock.now().isoformat(),
            "op": op,
        },
    )


def _say(row: Json, how: str = "") -> None:
    """One log line for each change that others are told of."""
    labels = {"correlation_id": row["correlation_id"], "event": row["topic"]}
    labels |= labels_of(row["body"])
    what = ", ".join(
        f"{name} {value}"
        for name, value in labels.items()
        if name not in ("correlation_id", "event")
    )
    log.info("%s%s: %s", how, row["topic"], what, extra={"labels": labels})


def _send(ports: Ports, rows: Sequence[Create | Document]) -> None:
    """Publish them; once each is confirmed they are forgotten together."""
    if rows:
        ports.messages.publish_all([_outbound(row.data) for row in rows])
        ports.documents.commit([Delete(COLLECTION, row.id) for row in rows])


def _again(ports: Ports, message: Original, op: str) -> Create:
    return Create(
        COLLECTION,
        f"{message.topic}-{ports.entropy.token()}",
        {
            "topic": message.topic,
            "body": {},
            "content": base64.b64encode(message.content).decode(),
            "attributes": dict(message.attributes),
            "correlation_id": message.correlation_id,
            "created_at": ports.clock.now().isoformat(),
            "op": op,
        },
    )


def _outbound(row: dict[str, Any]) -> Outbound:
    if "content" in row:
        content = base64.b64decode(row["content"])
        attributes = row["attributes"]
    else:
        content = json.dumps(row["body"], ensure_ascii=False).encode()
        attributes = {
            "correlation_id": row["correlation_id"],
            "topic": row["topic"],
        }
    return Outbound(row["topic"], content, attributes)
