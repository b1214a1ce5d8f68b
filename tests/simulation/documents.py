"""Documents in memory, watched: every commit is shown to the invariants.

A query that has no index in Firestore is refused here too.
"""

import json
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mmmflow import document_rules
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    Create,
    Delete,
    Document,
    Json,
    Order,
    Where,
    Write,
)

from tests import firestore_indexes
from tests.simulation.world import World

_MISSING = object()
_COMPARE = {"<": operator.lt, "<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True)
class Change:
    """What a commit did to one document; None where there was or is none."""

    collection: str
    id: str
    before: Json | None
    after: Json | None


Watch = Callable[[list[Change]], None]


@dataclass
class _Row:
    version: int
    text: str
    data: Json


class SimDocuments:
    def __init__(self, world: World, watch: Watch) -> None:
        self._world = world
        self._watch = watch
        self._rows: dict[str, dict[str, _Row]] = {}
        self.version = 0

    def get(self, collection: str, id: str) -> Document | None:
        what = f"read {collection}/{id}"
        return self._world.call(what, lambda: self.peek(collection, id))

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        order_by: Sequence[Order] = (),
        limit: int | None = None,
    ) -> list[Document]:
        firestore_indexes.require(collection, where, order_by)

        def apply() -> list[Document]:
            found = self._select(collection, where)
            for order in reversed(document_rules.full_order(where, order_by)):
                found = [
                    id
                    for id in found
                    if self._field(collection, id, order) is not _MISSING
                ]
                found.sort(
                    key=lambda id: _rank(self._field(collection, id, order)),
                    reverse=order.descending,
                )
            chosen = found if limit is None else found[:limit]
            return [self._document(collection, id) for id in chosen]

        return self._world.call(f"query {collection}", apply)

    def count(self, collection: str, where: Sequence[Where] = ()) -> int:
        firestore_indexes.require(collection, where)
        return self._world.call(
            f"count {collection}", lambda: len(self._select(collection, where))
        )

    def commit(self, writes: Sequence[Write]) -> None:
        document_rules.require_fits(writes)
        guarded = [
            write
            for write in writes
            if isinstance(write, Create) or write.version is not None
        ]

        def echo() -> Exception:
            if isinstance(guarded[0], Create):
                return AlreadyExistsError(guarded[0].id)
            return ConflictError(guarded[0].id)

        self._world.call(
            f"commit {_shown(writes)}",
            lambda: self._apply(writes),
            echo if guarded else None,
        )

    # what the invariants look at, outside of time

    def peek(self, collection: str, id: str) -> Document | None:
        if id in self._rows.get(collection, {}):
            return self._document(collection, id)
        return None

    def all(self, collection: str) -> list[Json]:
        rows = self._rows.get(collection, {})
        return [rows[id].data for id in sorted(rows)]

    def seed(self, collection: str, id: str, data: Json) -> None:
        """Put a document there before the world begins."""
        after = self._put(collection, id, data)
        self._watch([Change(collection, id, None, after)])

    def _apply(self, writes: Sequence[Write]) -> None:
        for write in writes:
            row = self._rows.get(write.collection, {}).get(write.id)
            place = f"{write.collection}/{write.id}"
            if isinstance(write, Create) and row is not None:
                raise AlreadyExistsError(place)
            guarded = not isinstance(write, Create) and write.version
            if guarded and (row is None or str(row.version) != guarded):
                raise ConflictError(place)
        changes = [self._write(write) for write in writes]
        self._watch(changes)

    def _write(self, write: Write) -> Change:
        rows = self._rows.setdefault(write.collection, {})
        row = rows.get(write.id)
        before = row.data if row else None
        if isinstance(write, Delete):
            rows.pop(write.id, None)
            return Change(write.collection, write.id, before, None)
        after = self._put(write.collection, write.id, write.data)
        return Change(write.collection, write.id, before, after)

    def _put(self, collection: str, id: str, data: Json) -> Json:
        self.version += 1
        text = json.dumps(data, allow_nan=False, sort_keys=True)
        row = _Row(self.version, text, json.loads(text))
        self._rows.setdefault(collection, {})[id] = row
        return row.data

    def _document(self, collection: str, id: str) -> Document:
        row = self._rows[collection][id]
        return Document(collection, id, str(row.version), json.loads(row.text))

    def _select(self, collection: str, where: Sequence[Where]) -> list[str]:
        rows = self._rows.get(collection, {})
        return sorted(
            id
            for id in rows
            if all(self._meets(collection, id, one) for one in where)
        )

    def _meets(self, collection: str, id: str, where: Where) -> bool:
        value = self._field(collection, id, where)
        match where.op:
            case "==":
                return bool(value == where.value)
            case "in":
                return value in where.value
            case "contains":
                return isinstance(value, list) and where.value in value
        if value is _MISSING or value is None:
            return False
        return bool(_COMPARE[where.op](value, where.value))

    def _field(self, collection: str, id: str, of: Where | Order) -> Any:
        if of.field == "id":
            return id
        value: Any = self._rows[collection][id].data
        for part in of.field.split("."):
            if not isinstance(value, dict) or part not in value:
                return _MISSING
            value = value[part]
        return value


def _rank(value: Any) -> tuple[bool, Any]:
    """Nothing sorts first."""
    return (value is not None, value if value is not None else 0)


def _shown(writes: Sequence[Write]) -> str:
    return ", ".join(_one(write) for write in writes)


def _one(write: Write) -> str:
    name = f"{write.collection}/{write.id}"
    if isinstance(write, Delete):
        return f"−{name}"
    data = write.data
    told = ""
    if write.collection == "experiments":
        told = f"={data['state']} attempt {data['attempt']}"
    elif write.collection == "slots":
        told = f"={data['holder']}"
    elif write.collection == "queues":
        told = f"={data.get('parallelism')}, paused {data.get('paused')}"
    return f"{'+' if isinstance(write, Create) else ''}{name}{told}"
