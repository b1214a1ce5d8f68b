"""What the API shows of queues, batches and dead letters."""

from typing import Any

from mmmflow.domain import costs, spending
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.experiment import TERMINAL, State
from mmmflow.messaging import dead_letters
from mmmflow.ports import Document, Json, NotFoundError, Order, Ports, Where
from mmmflow.queueing import queues
from mmmflow.show import views

_LETTER_STATES = ("BURIED", "REPLAYED", "DISCARDED")


def index(ports: Ports) -> Json:
    """Every queue, and the switch that pauses all of them."""
    found = ports.documents.query("queues", order_by=[Order("id")])
    return {
        "queues": [queue(ports, document.id) for document in found],
        "paused_by_all": switch(ports),
    }


def switch(ports: Ports) -> Json | None:
    """Who paused every queue, when and why; None while nobody did."""
    pressed = queues.all_paused(ports)
    if pressed is None:
        return None
    return {key: pressed[key] for key in ("actor", "why", "updated_at")}


def queue(ports: Ports, name: str) -> Json:
    """How the queue is set, what it does, and why it starts nothing, if so.

    Raises:
        NotFoundError: nothing was ever queued there.
    """
    found = queues.known(ports, name)
    slots = queues.slots(ports, name)
    now = ports.clock.now()
    today = spending.spent((slot.data for slot in slots), now)
    settings = (
        "name",
        "parallelism",
        "paused",
        "daily_runs",
        "daily_cost",
        "actor",
        "updated_at",
    )
    return {
        **{field: found.data.get(field) for field in settings},
        "currency": costs.CURRENCY,
        "today": {"day": today.day, "runs": today.runs, "cost": today.cost},
        "running": sum(slot.data["holder"] is not None for slot in slots),
        "queued": _count(ports, name, State.QUEUED),
        "waiting": _count(ports, name, State.WAITING),
        "held": _held(ports, found, today),
        "too_expensive": _too_expensive(ports, found),
    }


def batches(ports: Ports, limit: int, after: str | None) -> Json:
    """The newest batches that are kept as such, and the cursor to the next."""
    found = ports.documents.query(
        "batches",
        where=[Where("id", "<", after)] if after else [],
        order_by=[Order("id", descending=True)],
        limit=limit + 1,
    )
    page = found[:limit]
    return {
        "batches": [views.batch_summary(document.data) for document in page],
        "next": page[-1].id if len(found) > limit else None,
    }


def batch(ports: Ports, id: str) -> Json:
    """How far a batch is: a count of its experiments, by state.

    Raises:
        NotFoundError: there is no such batch.
    """
    document = ports.documents.get("batches", id)
    states = {
        state.value: ports.documents.count(
            "experiments",
            [Where("batch_id", "==", id), Where("state", "==", state.value)],
        )
        for state in State
    }
    made = sum(states.values())
    if document is None and made == 0:
        raise NotFoundError(f"batch {id}")
    ended = sum(states[state] for state in TERMINAL)
    known = document.data if document is not None else {}
    return {
        "id": id,
        "states": states,
        "experiments": made,
        "ended": ended,
        "done": ended == made and known.get("state", "COMPLETE") == "COMPLETE",
        "batch": {k: v for k, v in known.items() if k != "op"} or None,
    }


def letters(ports: Ports, state: str | None, limit: int) -> list[Json]:
    """Dead letters, the newest first.

    Raises:
        InvalidInputError: there is no such state.
    """
    if state not in (None, *_LETTER_STATES):
        raise InvalidInputError.of(
            "state", "no such state", f"one of {', '.join(_LETTER_STATES)}"
        )
    found = dead_letters.index(ports, state, limit)
    return [letter(document) for document in found]


def letter(document: Document) -> Json:
    hidden = ("op", "expires_at")
    shown = {k: v for k, v in document.data.items() if k not in hidden}
    return {"id": document.id, **shown}


def _count(ports: Ports, name: str, state: State) -> int:
    return ports.documents.count(
        "experiments",
        [Where("state", "==", state.value), Where("queue", "==", name)],
    )


def _held(
    ports: Ports, queue: Document, today: spending.Spent
) -> dict[str, Any] | None:
    """Why nothing is started, and until when where that is known."""
    pressed = queues.all_paused(ports)
    if pressed is not None:
        reason = f"every queue is paused by {pressed['actor']}"
        why = pressed["why"]
        return {"reason": f"{reason}: {why}" if why else reason, "until": None}
    if queue.data["paused"]:
        reason = f"the queue is paused by {queue.data.get('actor')}"
        return {"reason": reason, "until": None}
    following = queues.candidates(ports, queue, 1)
    if not following:
        return None
    cost = costs.estimate(following[0].data["request"])
    spent_up = spending.held_back(queue.data, today, cost)
    if spent_up is None:
        return None
    until = spending.next_day(ports.clock.now())
    return {"reason": spent_up, "until": until.isoformat()}


def _too_expensive(ports: Ports, queue: Document) -> int:
    """Queued runs that alone cost more than the queue may spend in a day."""
    most = queue.data.get("daily_cost")
    if most is None:
        return 0
    of_queue = [
        Where("state", "==", State.QUEUED.value),
        Where("queue", "==", queue.id),
    ]
    affordable = Where("estimated_cost", "<=", most)
    return ports.documents.count("experiments", of_queue) - (
        ports.documents.count("experiments", [*of_queue, affordable])
    )
