"""What waits, and for what; looked at again in case an event was lost."""

from typing import TypeGuard

from mmmflow.data import mappings
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.experiment import State
from mmmflow.messaging import outbox
from mmmflow.ports import (
    Create,
    Document,
    Json,
    Order,
    Ports,
    Update,
    Where,
)
from mmmflow.queueing import training, wanted_data

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


def waited_for(ports: Ports, scope: str, version: str) -> list[Document]:
    """Prepared datasets that experiments want prepared with that mapping too.

    `scope` is a country, or "universal" for every country without a mapping
    of that version of its own.
    """
    of_country = [Where("country", "==", scope)] if scope != "universal" else []
    waiting = ports.documents.query(
        "experiments",
        where=[
            Where("state", "==", State.WAITING.value),
            Where("mapping_version", "==", version),
            *of_country,
        ],
        limit=training.CHUNK,
    )
    found: dict[str, Document] = {}
    for experiment_document in waiting:
        dataset = _unprepared(ports, experiment_document.data)
        if dataset is not None:
            found[dataset.id] = dataset
    return [
        dataset
        for dataset in found.values()
        if _scope_of(ports, dataset.data["country"], version) == scope
    ]


def unprepared_mappings(ports: Ports) -> list[Document]:
    """Mappings that experiments wait for, for a dataset without them."""
    waiting = ports.documents.query(
        "experiments",
        where=[
            Where("state", "==", State.WAITING.value),
            Where("mapping_version", ">=", ""),
        ],
        limit=training.CHUNK,
    )
    found: dict[str, Document] = {}
    for document in waiting:
        country, version = (
            document.data["country"],
            document.data["mapping_version"],
        )
        mapping_document = mappings.named(ports, country, version)
        if _is_accepted(mapping_document) and _unprepared(ports, document.data):
            found[mapping_document.id] = mapping_document
    return list(found.values())


def _unprepared(ports: Ports, data: Json) -> Document | None:
    """The prepared dataset that lacks the mapping the experiment wants."""
    try:
        dataset = wanted_data.find(ports, data)
    except InvalidInputError:
        return None
    if dataset is None or dataset.data["prepared_with"] is None:
        return None
    known = {**dataset.data["trainings"], **dataset.data.get("refusals", {})}
    return None if data["mapping_version"] in known else dataset


def _scope_of(ports: Ports, country: str, version: str) -> str | None:
    found = mappings.named(ports, country, version)
    return found.data["scope"] if _is_accepted(found) else None


def _is_accepted(found: Document | None) -> TypeGuard[Document]:
    """A refused mapping may still be corrected: it is waited for."""
    return found is not None and found.data["state"] == "ACCEPTED"
