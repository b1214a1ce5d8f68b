"""The size of a document is counted as Firestore counts it."""

import pytest
from mmmflow.document_rules import full_order, size
from mmmflow.ports import Order, Where


@pytest.mark.parametrize(
    ("value", "counted"),
    [
        (None, 1),
        (True, 1),
        (7, 8),
        (7.5, 8),
        ("", 1),
        ("Zürich", 8),
        ([1, 2, "a"], 18),
        ({"type": "Personal", "done": False, "priority": 1}, 14 + 6 + 17),
        ({"a": {"b": [None]}}, 2 + 2 + 1),
    ],
)
def test_a_value_has_the_bytes_that_firestore_counts(
    value: object, counted: int
) -> None:
    assert size(value) == counted


@pytest.mark.parametrize(
    ("where", "order_by", "expected"),
    [
        ([], [], [Order("id")]),
        ([], [Order("n", True)], [Order("n", True), Order("id", True)]),
        ([Where("n", "<=", 1)], [], [Order("n"), Order("id")]),
        (
            [Where("b", "<=", 1), Where("a", ">=", 1)],
            [Order("n"), Order("id", True)],
            [Order("n"), Order("id", True), Order("a", True), Order("b", True)],
        ),
        ([Where("n", "==", 1)], [], [Order("id")]),
    ],
)
def test_what_an_order_leaves_open_is_in_that_of_ranges_and_ids(
    where: list[Where], order_by: list[Order], expected: list[Order]
) -> None:
    assert full_order(where, order_by) == expected
