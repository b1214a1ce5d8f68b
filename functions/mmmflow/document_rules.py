"""What holds for documents wherever they are kept: their limits and order.

They are Firestore's (https://firebase.google.com/docs/firestore/quotas and
StructuredQuery in its API reference), held on one machine too: what would
fail in the cloud fails on a laptop first.
"""

from collections.abc import Sequence
from typing import Any

from mmmflow.ports import Delete, Order, Where, Write

MAX_DOCUMENT = 1023 * 1024  # and 1 KiB for what a store adds of its own
MAX_COMMIT = 10 * 1024 * 1024
MAX_WRITES = 500
MAX_ALTERNATIVES = 30
MAX_DEPTH = 20
RANGES = ("<", "<=", ">=")
_OVERHEAD = 48  # bytes of a document, besides its name and its fields


class TooLargeError(ValueError):
    """More than any store of documents takes; large lists live in objects."""


def size(value: Any) -> int:
    """Bytes of a value, as Firestore counts them.

    A string is its UTF-8 and one byte, a number eight, anything else one,
    and what holds others is their sum, with the names of its fields.
    """
    match value:
        case str():
            return len(value.encode()) + 1
        case bool() | None:
            return 1
        case int() | float():
            return 8
        case dict():
            return sum(size(key) + size(one) for key, one in value.items())
    return sum(size(one) for one in value)


def require_fits(writes: Sequence[Write]) -> None:
    """Hold a commit to the limits.

    Raises:
        TooLargeError: it does too much, or a document of it is too large.
        ValueError: it names a document twice.
    """
    if len({(write.collection, write.id) for write in writes}) < len(writes):
        raise ValueError("a commit names each document once")
    if len(writes) > MAX_WRITES:
        raise TooLargeError(
            f"a commit of {len(writes)} writes, more than {MAX_WRITES}"
        )
    together = 0
    for write in writes:
        if isinstance(write, Delete):
            continue
        place, data = f"{write.collection}/{write.id}", write.data
        own = size(place) + size(data) + _OVERHEAD
        together += own
        if own > MAX_DOCUMENT:
            raise TooLargeError(
                f"{place} has {own} bytes, more than {MAX_DOCUMENT}:"
                " put what is large into an object, and name that"
            )
        if _depth(data) > MAX_DEPTH:
            raise TooLargeError(
                f"{place} is nested deeper than {MAX_DEPTH} levels"
            )
    if together > MAX_COMMIT:
        raise TooLargeError(
            f"a commit of {together} bytes, more than {MAX_COMMIT}"
        )


def full_order(
    where: Sequence[Where], order_by: Sequence[Order]
) -> list[Order]:
    """The order of a query's answer, with what it leaves open.

    After the orders that it names come the fields of ranges by name, then
    the id, each in the direction of the last order.

    Raises: TooLargeError: a condition names too many alternatives.
    """
    for one in where:
        if one.op == "in" and len(one.value) > MAX_ALTERNATIVES:
            raise TooLargeError(
                f"{one.field} in {len(one.value)} alternatives,"
                f" more than {MAX_ALTERNATIVES}"
            )
    named = {order.field for order in order_by}
    ranges = {one.field for one in where if one.op in RANGES} - named
    left = [*sorted(ranges - {"id"}), *({"id"} - named)]
    descending = bool(order_by) and order_by[-1].descending
    return [*order_by, *(Order(field, descending) for field in left)]


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
