"""The subscribers of an environment on Pub/Sub: every function's at once."""

import time
import warnings
from collections.abc import Iterator
from datetime import timedelta

from google.cloud.storage import Client
from google.pubsub_v1.types import PullRequest, ReceivedMessage
from mmmflow.cloud.environment import Environment
from mmmflow.local.messages import Delivery
from mmmflow.messaging import topology

from tests.emulators import pubsub

ACK_SECONDS = 10  # the least that there is
BACK_OFF = (timedelta(seconds=0.3), timedelta(seconds=0.6))
_HASTY = ("rank", "bury")
_EVERY = 0.05


class Subscriber:
    """Pulls what the functions of an environment would be sent.

    Time can't be turned here: what would come at some later time is waited
    for, but never longer than the deadline of a delivery.
    """

    def __init__(self, host: str, environment: Environment) -> None:
        self._client = pubsub.subscriber(host)
        self._subscriptions = {
            environment.subscription(function, topic): (function, topic)
            for function, topics in topology.SUBSCRIPTIONS.items()
            for topic in topics
        }
        self._waiting: list[Delivery] = []
        self._taken: dict[int, tuple[str, str]] = {}
        pubsub.create_topics(host, environment, "nobody.listens")
        for function, topic in self._subscriptions.values():
            pubsub.subscribe(
                host,
                environment,
                function,
                topic,
                ack_seconds=ACK_SECONDS,
                back_off=None if function in _HASTY else BACK_OFF,
            )
        client = Client(project=environment.project)
        pubsub.announce_objects(client, environment)

    def pull(self) -> list[Delivery]:
        """What is there now."""
        found = [*self._waiting, *self._pull()]
        self._waiting = []
        return found

    def pass_time(self, seconds: float) -> None:
        """Wait until something comes, or that many seconds are over."""
        limit = min(seconds, ACK_SECONDS + 1.0)
        deadline = time.monotonic() + limit
        while not self._waiting and time.monotonic() < deadline:
            time.sleep(_EVERY)
            self._waiting = list(self._pull())

    def acknowledge(self, delivery: Delivery) -> None:
        subscription, ack_id = self._taken.pop(delivery.id)
        self._client.acknowledge(subscription=subscription, ack_ids=[ack_id])

    def refuse(self, delivery: Delivery) -> None:
        """To be asked for no more time means: not now."""
        subscription, ack_id = self._taken.pop(delivery.id)
        self._client.modify_ack_deadline(
            subscription=subscription,
            ack_ids=[ack_id],
            ack_deadline_seconds=0,
        )

    def _pull(self) -> Iterator[Delivery]:
        for subscription, (function, topic) in self._subscriptions.items():
            request = PullRequest(
                subscription=subscription,
                max_messages=100,
                return_immediately=True,
            )
            with warnings.catch_warnings():
                # Told off for large subscribers; this one must not wait.
                warnings.simplefilter("ignore", DeprecationWarning)
                answer = self._client.pull(request)
            for received in answer.received_messages:
                yield self._take(subscription, function, topic, received)

    def _take(
        self,
        subscription: str,
        function: str,
        topic: str,
        received: ReceivedMessage,
    ) -> Delivery:
        id = int(received.message.message_id)
        id = id * 100 + list(self._subscriptions).index(subscription)
        self._taken[id] = (subscription, received.ack_id)
        return Delivery(
            id,
            function,
            topic,
            received.message.data,
            dict(received.message.attributes),
            str(received.message.publish_time),
            received.delivery_attempt,
        )
