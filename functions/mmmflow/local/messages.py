"""Messages in SQLite: at least once, back-off, dead letters.

Publishing puts one row per subscription of the topic; a row is gone when its
delivery was acknowledged. A delivery in progress is due again when its
acknowledgement deadline passes, and at once after a restart.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mmmflow.local.database import Database
from mmmflow.messaging import topology
from mmmflow.ports import Outbound

ACK_DEADLINE = 600.0
_FIRST_BACK_OFF = 0.2
_LONGEST_BACK_OFF = 10.0
_MOST_DOUBLINGS = 10
_DEAD_LETTER_SOURCE = "CloudPubSubDeadLetterSource"


@dataclass(frozen=True)
class Delivery:
    """One message on its way to one subscription."""

    id: int
    subscription: str
    topic: str
    data: bytes
    attributes: Mapping[str, str]
    published_at: str
    deliveries: int


class SqliteMessages:
    """`wake` is called after each publish, for a runner in this process."""

    def __init__(
        self, database: Database, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self.wake = wake

    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str]
    ) -> None:
        self.publish_all([Outbound(topic, data, attributes)])

    def publish_all(self, messages: Sequence[Outbound]) -> None:
        with self._database.write() as connection:
            for message in messages:
                insert(
                    connection,
                    message.topic,
                    message.data,
                    message.attributes,
                )
        self.wake()

    def lease(self, limit: int) -> list[Delivery]:
        """Take up to `limit` due messages, the longest due first."""
        now = time.time()
        due = self.next_due()
        if due is None or due > now:
            return []
        with self._database.write() as connection:
            rows = connection.execute(
                "UPDATE messages SET due = ?, deliveries = deliveries + 1"
                " WHERE id IN (SELECT id FROM messages WHERE due <= ?"
                " ORDER BY due, id LIMIT ?)"
                " RETURNING id, subscription, topic, data, attributes,"
                " published_at, deliveries",
                (now + ACK_DEADLINE, now, limit),
            ).fetchall()
        return [
            Delivery(id, sub, topic, data, json.loads(attributes), at, count)
            for id, sub, topic, data, attributes, at, count in rows
        ]

    def acknowledge(self, delivery: Delivery) -> None:
        with self._database.write() as connection:
            _remove(connection, delivery)

    def refuse(self, delivery: Delivery) -> None:
        """Deliver it again after a back-off, or send it to the dead letters."""
        with self._database.write() as connection:
            if _is_given_up(delivery):
                _bury(connection, delivery)
            else:
                doublings = min(delivery.deliveries - 1, _MOST_DOUBLINGS)
                wait = _FIRST_BACK_OFF * 2**doublings
                due = time.time() + min(wait, _LONGEST_BACK_OFF)
                connection.execute(
                    "UPDATE messages SET due = ? WHERE id = ?",
                    (due, delivery.id),
                )
        self.wake()

    def recover(self) -> None:
        """After a restart nothing is in progress: all of it is due."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE messages SET due = 0 WHERE due > ?",
                (time.time() + _LONGEST_BACK_OFF,),
            )

    def pending(self) -> int:
        """Messages that are not acknowledged yet."""
        row = self._database.connection.execute(
            "SELECT count(*) FROM messages WHERE topic != 'timer.sweep'"
        ).fetchone()
        return int(row[0])

    def next_due(self) -> float | None:
        """When the next message is due, in seconds since the epoch."""
        row = self._database.connection.execute(
            "SELECT min(due) FROM messages"
        ).fetchone()
        return None if row[0] is None else float(row[0])


def insert(
    connection: sqlite3.Connection,
    topic: str,
    data: bytes,
    attributes: Mapping[str, str],
) -> None:
    """One row per subscription, inside the caller's transaction."""
    published_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    for subscription, topics in topology.SUBSCRIPTIONS.items():
        if topic in topics:
            connection.execute(
                "INSERT INTO messages (subscription, topic, data, attributes,"
                " published_at, due) VALUES (?, ?, ?, ?, ?, 0)",
                (
                    subscription,
                    topic,
                    data,
                    json.dumps(dict(attributes)),
                    published_at,
                ),
            )


def _is_given_up(delivery: Delivery) -> bool:
    """There is nowhere to send a dead letter: it is tried for ever."""
    return (
        delivery.deliveries >= topology.MAX_DELIVERIES
        and delivery.topic != topology.DEAD_LETTER
    )


def _remove(connection: sqlite3.Connection, delivery: Delivery) -> None:
    connection.execute("DELETE FROM messages WHERE id = ?", (delivery.id,))


def _bury(connection: sqlite3.Connection, delivery: Delivery) -> None:
    """To the dead-letter topic, with the attributes that Pub/Sub adds."""
    _remove(connection, delivery)
    attributes = {
        **delivery.attributes,
        f"{_DEAD_LETTER_SOURCE}Subscription": delivery.subscription,
        f"{_DEAD_LETTER_SOURCE}DeliveryCount": str(delivery.deliveries),
    }
    insert(connection, topology.DEAD_LETTER, delivery.data, attributes)
