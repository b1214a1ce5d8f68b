"""Messages that could not be delivered: why, shown, replayed or discarded.

The platform says which subscription gave a message up, but not why. So a
function that fails notes its error under a hash of the message, and `bury`
finds it there.
"""

import base64
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from mmmflow import wiring
from mmmflow.domain.errors import NotAllowedError
from mmmflow.domain.ids import content_hash
from mmmflow.domain.redaction import redact_text
from mmmflow.log import labels_of
from mmmflow.messaging import events, outbox, topology
from mmmflow.messaging.outbox import Original
from mmmflow.ports import (
    Create,
    Delete,
    Document,
    Json,
    Message,
    NotFoundError,
    Order,
    Ports,
    Update,
    Where,
    Write,
)

log = logging.getLogger(__name__)

COLLECTION = "dead_letters"
FAILURES = "failures"
ONLY = "mmmflow_only"
_SOURCE = "CloudPubSubDeadLetterSource"
_UNDECODABLE = "undecodable"
_TOO_LARGE = "too_large_to_keep"
_LONGEST = 2000
_LARGEST = 512 * 1024
_AT_ONCE = 200
_KEPT = timedelta(days=90)  # once a person has settled it

Entry = Callable[[Any], None]


def guarded(entry: Entry) -> Entry:
    """Decorates an entry point that messages wake.

    A replayed message is for the one function that failed it. An error is
    noted, and fails the delivery as it would have without.
    """

    @wraps(entry)
    def guarded_entry(event: Any) -> None:
        attributes = event.data["message"].get("attributes") or {}
        if attributes.get(ONLY, entry.__name__) != entry.__name__:
            return
        try:
            entry(event)
        except Exception as error:
            note_failure(wiring.ports(), entry.__name__, event, error)
            raise

    return guarded_entry


def note_failure(
    ports: Ports, function: str, event: Any, error: Exception
) -> None:
    """Keep the latest error of the function with this message."""
    message = events.read_any(event)
    id = _failure_id(function, message)
    data = {
        "schema_version": 1,
        "function": function,
        "topic": events.topic_of(event),
        "error": redact_text(f"{type(error).__name__}: {error}")[:_LONGEST],
        "created_at": ports.clock.now().isoformat(),
    }
    present = ports.documents.get(FAILURES, id)
    write: Write = (
        Create(FAILURES, id, data)
        if present is None
        else Update(FAILURES, id, present.version, data)
    )
    # Overtaken: another delivery of it failed at the same time and is noted.
    outbox.commit(ports, [write])


def forget_failures(ports: Ports, before: str) -> None:
    """Errors of messages that were delivered after all, or given up."""
    found = ports.documents.query(
        FAILURES,
        where=[Where("created_at", "<=", before)],
        limit=_AT_ONCE,
    )
    if found:
        writes = [Delete(FAILURES, document.id) for document in found]
        ports.documents.commit(writes)


def bury(ports: Ports, message: Message) -> None:
    """Keep the undeliverable message, once, with where it came from and why."""
    subscription = message.attributes.get(f"{_SOURCE}Subscription", "")
    deliveries = message.attributes.get(f"{_SOURCE}DeliveryCount", "")
    function = topology.function_of(subscription)
    attributes = {
        key: value
        for key, value in message.attributes.items()
        if not key.startswith(_SOURCE)
    }
    failed = Message("", "", message.body, attributes)
    failure = ports.documents.get(FAILURES, _failure_id(function, failed))
    known = failure.data if failure is not None else {}
    now = ports.clock.now().isoformat()
    letter: Json = {
        "schema_version": 1,
        "state": "BURIED",
        "topic": known.get("topic")
        or topology.topic_of(subscription, attributes)
        or attributes.get("topic", ""),
        "subscription": subscription,
        "function": function,
        "deliveries": deliveries,
        "reason": known.get("error")
        or f"{deliveries or 'all'} deliveries failed; why was not noted",
        "body": _kept(message.body),
        "attributes": attributes,
        "correlation_id": str(
            message.body.get("correlation_id")
            or attributes.get("correlation_id")
            or message.message_id
        ),
        "actor": "mmmflow",
        "buried_at": now,
        "updated_at": now,
    }
    identity = {
        "message_id": message.message_id,
        "subscription": subscription,
        "body": message.body,
        "attributes": attributes,
    }
    id = content_hash(identity)[:32]
    if outbox.commit(ports, [Create(COLLECTION, id, letter)]):
        log.error(
            "buried a message of %s: %s",
            letter["topic"] or "an unknown topic",
            letter["reason"],
            extra={"labels": {**labels_of(letter), "event": "buried"}},
        )


def _kept(body: Json) -> Json:
    """The body, or how it begins where a document can't hold it."""
    text = json.dumps(body, ensure_ascii=False)
    if len(text.encode()) <= _LARGEST:
        return body
    return {_TOO_LARGE: text[:_LONGEST]}


def index(
    ports: Ports, state: str | None = None, limit: int = 50
) -> list[Document]:
    """The newest first."""
    return ports.documents.query(
        COLLECTION,
        where=[Where("state", "==", state)] if state else [],
        order_by=[Order("buried_at", descending=True)],
        limit=limit,
    )


def replay(ports: Ports, id: str, *, actor: str) -> Document:
    """Send the original message again, to the one function that failed it.

    Raises:
        NotFoundError: there is no such dead letter.
        NotAllowedError: it was discarded, or nobody knows its topic.
    """
    return _settle(ports, id, "REPLAYED", actor)


def discard(ports: Ports, id: str, *, actor: str) -> Document:
    """Keep it as a record only.

    Raises:
        NotFoundError: there is no such dead letter.
        NotAllowedError: it was replayed.
    """
    return _settle(ports, id, "DISCARDED", actor)


def _settle(ports: Ports, id: str, state: str, actor: str) -> Document:
    while True:
        letter = ports.documents.get(COLLECTION, id)
        if letter is None:
            raise NotFoundError(f"dead letter {id}")
        if letter.data["state"] == state:
            return letter
        if letter.data["state"] != "BURIED":
            raise NotAllowedError.of(
                id,
                f"it is {letter.data['state']}",
                "a message that fails again is buried again, under a new id",
            )
        now = ports.clock.now()
        data = {
            **letter.data,
            "state": state,
            "actor": actor,
            "updated_at": now.isoformat(),
            "expires_at": (now + _KEPT).isoformat(),
        }
        again = [_original(letter)] if state == "REPLAYED" else []
        update = Update(COLLECTION, id, letter.version, data)
        if outbox.commit(ports, [update], again):
            return Document(COLLECTION, id, letter.version, data)


def _original(letter: Document) -> Original:
    data = letter.data
    if not data["topic"]:
        raise NotAllowedError.of(
            letter.id, "its topic is not known", "publish it by hand"
        )
    body = data["body"]
    if set(body) == {_TOO_LARGE}:
        raise NotAllowedError.of(
            letter.id,
            f"it was too large to be kept: more than {_LARGEST} bytes",
            "publish it by hand, with its data in an object",
        )
    if set(body) == {_UNDECODABLE}:
        content = base64.b64decode(body[_UNDECODABLE])
    else:
        content = json.dumps(body, ensure_ascii=False).encode()
    only = {ONLY: data["function"]} if data["function"] else {}
    return Original(
        data["topic"],
        data["correlation_id"],
        content,
        {**data["attributes"], **only, "replay_of": letter.id},
    )


def _failure_id(function: str, message: Message) -> str:
    identity = {
        "function": function,
        "body": message.body,
        "attributes": dict(message.attributes),
    }
    return content_hash(identity)[:32]
