"""From a CloudEvent, as functions-framework hands it over, to an event."""

import base64
import binascii
from typing import Any

from mmmflow import schema
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError
from mmmflow.messaging import topology
from mmmflow.ports import Json, Message, ObjectEvent

_FINALIZE = "OBJECT_FINALIZE"


def read_message(event: Any) -> Message:
    """The message that a Pub/Sub push carries.

    Raises:
        InvalidInputError: its data is not a JSON object.
    """
    pushed = event.data["message"]
    attributes = dict(pushed.get("attributes") or {})
    try:
        data = base64.b64decode(pushed.get("data") or "")
        body = schema.parse(data)
    except (ValueError, binascii.Error) as error:
        raise InvalidInputError.of("message", f"no JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidInputError.of("message", "no JSON object")
    topic = topic_of(event)
    return Message(topic, str(pushed["messageId"]), body, attributes, len(data))


def topic_of(event: Any) -> str:
    """Our name of the topic that the event came on."""
    name = str(event["source"]).rpartition("/topics/")[2]
    return topology.topic_named(name)


def read_any(event: Any) -> Message:
    """As `read_message`, but whatever the data is: text, or base64."""
    try:
        return read_message(event)
    except InvalidInputError:
        pushed = event.data["message"]
        body = {"undecodable": pushed.get("data") or ""}
        attributes = dict(pushed.get("attributes") or {})
        return Message("", str(pushed["messageId"]), body, attributes)


def read_object(event: Any) -> ObjectEvent | None:
    """The object that a Cloud Storage notification tells of.

    None for anything but a finished object.
    """
    pushed = event.data["message"]
    attributes: Json = dict(pushed.get("attributes") or {})
    if attributes.get("eventType") != _FINALIZE:
        return None
    return ObjectEvent(
        bucket=attributes["bucketId"],
        name=attributes["objectId"],
        generation=attributes["objectGeneration"],
    )


def read_either(event: Any) -> Message | ObjectEvent | None:
    """A message, or what `read_object` makes of a notification.

    Raises:
        InvalidInputError: it is a message, and its data no JSON object.
    """
    attributes = event.data["message"].get("attributes") or {}
    if "objectId" in attributes:
        return read_object(event)
    return read_message(event)


def labels(event: Any) -> dict[str, str]:
    """What a log line should say of the event that is being handled."""
    attributes = event.data["message"].get("attributes") or {}
    found = {
        "topic": topic_of(event),
        "correlation_id": attributes.get("correlation_id"),
        "object": attributes.get("objectId"),
    }
    signal = paths.parse_signal(attributes.get("objectId", ""))
    if signal is not None:
        found["experiment_id"] = signal.experiment_id
        found["attempt"] = str(signal.attempt)
    return {name: value for name, value in found.items() if value}
