"""Conditions and orders of the ports as Firestore's structured queries."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from google.cloud.firestore_v1 import types

from mmmflow import document_rules
from mmmflow.cloud import firestore_values as values
from mmmflow.ports import Order, Where

# The field of every document that holds its id, in any order and range;
# Firestore's own `__name__` has no index for a descending one.
ID = "_id"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")

_Query: Any = types.StructuredQuery.pb()
_DIRECTIONS = {False: _Query.ASCENDING, True: _Query.DESCENDING}
_OPERATORS: Mapping[str, Any] = {
    "==": _Query.FieldFilter.EQUAL,
    "<": _Query.FieldFilter.LESS_THAN,
    "<=": _Query.FieldFilter.LESS_THAN_OR_EQUAL,
    ">=": _Query.FieldFilter.GREATER_THAN_OR_EQUAL,
    "in": _Query.FieldFilter.IN,
    "contains": _Query.FieldFilter.ARRAY_CONTAINS,
}


def structured(
    collection: str, where: Sequence[Where], order_by: Sequence[Order]
) -> Any:
    """The query; what its order leaves open, Firestore adds.

    Raises: TooLargeError: a condition names too many alternatives.
    """
    document_rules.full_order(where, order_by)
    query = _Query(
        from_=[{"collection_id": collection}],
        order_by=[
            {
                "field": _field(order.field),
                "direction": _DIRECTIONS[order.descending],
            }
            for order in order_by
        ],
    )
    if where:
        query.where.composite_filter.op = _Query.CompositeFilter.AND
        query.where.composite_filter.filters.extend(map(_filter, where))
    return query


def _filter(where: Where) -> Any:
    if where.op == "==" and where.value is None:
        is_null = {"op": _Query.UnaryFilter.IS_NULL}
        return _Query.Filter(
            unary_filter={**is_null, "field": _field(where.field)}
        )
    return _Query.Filter(
        field_filter={
            "field": _field(where.field),
            "op": _OPERATORS[where.op],
            "value": values.encode_field(where.field, where.value),
        }
    )


def _field(path: str) -> dict[str, str]:
    """`a.b` reaches into a map; a name that is no word is quoted."""
    names = (ID if path == "id" else path).split(".")
    return {"field_path": ".".join(map(_quoted, names))}


def _quoted(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
