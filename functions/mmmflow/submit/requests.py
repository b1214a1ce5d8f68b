"""Requests from outside: each is answered once, and repeats alike.

A request is known by its idempotency key, else by its content. Its document
is made in the same commit as what it asks for and holds the ids that were
minted, so a repeat finds what the first one made.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from mmmflow.domain import ids
from mmmflow.domain.errors import InvalidInputError, Problem, stored
from mmmflow.log import label
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import Create, Document, Json, Message, Ports, Write

log = logging.getLogger(__name__)

COLLECTION = "requests"
# For at least so long a repeat is answered with what the first one made.
KEPT = timedelta(days=90)
_NOT_CONTENT = ("message_id", "correlation_id", "actor")


class KeyReusedError(Exception):
    """The same idempotency key came with other content."""


@dataclass(frozen=True)
class Request:
    """A request as it came in, with what identifies it."""

    kind: str
    key: str
    content_hash: str
    body: Json

    @property
    def id(self) -> str:
        return ids.content_hash({"kind": self.kind, "key": self.key})[:32]

    @property
    def correlation_id(self) -> str:
        return str(self.body.get("correlation_id") or self.id)

    @property
    def actor(self) -> str:
        return str(self.body.get("actor") or "unknown")


def read(kind: str, body: Json, delivery: str = "") -> Request:
    """The request of a body; `delivery` is the id of the message it came in.

    What is forced is meant again though its content was seen before: without
    a key of its own it is known by its delivery.
    """
    content = {k: v for k, v in body.items() if k not in _NOT_CONTENT}
    content_hash = ids.content_hash(content)
    forced = delivery if body.get("force") else ""
    key = str(body.get("message_id") or forced or content_hash)
    return Request(kind, key, content_hash, body)


def answered(ports: Ports, request: Request) -> Json | None:
    """The answer that this request got before, if it did.

    Raises:
        KeyReusedError: the key is known with other content.
    """
    document = ports.documents.get(COLLECTION, request.id)
    if document is None:
        return None
    if document.data["content_hash"] != request.content_hash:
        raise KeyReusedError(
            f"the key {request.key!r} was used for another request;"
            " choose a new one"
        )
    return document.data


def accept(
    ports: Ports,
    request: Request,
    made: Sequence[str],
    writes: Sequence[Write],
    messages: Sequence[Outgoing] = (),
    *,
    batch_id: str | None = None,
) -> bool:
    """Commit what the request makes together with its answer.

    A large batch's experiments are not in `made`, but in `batch_id`.
    False if the same request was answered meanwhile, or a write refused.
    """
    _say(request, f"asks for {len(made)}")
    document = _document(
        ports, request, "ACCEPTED", made=list(made), batch_id=batch_id
    )
    return outbox.commit(ports, [document, *writes], messages)


def refuse(ports: Ports, request: Request, problems: Sequence[Problem]) -> None:
    """Store what is wrong with the request, for whoever sent it."""
    listed = stored(problems)
    why = "; ".join(str(Problem(**problem)) for problem in listed)
    _say(request, f"is refused: {why}")
    document = _document(ports, request, "REFUSED", problems=listed)
    outbox.commit(ports, [document])


def refuse_reused(ports: Ports, request: Request, why: str) -> None:
    """Store that the key was used before, for the other content only."""
    key = f"{request.key} with {request.content_hash}"
    refuse(ports, replace(request, key=key), [Problem("message_id", why)])


def require_fits(message: Message, hint: str) -> None:
    """Raises: InvalidInputError: the message is too large; `hint` helps."""
    if message.size > outbox.MAX_MESSAGE:
        size, most = message.size, outbox.MAX_MESSAGE
        raise InvalidInputError.of(
            "message", f"it has {size} bytes, more than {most}", hint
        )


def problems_of(answer: Json) -> list[Problem]:
    return [Problem(**problem) for problem in answer.get("problems", [])]


def made(ports: Ports, answer: Json, collection: str) -> list[Document]:
    """What an accepted request made, where it is still there.

    Raises:
        InvalidInputError: the request was refused.
    """
    if answer["state"] == "REFUSED":
        raise InvalidInputError(problems_of(answer))
    found = (ports.documents.get(collection, id) for id in answer["made"])
    return [document for document in found if document is not None]


def _say(request: Request, what: str) -> None:
    """The first line of what follows: from here on its id is known."""
    label(correlation_id=request.correlation_id)
    log.info("%s from %s %s", request.kind, request.actor, what)


def _document(
    ports: Ports, request: Request, state: str, **fields: Any
) -> Create:
    now = ports.clock.now()
    return Create(
        COLLECTION,
        request.id,
        {
            "schema_version": 1,
            "kind": request.kind,
            "key": request.key,
            "content_hash": request.content_hash,
            "state": state,
            "actor": request.actor,
            "correlation_id": request.correlation_id,
            "created_at": now.isoformat(),
            "expires_at": (now + KEPT).isoformat(),
            **fields,
        },
    )
