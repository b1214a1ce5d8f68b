"""Which indexes Firestore needs for a query, and which are declared.

The rules are those of https://firebase.google.com/docs/firestore/query-data/
index-overview, with ranges on several fields:

- every field that is not exempted has an index of its own, in both
  directions, and one of what is in its list; conditions of equality alone are
  met by joining these;
- any other query needs composite indexes: each begins with some of the fields
  that are held equal, in any order and direction, and goes on with exactly
  what the answer is ordered by; together they name every field held equal.

The emulator answers every query, so this stands in for what it does not ask.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mmmflow.document_rules import RANGES
from mmmflow.ports import Order, Where

DECLARED = Path(__file__).parents[1] / "infra" / "firestore.indexes.json"
# What the tests of the store itself write: any field, any order.
OURS = {"things", "others"}

Ordered = tuple[tuple[str, str], ...]


class NoIndexError(Exception):
    """Firestore would refuse the query."""


@dataclass(frozen=True)
class Shape:
    """What a query asks of the indexes, whatever its values.

    Attributes:
        equal: the fields held equal, and those whose lists hold a value.
        ordered: fields and directions of the answer, `__name__` left out.
    """

    collection: str
    equal: frozenset[str]
    ordered: Ordered

    def __str__(self) -> str:
        orders = ", ".join(" ".join(one).lower() for one in self.ordered)
        equal = ", ".join(sorted(self.equal))
        return f"{self.collection}: {equal or 'all'}, ordered by {orders}"


@dataclass(frozen=True)
class Index:
    collection: str
    fields: Ordered

    def __str__(self) -> str:
        fields = ", ".join(" ".join(field).lower() for field in self.fields)
        return f"{self.collection}: {fields}"

    def equal_for(self, shape: Shape) -> frozenset[str] | None:
        """The fields that it holds equal for the shape, if it serves it."""
        cut = len(self.fields) - len(shape.ordered)
        if self.collection != shape.collection or cut < 0:
            return None
        equal = frozenset(name for name, _ in self.fields[:cut])
        fits = self.fields[cut:] == shape.ordered and equal <= shape.equal
        return equal if fits else None


asked_for: set[Shape] = set()


def require(
    collection: str, where: Sequence[Where], order_by: Sequence[Order] = ()
) -> None:
    """Note what is asked for; raises: NoIndexError."""
    asked = shape(collection, where, order_by)
    needed(asked)
    asked_for.add(asked)


def shape(
    collection: str, where: Sequence[Where], order_by: Sequence[Order] = ()
) -> Shape:
    equal = {_path(one.field) for one in where if one.op not in RANGES}
    orders = [(_path(one.field), _direction(one)) for one in order_by]
    last = orders[-1][1] if orders else "ASCENDING"
    named = {name for name, _ in orders}
    ranges = {_path(one.field) for one in where if one.op in RANGES}
    orders += [(name, last) for name in sorted(ranges - named)]
    left = tuple(one for one in orders if one[0] not in equal)
    return Shape(collection, frozenset(equal), left)


@cache
def needed(asked: Shape) -> tuple[Index, ...]:
    """The declared indexes that serve the shape; none where it needs none.

    Raises: NoIndexError: there are not enough of them.
    """
    if asked.collection in OURS:
        return ()
    alone = {name for name, _ in asked.ordered} | asked.equal
    if not asked.ordered or (len(asked.ordered) == 1 and not asked.equal):
        exempt = [name for name in alone if _is_exempt(asked.collection, name)]
        if exempt:
            raise NoIndexError(f"{asked}; {exempt} is exempted")
        return ()
    serving = {
        index: equal
        for index in indexes()
        if (equal := index.equal_for(asked)) is not None
    }
    exact = [index for index, equal in serving.items() if equal == asked.equal]
    if exact:
        return tuple(exact)
    joined = frozenset().union(*serving.values())
    if not serving or joined != asked.equal:
        raise NoIndexError(f"{asked}: declare it in {DECLARED.name}")
    return tuple(index for index, equal in serving.items() if equal)


@cache
def indexes() -> tuple[Index, ...]:
    return tuple(
        Index(
            declared["collectionGroup"],
            tuple(
                (field["fieldPath"], field.get("order", "CONTAINS"))
                for field in declared["fields"]
            ),
        )
        for declared in _read()["indexes"]
    )


def overrides() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _read()["fieldOverrides"]
    return found


@cache
def _read() -> dict[str, Any]:
    declared: dict[str, Any] = json.loads(DECLARED.read_text())
    return declared


def _is_exempt(collection: str, name: str) -> bool:
    return any(
        override["collectionGroup"] == collection
        and f"{name}.".startswith(f"{override['fieldPath']}.")
        for override in overrides()
        if not override["indexes"]
    )


def _path(field: str) -> str:
    return "_id" if field == "id" else field


def _direction(order: Order) -> str:
    return "DESCENDING" if order.descending else "ASCENDING"
