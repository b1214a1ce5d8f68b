"""What waits, and for what; looked at again in case an event was lost."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

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
_WAITING = Where("state", "==", State.WAITING.value)


def look_again(ports: Ports) -> None:
    """Let go of what may go: what was due by now, and some of the rest."""
    for document in _due(ports):
        training.release(ports, document.id)
    for document in _some(ports, "waiting"):
        training.release(ports, document.id)


def _some(ports: Ports, cursor_id: str) -> list[Document]:
    """Some of what waits: each call goes on where the last one stopped.

    So none is looked at again and again while others are not.
    """
    cursor = ports.documents.get(COLLECTION, cursor_id)
    found = _page(ports, [], cursor.data["after"] if cursor else "")
    more = len(found) > training.CHUNK
    _move(ports, cursor, cursor_id, found[-1].id if more else "")
    return found[: training.CHUNK]


def _page(ports: Ports, where: list[Where], after: str) -> list[Document]:
    """One chunk of what waits, and the first of the next, if there is one."""
    return ports.documents.query(
        "experiments",
        where=[_WAITING, *where, Where("id", ">=", after)],
        order_by=[Order("id")],
        limit=training.CHUNK + 1,
    )


def _every(ports: Ports, where: list[Where]) -> Iterator[Document]:
    """All that waits and meets the conditions, chunk by chunk."""
    after = ""
    while True:
        found = _page(ports, where, after)
        yield from found[: training.CHUNK]
        if len(found) <= training.CHUNK:
            return
        after = found[-1].id


def _due(ports: Ports) -> list[Document]:
    """What waited for a time that has passed."""
    now = ports.clock.now().isoformat()
    return ports.documents.query(
        "experiments",
        where=[_WAITING, Where("waits_for.time", "<=", now)],
        order_by=[Order("waits_for.time")],
        limit=training.CHUNK,
    )


def _move(ports: Ports, cursor: Document | None, id: str, after: str) -> None:
    """Overtaken by another sweep, it goes on where that one stopped."""
    if cursor is None and after:
        outbox.commit(ports, [Create(COLLECTION, id, {"after": after})])
    elif cursor is not None and cursor.data["after"] != after:
        data = {"after": after}
        outbox.commit(ports, [Update(COLLECTION, id, cursor.version, data)])


def waited_for(ports: Ports, scope: str, version: str) -> list[Document]:
    """Prepared datasets that experiments want prepared with that mapping too.

    `scope` is a country, or "universal" for every country without a mapping
    of that version of its own.
    """
    of_country = [Where("country", "==", scope)] if scope != "universal" else []
    wanted = [Where("mapping_version", "==", version), *of_country]
    found = _unprepared_of(ports, _every(ports, wanted))
    return [
        dataset
        for _, dataset in found
        if _scope_of(ports, dataset.data["country"], version) == scope
    ]


def unprepared_mappings(ports: Ports) -> list[Document]:
    """Mappings that experiments wait for, for a dataset without them.

    Looked for among some of what waits: the next call looks at others.
    """
    waiting = (
        document
        for document in _some(ports, "mappings")
        if document.data["mapping_version"]
    )
    found: dict[str, Document] = {}
    for version, dataset in _unprepared_of(ports, waiting):
        named = mappings.named(ports, dataset.data["country"], version)
        if _is_accepted(named):
            found[named.id] = named
    return list(found.values())


def _unprepared_of(
    ports: Ports, waiting: Iterable[Document]
) -> list[tuple[str, Document]]:
    """(mapping version, prepared dataset that lacks it), each pair once.

    Experiments that want the same data are asked for once.
    """
    asked: set[tuple[Any, ...]] = set()
    found: dict[tuple[str, str], Document] = {}
    for document in waiting:
        data = document.data
        version = data["mapping_version"]
        upload = data.get("upload") or {}
        key = (
            version,
            data["country"],
            data["dataset_id"],
            data.get("data_request"),
            *sorted(upload.items()),
        )
        if key in asked:
            continue
        asked.add(key)
        dataset = _unprepared(ports, data)
        if dataset is not None:
            found[(version, dataset.id)] = dataset
    return [(version, dataset) for (version, _), dataset in found.items()]


def _unprepared(ports: Ports, data: Json) -> Document | None:
    """The prepared dataset that lacks the mapping the experiment wants."""
    try:
        dataset = wanted_data.find(ports, data)
    except InvalidInputError:
        return None
    if dataset is None or dataset.data["prepared_with"] is None:
        return None
    if dataset.data["rows"] is None:  # imported, without its rows
        return None
    known = {**dataset.data["trainings"], **dataset.data.get("refusals", {})}
    return None if data["mapping_version"] in known else dataset


def _scope_of(ports: Ports, country: str, version: str) -> str | None:
    found = mappings.named(ports, country, version)
    return found.data["scope"] if _is_accepted(found) else None


def _is_accepted(found: Document | None) -> TypeGuard[Document]:
    """A refused mapping may still be corrected: it is waited for."""
    return found is not None and found.data["state"] == "ACCEPTED"
