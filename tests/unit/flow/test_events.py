"""What functions-framework hands over becomes an event, or is refused."""

import base64
import json
from typing import Any

import pytest
from cloudevents.http import CloudEvent
from mmmflow.domain.errors import InvalidInputError
from mmmflow.messaging import events
from mmmflow.ports import Message, ObjectEvent


def pushed(data: bytes, **attributes: str) -> CloudEvent:
    return CloudEvent(
        {
            "source": "//pubsub.googleapis.com/projects/p/topics/a-topic",
            "type": "google.cloud.pubsub.topic.v1.messagePublished",
        },
        {
            "message": {
                "data": base64.b64encode(data).decode(),
                "attributes": attributes,
                "messageId": "7",
            }
        },
    )


def test_a_message_is_its_topic_its_body_and_its_attributes() -> None:
    event = pushed(json.dumps({"a": 1}).encode(), correlation_id="c")
    assert events.read_message(event) == Message(
        "a-topic", "7", {"a": 1}, {"correlation_id": "c"}
    )


@pytest.mark.parametrize(
    "data", [b"not json", b"[1]", b'{"a": NaN}', b"\xff", b""]
)
def test_a_message_must_hold_a_json_object(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="message: no JSON"):
        events.read_message(pushed(data))


def test_a_dead_letter_is_read_whatever_its_data() -> None:
    message = events.read_any(pushed(b"\xff not json", a="b"))
    undecodable = base64.b64encode(b"\xff not json").decode()
    assert message.body == {"undecodable": undecodable}
    assert message.attributes == {"a": "b"}


def notification(**changed: Any) -> CloudEvent:
    attributes = {
        "eventType": "OBJECT_FINALIZE",
        "bucketId": "data",
        "objectId": "signals/x",
        "objectGeneration": "12",
    }
    return pushed(b"{}", **{**attributes, **changed})


def test_a_finished_object_is_bucket_name_and_generation() -> None:
    assert events.read_object(notification()) == ObjectEvent(
        "data", "signals/x", "12"
    )


@pytest.mark.parametrize("kind", ["OBJECT_DELETE", "OBJECT_METADATA_UPDATE"])
def test_other_events_of_an_object_are_none_of_ours(kind: str) -> None:
    assert events.read_object(notification(eventType=kind)) is None
