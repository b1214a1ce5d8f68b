"""Queues and their slots: at most N runs at once is a fact, not a count.

A run holds one of N slot documents; taking one, the experiment's state and
its attempt number change in one commit. Who administers a queue writes all
of its free slots anew in the same commit: a launch that decided by what was
before is refused. So `room` reads the slots first, and then the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mmmflow.domain import spending
from mmmflow.domain.experiment import State
from mmmflow.domain.spending import Spent
from mmmflow.messaging import outbox
from mmmflow.messaging.outbox import Outgoing
from mmmflow.ports import (
    Create,
    Document,
    Json,
    NotFoundError,
    Order,
    Ports,
    Update,
    Where,
    Write,
)

DEFAULT_PARALLELISM = 2
PAUSE_ALL = "pause-all"
_AT_ONCE = 400  # slots that change in one commit


@dataclass(frozen=True)
class Room:
    """What a queue may start now, and what it started today."""

    queue: Document
    free: tuple[Document, ...]
    today: Spent


def get(ports: Ports, name: str) -> Document:
    """The queue's document; made with the defaults when first asked for."""
    while True:
        found = ports.documents.get("queues", name)
        if found is not None:
            return found
        data = {
            "schema_version": 1,
            "name": name,
            "parallelism": DEFAULT_PARALLELISM,
            "paused": False,
            "daily_runs": None,
            "daily_cost": None,
            "actor": "mmmflow",
            "updated_at": ports.clock.now().isoformat(),
        }
        slots = _missing(name, DEFAULT_PARALLELISM, [])
        outbox.commit(ports, [Create("queues", name, data), *slots])


def known(ports: Ports, name: str) -> Document:
    """Raises: NotFoundError, where nothing was ever queued or set."""
    found = ports.documents.get("queues", name)
    if found is None:
        raise NotFoundError(f"queue {name}")
    return found


def slots(ports: Ports, name: str) -> list[Document]:
    """Every slot of the queue, retired ones too."""
    return ports.documents.query(
        "slots",
        where=[Where("queue", "==", name)],
        order_by=[Order("index")],
    )


def is_paused(ports: Ports, queue: Document) -> bool:
    """By itself, or with all of them."""
    return bool(queue.data["paused"]) or all_paused(ports) is not None


def all_paused(ports: Ports) -> Json | None:
    """Who pressed the switch that pauses every queue, if it is on."""
    switch = ports.documents.get("switches", PAUSE_ALL)
    return switch.data if switch is not None and switch.data["on"] else None


def room(ports: Ports, name: str) -> Room:
    """Slots that nobody holds, none while the queue is paused.

    Slots beyond the parallelism retire: they are not given out again.
    """
    while True:
        found = slots(ports, name)
        queue = get(ports, name)
        missing = _missing(name, queue.data["parallelism"], found)
        if not missing:
            break
        same = Update("queues", name, queue.version, queue.data)
        outbox.commit(ports, [same, *missing])
    # A cap is counted after the queue was read: whoever starts a run under
    # one writes the queue anew, so that the count can't be overtaken.
    capped = spending.is_capped(queue.data)
    counted = slots(ports, name) if capped else found
    today = spending.spent((s.data for s in counted), ports.clock.now())
    if is_paused(ports, queue):
        return Room(queue, (), today)
    free = (
        slot
        for slot in found
        if slot.data["holder"] is None
        and slot.data["index"] < queue.data["parallelism"]
    )
    return Room(queue, tuple(free), today)


def candidates(ports: Ports, queue: Document, limit: int) -> list[Document]:
    """What may start now: the highest priority first, then the oldest.

    What costs more than the queue may spend in a day holds up nobody.
    """
    most = queue.data.get("daily_cost")
    affordable = [] if most is None else [Where("estimated_cost", "<=", most)]
    return ports.documents.query(
        "experiments",
        where=[
            Where("state", "==", State.QUEUED.value),
            Where("queue", "==", queue.id),
            Where("eligible_at", "<=", ports.clock.now().isoformat()),
            *affordable,
        ],
        order_by=[Order("priority", descending=True), Order("id")],
        limit=limit,
    )


def take(slot: Document, experiment: Json, cost: float, today: Spent) -> Update:
    """The write that gives the slot to the experiment's new attempt."""
    holder = _holder(experiment)
    data = spending.charged(slot.data, cost, today.day)
    return Update("slots", slot.id, slot.version, {**data, "holder": holder})


def free(
    ports: Ports, experiment: Json, refund: float | None = None
) -> list[Update]:
    """The write that frees the slot that this attempt holds, if it does.

    `refund` gives back what the attempt was charged: it never started.
    """
    slot = ports.documents.get("slots", experiment["slot"] or "")
    if slot is None or slot.data["holder"] != _holder(experiment):
        return []
    data = slot.data
    if refund is not None:
        data = spending.refunded(data, refund, ports.clock.now())
    return [Update("slots", slot.id, slot.version, {**data, "holder": None})]


def change(ports: Ports, name: str, *, actor: str, **fields: Any) -> Document:
    """Set a queue's parallelism, caps or pause; made if it is not there.

    With less parallelism slots retire as they fall free.
    """
    while True:
        queue = get(ports, name)
        present = slots(ports, name)
        data = {
            **queue.data,
            **fields,
            "actor": actor,
            "updated_at": ports.clock.now().isoformat(),
        }
        writes: list[Write] = [
            Update("queues", name, queue.version, data),
            *_anew(present),
            *_missing(name, data["parallelism"], present),
        ]
        if outbox.commit(ports, writes, [_woken(ports, name)]):
            return get(ports, name)


def pause_all(ports: Ports, *, actor: str, why: str = "") -> Json:
    """Let no queue start anything; what runs goes on."""
    return _switch(ports, {"on": True, "actor": actor, "why": why})


def resume_all(ports: Ports, *, actor: str, why: str = "") -> Json:
    """Each queue goes on, but those that are paused by themselves."""
    switched = _switch(ports, {"on": False, "actor": actor, "why": why})
    wake(ports)
    return switched


def wake(ports: Ports) -> None:
    """Tell `launch` of every queue that has something to start."""
    for name in with_work(ports):
        outbox.send(ports, [_woken(ports, name)])


def with_work(ports: Ports) -> list[str]:
    """The queues in which an experiment may start now.

    One query a queue, however many experiments it holds.
    """
    names: list[str] = []
    after = ""
    while True:
        found = ports.documents.query(
            "experiments",
            where=[
                Where("state", "==", State.QUEUED.value),
                Where("queue", ">=", after),
                Where("eligible_at", "<=", ports.clock.now().isoformat()),
            ],
            order_by=[
                Order("queue"),
                Order("priority", descending=True),
                Order("id"),
            ],
            limit=1,
        )
        if not found:
            return names
        names.append(found[0].data["queue"])
        # No name holds a space: this is past the name and before the next.
        after = f"{names[-1]} "


def _switch(ports: Ports, fields: Json) -> Json:
    while True:
        present = ports.documents.get("switches", PAUSE_ALL)
        data = {
            "schema_version": 1,
            **fields,
            "updated_at": ports.clock.now().isoformat(),
        }
        write: Write = (
            Create("switches", PAUSE_ALL, data)
            if present is None
            else Update("switches", PAUSE_ALL, present.version, data)
        )
        free = _anew(ports.documents.query("slots"))
        if outbox.commit(ports, [write, *free[:_AT_ONCE]]):
            break
    # What is overtaken here was taken before the switch was pressed.
    for slot in free[_AT_ONCE:]:
        outbox.commit(ports, [slot])
    return data


def _anew(present: Sequence[Document]) -> list[Update]:
    """Free slots as they are, at a new version."""
    return [
        Update("slots", slot.id, slot.version, slot.data)
        for slot in present
        if slot.data["holder"] is None
    ]


def _missing(
    name: str, parallelism: int, present: Sequence[Document]
) -> list[Create]:
    known_ones = {slot.data["index"] for slot in present}
    return [
        Create("slots", f"{name}-{index}", _slot(name, index))
        for index in range(parallelism)
        if index not in known_ones
    ]


def _slot(queue: str, index: int) -> Json:
    return {
        "schema_version": 1,
        "queue": queue,
        "index": index,
        "holder": None,
        "day": None,
        "runs": 0,
        "cost": 0.0,
    }


def _holder(experiment: Json) -> Json:
    return {
        "experiment_id": experiment["id"],
        "attempt": experiment["attempt"],
    }


def _woken(ports: Ports, name: str) -> Outgoing:
    return Outgoing("queue.changed", ports.entropy.token(), {"queue": name})
