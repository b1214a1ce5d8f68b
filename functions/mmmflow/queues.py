"""Queues and their slots: at most N runs at once is a fact, not a count.

A run holds one of N slot documents; taking one, the experiment's state and
its attempt number change in one commit.
"""

from mmmflow import outbox
from mmmflow.ports import (
    Create,
    Document,
    Json,
    Order,
    Ports,
    Update,
    Where,
)

DEFAULT_PARALLELISM = 2


def get(ports: Ports, name: str) -> Document:
    """The queue's document; made with the defaults when first asked for."""
    found = ports.documents.get("queues", name)
    if found is not None:
        return found
    data = {
        "schema_version": 1,
        "name": name,
        "parallelism": DEFAULT_PARALLELISM,
        "paused": False,
    }
    outbox.commit(ports, [Create("queues", name, data)])
    return get(ports, name)


def free_slots(ports: Ports, queue: Document) -> list[Document]:
    """Slots that nobody holds, made as the parallelism asks for them.

    Slots beyond the parallelism retire: they are not given out again.
    """
    if queue.data["paused"]:
        return []
    slots = ports.documents.query(
        "slots",
        where=[Where("queue", "==", queue.id)],
        order_by=[Order("index")],
    )
    known = {slot.data["index"] for slot in slots}
    wanted = range(queue.data["parallelism"])
    for index in set(wanted) - known:
        id = f"{queue.id}-{index}"
        data = {"queue": queue.id, "index": index, "holder": None}
        outbox.commit(ports, [Create("slots", id, data)])
        made = ports.documents.get("slots", id)
        slots += [made] if made else []
    return [
        slot
        for slot in slots
        if slot.data["holder"] is None and slot.data["index"] in wanted
    ]


def take(slot: Document, experiment: Json) -> Update:
    """The write that gives the slot to the experiment's new attempt."""
    holder = {
        "experiment_id": experiment["id"],
        "attempt": experiment["attempt"],
    }
    data = {**slot.data, "holder": holder}
    return Update("slots", slot.id, slot.version, data)


def free(ports: Ports, experiment: Json) -> list[Update]:
    """The write that frees the slot that this attempt holds, if it does."""
    slot = ports.documents.get("slots", experiment["slot"] or "")
    holder = {
        "experiment_id": experiment["id"],
        "attempt": experiment["attempt"],
    }
    if slot is None or slot.data["holder"] != holder:
        return []
    data = {**slot.data, "holder": None}
    return [Update("slots", slot.id, slot.version, data)]
