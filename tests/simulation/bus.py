"""Messages in memory: at least once, late, twice and out of order.

A delivery is pushed to the real entry point of its function, decoded from
the envelope of a push subscription, as the embedded runner and Pub/Sub do.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmmflow.messaging import topology
from mmmflow.ports import Outbound

from tests.simulation.world import Actor, Outcome, Violation, World

ACK_DEADLINE = 600.0
HANDLER_BROKE = "a handler fails only for what the world did to it"
_DELIVERY = 0.01
_BACK_OFF = 10.0
_FAULTLESS_FROM = 6
_SWARM = {"late": 0.3, "twice": 0.15, "dropped": 0.05, "never": 0.3}

Push = Callable[[str, Any], None]
# What a handler may fail with: the world's doing, or "not yet, try again".
_EXPECTED = (
    "UnavailableError",
    "UnreachableError",
    "NotFoundError",
    "InvalidInputError",
)


@dataclass
class _Pending:
    """A message on its way to one subscription."""

    key: str
    subscription: str
    topic: str
    data: bytes
    attributes: Mapping[str, str]
    deliveries: int = 0
    done: bool = False


@dataclass(frozen=True)
class Published:
    topic: str
    body: Mapping[str, Any]


@dataclass
class SimBus:
    world: World
    push: Push
    returned: Callable[[Actor], None]
    watch: Callable[[str, Mapping[str, Any]], None]
    published: list[Published] = field(default_factory=list)
    pending: int = 0

    def __post_init__(self) -> None:
        unit = self.world.decisions.unit
        self._rates = {
            what: 0.0 if unit(f"swarm/{what}") < 0.4 else high
            for what, high in _SWARM.items()
        }

    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str]
    ) -> None:
        actor = self.world.current
        self.world.call(
            f"publish {topic}",
            lambda: self._store(
                topic, data, attributes, f"{actor.key}/{actor.calls}"
            ),
        )

    def publish_all(self, messages: Sequence[Outbound]) -> None:
        """One by one: it may fail after some of them."""
        for message in messages:
            self.publish(message.topic, message.data, message.attributes)

    def announce(
        self, topic: str, attributes: Mapping[str, str], key: str
    ) -> None:
        """A notification or log entry of the platform: it may never come."""
        rate = self._rates["never"]
        if self.world.decisions.chance(f"{key}/never told", rate):
            self.world.say(None, f"nobody is told of {topic} {key}")
            return
        self._store(topic, b"{}", attributes, key)

    def log_entry(self, topic: str, body: Mapping[str, Any], key: str) -> None:
        rate = self._rates["never"]
        if self.world.decisions.chance(f"{key}/never told", rate):
            self.world.say(None, f"nobody is told of {topic} {key}")
            return
        self._store(topic, json.dumps(body).encode(), {}, key)

    def tick(self, topic: str, key: str) -> None:
        """A timer's message."""
        self._store(topic, b"{}", {}, key)

    def _store(
        self, topic: str, data: bytes, attributes: Mapping[str, str], key: str
    ) -> None:
        body = _body(data)
        self.watch(topic, body)
        self.published.append(Published(topic, body))
        for subscription, topics in topology.SUBSCRIPTIONS.items():
            if topic in topics:
                short = hashlib.blake2b(key.encode(), digest_size=3)
                pending = _Pending(
                    f"{subscription}·{short.hexdigest()}",
                    subscription,
                    topic,
                    data,
                    attributes,
                )
                self.pending += 1
                self._schedule(pending, _DELIVERY)

    def _schedule(self, pending: _Pending, wait: float) -> None:
        pending.deliveries += 1
        key = f"{pending.key}#{pending.deliveries}"
        number = pending.deliveries
        late = 0.0
        if number < _FAULTLESS_FROM:
            late = self.world.decisions.delay(
                f"{key}/late", self._rates["late"], (0.5, 20.0, 700.0)
            )
        self.world.after(
            wait + late, lambda: self._deliver(pending, key, number)
        )

    def _deliver(self, pending: _Pending, key: str, number: int) -> None:
        if pending.done:
            return
        decisions, faultless = self.world.decisions, number >= _FAULTLESS_FROM
        if not faultless and decisions.chance(
            f"{key}/dropped", self._rates["dropped"]
        ):
            self.world.say(None, f"{key} is dropped")
            self._schedule(pending, ACK_DEADLINE)
            return
        if not faultless and decisions.chance(
            f"{key}/twice", self._rates["twice"]
        ):
            self.world.say(None, f"{key} is delivered twice")
            self._schedule(pending, _DELIVERY)
        actor = Actor(key, "handler", faultless=faultless)
        actor.skew = decisions.delay(f"{key}/clock", 0.1, (0.5, 3.0))

        def done(outcome: Outcome, error: Exception | None) -> None:
            self._ended(pending, actor, outcome, error)

        self.world.spawn(
            actor,
            lambda: self.push(pending.subscription, envelope(pending, number)),
            done,
        )

    def _ended(
        self,
        pending: _Pending,
        actor: Actor,
        outcome: Outcome,
        error: Exception | None,
    ) -> None:
        if outcome == "returned":
            self.returned(actor)
            if not pending.done:
                pending.done = True
                self.pending -= 1
            return
        if error is not None and type(error).__name__ not in _EXPECTED:
            raise Violation(
                HANDLER_BROKE,
                f"{actor.key}: {type(error).__name__}: {error}",
            ) from error
        if pending.done:
            return
        if pending.deliveries >= topology.MAX_DELIVERIES:
            self._bury(pending)
        elif outcome == "died":
            self._schedule(pending, ACK_DEADLINE)
        else:
            self._schedule(pending, _BACK_OFF * pending.deliveries)

    def _bury(self, pending: _Pending) -> None:
        pending.done = True
        self.pending -= 1
        attributes = {
            **pending.attributes,
            "CloudPubSubDeadLetterSourceSubscription": pending.subscription,
            "CloudPubSubDeadLetterSourceDeliveryCount": str(pending.deliveries),
        }
        self.world.say(None, f"{pending.key} goes to the dead letters")
        if pending.topic != topology.DEAD_LETTER:
            self._store(
                topology.DEAD_LETTER, pending.data, attributes, pending.key
            )


def envelope(pending: _Pending, number: int) -> Any:
    """What functions-framework hands to an entry point."""
    return _Event(
        {
            "message": {
                "data": base64.b64encode(pending.data).decode(),
                "attributes": dict(pending.attributes),
                "messageId": pending.key,
            },
            "deliveryAttempt": number,
        },
        f"//pubsub/projects/sim/topics/{pending.topic}",
    )


@dataclass(frozen=True)
class _Event:
    data: Mapping[str, Any]
    source: str

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


def _body(data: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(data)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
