"""What waits, looked at again in case an event was lost."""

from mmmflow import outbox, training
from mmmflow.domain.experiment import State
from mmmflow.ports import (
    Create,
    Document,
    Order,
    Ports,
    Update,
    Where,
)

COLLECTION = "cursors"
_ID = "waiting"
_WAITING = Where("state", "==", State.WAITING.value)


def look_again(ports: Ports) -> None:
    """Let go of what may go: what was due by now, and some of the rest.

    Each call goes on where the last one stopped, so that none is looked at
    again and again while others are not.
    """
    for document in _due(ports):
        training.release(ports, document.id)
    cursor = ports.documents.get(COLLECTION, _ID)
    after = cursor.data["after"] if cursor else ""
    found = ports.documents.query(
        "experiments",
        where=[_WAITING, Where("id", ">=", after)],
        order_by=[Order("id")],
        limit=training.CHUNK + 1,
    )
    for document in found[: training.CHUNK]:
        training.release(ports, document.id)
    more = len(found) > training.CHUNK
    _move(ports, cursor, found[-1].id if more else "")


def _due(ports: Ports) -> list[Document]:
    """What waited for a time that has passed."""
    now = ports.clock.now().isoformat()
    return ports.documents.query(
        "experiments",
        where=[_WAITING, Where("waits_for.time", "<=", now)],
        order_by=[Order("waits_for.time")],
        limit=training.CHUNK,
    )


def _move(ports: Ports, cursor: Document | None, after: str) -> None:
    """Overtaken by another sweep, it goes on where that one stopped."""
    if cursor is None and after:
        outbox.commit(ports, [Create(COLLECTION, _ID, {"after": after})])
    elif cursor is not None and cursor.data["after"] != after:
        data = {"after": after}
        outbox.commit(ports, [Update(COLLECTION, _ID, cursor.version, data)])
