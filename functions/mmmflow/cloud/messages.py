"""Messages on Pub/Sub.

One call publishes up to a thousand messages of a topic and is confirmed by
its answer; no thread of the client's goes on after a function has answered.
"""

import os
from collections.abc import Iterator, Mapping, Sequence

from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.types import PubsubMessage

from mmmflow.cloud import failures
from mmmflow.cloud.clients import client
from mmmflow.cloud.environment import Environment
from mmmflow.ports import Outbound

_ROLE = "roles/pubsub.publisher"
_SECONDS = 10.0
# A publish request takes 1,000 messages and 10 MB.
_MOST_MESSAGES = 1000
_MOST_BYTES = 8_000_000


class PubsubMessages:
    """Publishes to the topics `<prefix>.<topic>` of one project."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        stand_in = os.environ.get("PUBSUB_EMULATOR_HOST", "")
        self._client = client(PublisherClient, stand_in)

    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str]
    ) -> None:
        self.publish_all([Outbound(topic, data, attributes)])

    def publish_all(self, messages: Sequence[Outbound]) -> None:
        by_topic: dict[str, list[Outbound]] = {}
        for message in messages:
            by_topic.setdefault(message.topic, []).append(message)
        for topic, all_of_it in by_topic.items():
            for batch in _batches(all_of_it):
                self._publish(self._environment.topic(topic), batch)

    def _publish(self, topic: str, batch: Sequence[Outbound]) -> None:
        """Made again with back-off: a message may come twice anyway."""
        with failures.told(topic, _ROLE):
            self._client.publish(
                topic=topic,
                messages=[
                    PubsubMessage(data=m.data, attributes=dict(m.attributes))
                    for m in batch
                ],
                retry=failures.RETRY,
                timeout=_SECONDS,
            )


def _batches(messages: Sequence[Outbound]) -> Iterator[list[Outbound]]:
    batch: list[Outbound] = []
    size = 0
    for message in messages:
        own = _size(message)
        full = len(batch) == _MOST_MESSAGES or size + own > _MOST_BYTES
        if batch and full:
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += own
    if batch:
        yield batch


def _size(message: Outbound) -> int:
    """Bytes, roughly as Pub/Sub counts them."""
    pairs = message.attributes.items()
    return len(message.data) + sum(len(k) + len(v) + 8 for k, v in pairs) + 32
