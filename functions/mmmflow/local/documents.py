"""Documents in SQLite: rows of JSON with a version."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from mmmflow import document_rules
from mmmflow.local.database import Database, next_value
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    Create,
    Document,
    Order,
    Update,
    Where,
    Write,
)


class SqliteDocuments:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, collection: str, id: str) -> Document | None:
        row = self._database.connection.execute(
            "SELECT version, data FROM documents"
            " WHERE collection = ? AND id = ?",
            (collection, id),
        ).fetchone()
        if row is None:
            return None
        return Document(collection, id, str(row[0]), json.loads(row[1]))

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        order_by: Sequence[Order] = (),
        limit: int | None = None,
    ) -> list[Document]:
        condition, values = _condition(collection, where)
        orders = []
        for order in document_rules.full_order(where, order_by):
            direction = "DESC" if order.descending else "ASC"
            orders.append(f"{_field(order.field)} {direction}")
            if order.field == "id":
                break  # none is like another in this
            condition += f" AND {_type(order.field)} IS NOT NULL"
        sql = (
            f"SELECT id, version, data FROM documents WHERE {condition}"  # noqa: S608
            f" ORDER BY {', '.join(orders)} LIMIT ?"
        )
        rows = self._database.connection.execute(
            sql, [*values, -1 if limit is None else limit]
        )
        return [
            Document(collection, id, str(version), json.loads(data))
            for id, version, data in rows
        ]

    def count(self, collection: str, where: Sequence[Where] = ()) -> int:
        document_rules.full_order(where, ())  # refuses too many alternatives
        condition, values = _condition(collection, where)
        sql = f"SELECT count(*) FROM documents WHERE {condition}"  # noqa: S608
        row = self._database.connection.execute(sql, values).fetchone()
        return int(row[0])

    def commit(self, writes: Sequence[Write]) -> None:
        document_rules.require_fits(writes)
        with self._database.write() as connection:
            for write in writes:
                _apply(connection, write)


def _apply(connection: sqlite3.Connection, write: Write) -> None:
    key = (write.collection, write.id)
    place = "/".join(key)
    if isinstance(write, Create):
        row = (*key, next_value(connection, "version"), _dump(write.data))
        try:
            connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            raise AlreadyExistsError(place) from None
    elif isinstance(write, Update):
        version = next_value(connection, "version")
        changed = connection.execute(
            "UPDATE documents SET version = ?, data = ?"
            " WHERE collection = ? AND id = ? AND version = ?",
            (version, _dump(write.data), *key, int(write.version)),
        )
        if changed.rowcount == 0:
            raise ConflictError(place)
    elif write.version is None:
        connection.execute(
            "DELETE FROM documents WHERE collection = ? AND id = ?", key
        )
    else:
        removed = connection.execute(
            "DELETE FROM documents"
            " WHERE collection = ? AND id = ? AND version = ?",
            (*key, int(write.version)),
        )
        if removed.rowcount == 0:
            raise ConflictError(place)


def _dump(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, sort_keys=True)


def _field(field: str) -> str:
    """The field as SQL: `a.b` reaches into a map."""
    if field == "id":
        return "id"
    if not field.replace("_", "").replace(".", "").isalnum():
        raise ValueError(f"{field!r} is no field name")
    return f"data ->> '$.{field}'"


def _type(field: str) -> str:
    """The JSON type of the field as SQL; no value where it is missing."""
    return f"json_type(data, '$.{field}')"


def _condition(
    collection: str, where: Sequence[Where]
) -> tuple[str, list[Any]]:
    parts, values = ["collection = ?"], [collection]
    for condition in where:
        field, value = _field(condition.field), condition.value
        if condition.op == "in":
            marks = ", ".join("?" for _ in value)
            parts.append(f"{field} IN ({marks})")
            values += value
        elif value is None and condition.op == "==":
            parts.append(f"{_type(condition.field)} = 'null'")
        elif condition.op == "contains":
            each = f"json_each(data, '$.{condition.field}')"
            parts.append(f"EXISTS (SELECT 1 FROM {each} WHERE value = ?)")  # noqa: S608
            values.append(value)
        else:
            op = "=" if condition.op == "==" else condition.op
            parts.append(f"{field} {op} ?")
            values.append(value)
    return " AND ".join(parts), values
