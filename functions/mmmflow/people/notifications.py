"""People are told: targets, and notices delivered to them at least once.

Each event becomes one message per target that wants it, so that a target
that can't be reached holds up no other. Each message is tried until it is
delivered or buried, always under the same idempotency key.
"""

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from mmmflow import schema
from mmmflow.domain import notices
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.ids import content_hash
from mmmflow.domain.notices import Notice
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
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

TARGETS = "notification_targets"
DELIVERED = "notifications"
REMEMBERED = timedelta(days=30)
_OK = range(200, 300)
_AT_ONCE = 200


class NotDeliveredError(Exception):
    """The target did not take the notice; it may later."""


def targets(ports: Ports) -> list[Json]:
    found = ports.documents.query(TARGETS, limit=_AT_ONCE)
    return [_shown(ports, document) for document in found]


def save(ports: Ports, asked: Json, *, actor: str) -> tuple[Json, bool]:
    """Make the target, or replace the one of that id; whether it is new.

    Raises:
        InvalidInputError: with every problem of the target.
    """
    schema.require("notification_target.json", asked)
    found = list(notices.problems(asked))
    refusal = ports.outside.refusal(asked["url"]) if "url" in asked else ""
    if refusal:
        found.append(Problem("url", refusal))
    if found:
        raise InvalidInputError(found)
    id = asked["id"]
    data: dict[str, Any] = {
        "schema_version": 1,
        "enabled": True,
        **asked,
        "actor": actor,
        "updated_at": ports.clock.now().isoformat(),
    }
    while True:
        known = ports.documents.get(TARGETS, id)
        write: Write = (
            Create(TARGETS, id, data)
            if known is None
            else Update(TARGETS, id, known.version, data)
        )
        if outbox.commit(ports, [write]):
            return _shown(ports, _target(ports, id)), known is None


def remove(ports: Ports, id: str) -> None:
    """Raises: NotFoundError."""
    _target(ports, id)
    ports.documents.commit([Delete(TARGETS, id)])


def fan_out(ports: Ports, message: Message) -> None:
    """One message for each target that wants to be told of the event."""
    schema.require(f"{message.topic}.json", message.body)
    event = notices.event_of(message.topic, message.body)
    if event is None:
        return
    wanting = [
        document
        for document in ports.documents.query(TARGETS)
        if notices.wants(document.data, event, message.body)
    ]
    if not wanting:
        return
    experiment = None
    if message.topic == "experiment.changed":
        id = message.body["experiment_id"]
        experiment = ports.documents.get("experiments", id)
    told = notices.notice(
        event, message.body, experiment.data if experiment else None
    )
    outbox.send(ports, [_due(message.body, told, t.id) for t in wanting])


def _due(body: Json, told: Notice, target_id: str) -> Outgoing:
    key = content_hash({"id": body["message_id"], "target": target_id})[:32]
    return Outgoing(
        "notification.due",
        body["correlation_id"],
        {"target_id": target_id, **told.as_json(), "data": body},
        message_id=key,
    )


def deliver(ports: Ports, body: Json) -> None:
    """Post one notice, unless it was delivered or nobody wants it now.

    Raises:
        NotDeliveredError, UnreachableError, RefusedError, NotFoundError:
            it was not, and why; the message comes again.
    """
    schema.require("notification.due.json", body)
    key = body["message_id"]
    target = ports.documents.get(TARGETS, body["target_id"])
    if target is None or not target.data["enabled"]:
        log.info("nobody is told: %s is gone or disabled", body["target_id"])
        return
    if ports.documents.get(DELIVERED, key) is not None:
        return
    told = Notice(body["event"], body["title"], body["text"])
    status = _post(ports, target.data, told, key, body["data"])
    if status not in _OK:
        raise NotDeliveredError(f"{target.id} answered {status}")
    log.info("told %s: %s", target.id, told.title)
    delivered = {
        "schema_version": 1,
        "target_id": target.id,
        "event": told.event,
        "title": told.title,
        "created_at": ports.clock.now().isoformat(),
    }
    # Refused: another delivery of the same message was faster.
    outbox.commit(ports, [Create(DELIVERED, key, delivered)])


def test(ports: Ports, id: str) -> int:
    """Post a notice that says it is a test; the status of the answer.

    Raises:
        NotFoundError: there is no such target, or its secret is missing.
        UnreachableError, RefusedError: it could not be posted.
    """
    target = _target(ports, id)
    told = Notice("test", "A test of mmmflow", f"Target {id} can be reached.")
    key = f"test-{ports.entropy.token()}"
    return _post(ports, target.data, told, key, {})


def forget_old(ports: Ports) -> None:
    """Deliveries so old that no message of theirs is on its way any more."""
    before = (ports.clock.now() - REMEMBERED).isoformat()
    found = ports.documents.query(
        DELIVERED, where=[Where("created_at", "<=", before)], limit=_AT_ONCE
    )
    if found:
        ports.documents.commit([Delete(DELIVERED, d.id) for d in found])


def _post(
    ports: Ports, target: Json, told: Notice, key: str, body: Json
) -> int:
    """Secrets are read now, and stand nowhere else."""
    url = target.get("url") or ports.secrets.get(target["url_secret"])
    headers = {"Idempotency-Key": key, "User-Agent": "mmmflow"}
    if "secret" in target:
        secret = ports.secrets.get(target["secret"])
        headers["Authorization"] = f"Bearer {secret}"
    content = notices.payload(target, told, key, body)
    return ports.outside.post(url, content, headers)


def _target(ports: Ports, id: str) -> Document:
    found = ports.documents.get(TARGETS, id)
    if found is None:
        raise NotFoundError(f"notification target {id}")
    return found


def _shown(ports: Ports, target: Document) -> Json:
    """The target, its address as far as it is no secret, and its last word."""
    last = ports.documents.query(
        DELIVERED,
        where=[Where("target_id", "==", target.id)],
        order_by=[Order("created_at", descending=True)],
        limit=1,
    )
    url = target.data.get("url")
    hidden = ("op", "url", "schema_version")
    return {
        **{k: v for k, v in target.data.items() if k not in hidden},
        "host": urlsplit(url).hostname if url else None,
        "last_delivered": {
            name: last[0].data[name] for name in ("event", "created_at")
        }
        if last
        else None,
    }
