"""The order of a queue: by priority, the highest first, then by age.

Moving is arithmetic on priorities: what is moved gets one between those of
its new neighbours. Neighbours that share a priority are told apart first:
those that stay ahead are raised, keeping their order.
"""

import itertools
import math

from mmmflow.domain import experiment
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.domain.experiment import State
from mmmflow.messaging import outbox
from mmmflow.ports import Document, NotFoundError, Order, Ports, Update, Where

MOST_RAISED = 200
_STEP = 1.0


def set_priority(
    ports: Ports, experiment_id: str, priority: float, *, actor: str
) -> Document:
    """Give what has not started another priority.

    Raises:
        NotFoundError: there is no such experiment.
        NotAllowedError: it has started, or has ended.
    """
    while True:
        document = _get(ports, experiment_id)
        if document.data["state"] not in (State.WAITING, State.QUEUED):
            raise _not_queued(document)
        write = _with(ports, document, priority, actor)
        if outbox.commit(ports, [write]):
            return _get(ports, experiment_id)


def move_before(
    ports: Ports, experiment_id: str, other_id: str, *, actor: str
) -> Document:
    """Put what is queued right before another of its queue.

    Raises:
        NotFoundError: there is no such experiment.
        NotAllowedError: they are not both queued in one queue, or too many
            of one priority stand ahead.
    """
    while True:
        moved, other = _get(ports, experiment_id), _get(ports, other_id)
        _require_same_queue(moved, other)
        writes = _moves(ports, moved, other, actor)
        if not writes:
            return moved
        same = Update("experiments", other.id, other.version, other.data)
        if outbox.commit(ports, [*writes, same]):
            return _get(ports, experiment_id)


def _moves(
    ports: Ports, moved: Document, other: Document, actor: str
) -> list[Update]:
    """The writes that put `moved` before `other`; none if it stands there."""
    tied = _tied_ahead(ports, moved, other)
    low, now = other.data["priority"], moved.data["priority"]
    high = _next_priority(ports, moved, other)
    after_tied = not tied or tied[0].id < moved.id
    if after_tied and moved.id < other.id:
        if now == low:
            return []
        return [_with(ports, moved, low, actor)]
    if not tied:
        if low < now < (math.inf if high is None else high):
            return []
        return [_with(ports, moved, _between(low, high, 2)[0], actor)]
    if len(tied) > MOST_RAISED:
        raise NotAllowedError.of(
            other.id,
            f"more than {MOST_RAISED} experiments of its priority are ahead",
            "set a priority instead",
        )
    nearer, farther = _between(low, high, 3)
    why = f"stays ahead of {moved.id}"
    return [
        _with(ports, moved, nearer, actor),
        *(_with(ports, ahead, farther, actor, why) for ahead in tied),
    ]


def _tied_ahead(
    ports: Ports, moved: Document, other: Document
) -> list[Document]:
    """Of the same priority and older, the nearest first.

    One more than may be raised is enough to know.
    """
    found = ports.documents.query(
        "experiments",
        where=[
            Where("state", "==", State.QUEUED.value),
            Where("queue", "==", other.data["queue"]),
            Where("priority", "==", other.data["priority"]),
            Where("id", "<", other.id),
        ],
        order_by=[Order("id", descending=True)],
        limit=MOST_RAISED + 2,
    )
    return [document for document in found if document.id != moved.id]


def _next_priority(
    ports: Ports, moved: Document, other: Document
) -> float | None:
    """The least priority above the other's, or None where it is the first."""
    above = math.nextafter(other.data["priority"], math.inf)
    found = ports.documents.query(
        "experiments",
        where=[
            Where("state", "==", State.QUEUED.value),
            Where("queue", "==", other.data["queue"]),
            Where("priority", ">=", above),
        ],
        order_by=[Order("priority"), Order("id", descending=True)],
        limit=2,
    )
    others = [d.data["priority"] for d in found if d.id != moved.id]
    return float(others[0]) if others else None


def _between(low: float, high: float | None, parts: int) -> list[float]:
    """The inner ends of `parts` equal parts of the gap, the lowest first.

    Raises:
        NotAllowedError: no number is left in the gap.
    """
    gap = _STEP * parts if high is None else high - low
    inner = [low + gap * part / parts for part in range(1, parts)]
    steps = [low, *inner, low + gap]
    if any(a >= b for a, b in itertools.pairwise(steps)):
        raise NotAllowedError.of(
            "before",
            f"no priority is left between {low!r} and {high!r}",
            "set a priority instead",
        )
    return inner


def _with(
    ports: Ports,
    document: Document,
    priority: float,
    actor: str,
    why: str = "moved",
) -> Update:
    before = document.data["priority"]
    data = experiment.noted(
        document.data,
        now=ports.clock.now(),
        why=f"{why}: priority {before:g} → {priority:g}",
        actor=actor,
        priority=priority,
    )
    return Update("experiments", document.id, document.version, data)


def _get(ports: Ports, experiment_id: str) -> Document:
    document = ports.documents.get("experiments", experiment_id)
    if document is None:
        raise NotFoundError(f"experiment {experiment_id}")
    return document


def _require_same_queue(moved: Document, other: Document) -> None:
    for document in (moved, other):
        if document.data["state"] != State.QUEUED:
            raise _not_queued(document)
    if moved.data["queue"] != other.data["queue"]:
        raise NotAllowedError.of(
            other.id,
            f"it is in queue {other.data['queue']},"
            f" {moved.id} in {moved.data['queue']}",
        )
    if moved.id == other.id:
        raise InvalidInputError.of("before", "it is the experiment itself")


def _not_queued(document: Document) -> InvalidInputError:
    return NotAllowedError.of(
        document.id,
        f"it is {document.data['state']}",
        "only what has not started has a place in the queue",
    )
