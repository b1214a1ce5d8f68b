"""A dead-letter topic → a document that a person can look at."""

from mmmflow import outbox
from mmmflow.domain.ids import content_hash
from mmmflow.ports import Create, Json, Message, Ports

_SOURCE = "CloudPubSubDeadLetterSource"


def bury(message: Message, ports: Ports) -> None:
    """Keep the undeliverable message, once, with where it came from."""
    attributes = message.attributes
    letter: Json = {
        "schema_version": 1,
        "subscription": attributes.get(f"{_SOURCE}Subscription", ""),
        "deliveries": attributes.get(f"{_SOURCE}DeliveryCount", ""),
        "body": message.body,
        "attributes": {
            key: value
            for key, value in attributes.items()
            if not key.startswith(_SOURCE)
        },
    }
    id = content_hash(letter)[:32]
    letter["buried_at"] = ports.clock.now().isoformat()
    outbox.commit(ports, [Create("dead_letters", id, letter)])
